package store_test

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

const trackingServer = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/ml-1"

func keys(region string) store.AWSConfig {
	config := aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "session")}
	return func(context.Context) (aws.Config, error) { return config, nil }
}

// sageMaker is a real server behind what SageMaker asks of requests.
func sageMaker(t *testing.T, service, header, arn string) (string, *mlflowtest.Gate) {
	t.Helper()
	gate := &mlflowtest.Gate{
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session",
		Region: "eu-west-1", Service: service, Header: http.Header{},
	}
	gate.Header.Set(header, arn)
	return mlflowtest.Signed(t, gate, mlflowtest.Handler(t, testenv.Server(t, 3))), gate
}

func TestSageMaker(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ arn, service, header string }{
		{trackingServer, "sagemaker-mlflow", "x-mlflow-sm-tracking-server-arn"},
		{"arn:aws-us-gov:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABC123", "sagemaker", "x-sm-mlflow-app-arn"},
	} {
		arn := c.arn
		t.Run(c.service, func(t *testing.T) {
			t.Parallel()
			url, gate := sageMaker(t, c.service, c.header, arn)
			opts := store.Options{URI: arn, Dir: t.TempDir(), AWS: keys(""), SageMakerEndpoint: url, Username: "u", Password: "p"}
			run, s := roundTrip(t, opts)
			if s.RunURL(run.ExperimentID, run.ID) != "" {
				t.Errorf("the run's page is %q", s.RunURL(run.ExperimentID, run.ID))
			}
			if arn == trackingServer {
				storetest.Run(t, func(t *testing.T) mlflow.Store { return open(t, opts) })
			}
			if n := gate.Refused(); n > 0 {
				t.Errorf("%d requests were refused", n)
			}
		})
	}
}

func TestSageMakerThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts       store.Options
		words, fix string
	}{
		"no keys":   {store.Options{URI: trackingServer}, "no AWS credentials", "role-to-assume"},
		"partition": {store.Options{URI: strings.Replace(trackingServer, "aws", "aws-cn", 1), AWS: keys("")}, `"aws-cn"`, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"},
		"role":      {store.Options{URI: trackingServer + "#arn:aws:iam::123456789012:role/x", AWS: keys("")}, "not the ARN", "role-to-assume"},
		"no ARN":    {store.Options{URI: "arn:aws:sagemaker:x", AWS: keys("")}, "not the ARN", "mlflow-app"},
		"bucket":    {store.Options{URI: "arn:aws:s3:::bucket", AWS: keys("")}, "not the ARN", "mlflow-app"},
		"no chain":  {store.Options{URI: "https://host", SigV4: true, AWS: func(context.Context) (aws.Config, error) { return aws.Config{}, nil }}, "no AWS credentials", "role-to-assume"},
		"SigV4":     {store.Options{URI: "https://host", SigV4: true}, "no AWS credentials", "role-to-assume"},
		"region":    {store.Options{URI: "https://host", SigV4: true, AWS: keys("")}, "no AWS region", "aws-region"},
	} {
		_, err := store.Open(t.Context(), c.opts)
		_, ok := errors.AsType[*mlflow.RejectedError](err)
		if !ok || !strings.Contains(err.Error(), c.words) || !strings.Contains(hint.Of(err), c.fix) {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

func TestServerBehindAPIGateway(t *testing.T) {
	t.Parallel()
	gate := &mlflowtest.Gate{
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session", Region: "eu-west-1", Service: "execute-api",
	}
	url := mlflowtest.Signed(t, gate, mlflowtest.Handler(t, testenv.Server(t, 3)))
	_, s := roundTrip(t, store.Options{URI: url, Dir: t.TempDir(), SigV4: true, AWS: keys("eu-west-1")})
	if s.Plugin != "requests-auth-aws-sigv4" || gate.Refused() > 0 {
		t.Errorf("plugin %q, %d requests refused", s.Plugin, gate.Refused())
	}
}

// What the gate takes is what botocore signs, in the way of SageMaker's plugin.
func TestGateTakesWhatBotocoreSigns(t *testing.T) {
	t.Parallel()
	url, gate := sageMaker(t, "sagemaker-mlflow", "x-mlflow-sm-tracking-server-arn", trackingServer)
	const script = `
import hashlib, json, sys, urllib.request
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
base, arn, secret = sys.argv[1:]
def call(method, url, body):
    request = AWSRequest(method=method, url=base + url, data=body, headers={
        "x-mlflow-sm-tracking-server-arn": arn, "Content-Type": "application/json",
        "X-Amz-Content-SHA256": hashlib.sha256(body or b"").hexdigest()})
    SigV4Auth(Credentials("AKIDEXAMPLE", secret, "session"), "sagemaker-mlflow", "eu-west-1").add_auth(request)
    request = urllib.request.Request(base + url, body, dict(request.headers), method=method)
    return json.load(urllib.request.urlopen(request))
name = call("GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default", None)["experiment"]["name"]
found = call("POST", "/api/2.0/mlflow/experiments/search", json.dumps({"max_results": 1, "filter": "name = 'Default'"}).encode())
print(name, found["experiments"][0]["name"])
`
	run := func(secret string) (string, error) {
		cmd := exec.CommandContext(t.Context(), testenv.AWSPython(t), "-c", script, url, trackingServer, secret)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("secret"); err != nil || out != "Default Default\n" || gate.Refused() > 0 {
		t.Errorf("%v, %d refused\n%s", err, gate.Refused(), out)
	}
	if out, err := run("other"); err == nil || !strings.Contains(out, "403") {
		t.Errorf("with a wrong secret: %v\n%s", err, out)
	}
}
