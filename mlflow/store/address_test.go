package store

import "testing"

func TestAddressesOfSageMaker(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		"arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/ml-1":            "https://eu-west-1.experiments.sagemaker.aws",
		"arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:mlflow-tracking-server/ml-1": "https://us-gov-west-1.experiments.sagemaker.aws",
		"arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-AB1":                     "https://mlflow.sagemaker.us-east-1.app.aws",
		"arn:aws-cn:sagemaker:cn-north-1:123456789012:mlflow-tracking-server/ml-1":        "",
	} {
		m, err := parseManaged(arn)
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := m.address(); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", arn, got, err)
		}
	}
}
