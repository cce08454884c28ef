package store

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// managed is an MLflow that SageMaker runs: a tracking server, or an app, which is serverless. AWS documents only a Python
// plugin for it; addresses, headers and service names are those of https://github.com/aws/sagemaker-mlflow (0.5.0).
type managed struct {
	arn       string
	partition string
	region    string
	app       bool
}

// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MlflowConfig.html
var managedARN = regexp.MustCompile(`^arn:(aws[a-z-]*):sagemaker:([a-z0-9-]+):\d{12}:(mlflow-tracking-server|mlflow-app)/[A-Za-z0-9-]+$`)

// parseManaged reads the ARN of a SageMaker MLflow.
func parseManaged(uri string) (managed, error) {
	parts := managedARN.FindStringSubmatch(uri)
	if parts == nil {
		return managed{}, hint.With(&mlflow.RejectedError{
			Call: "read the tracking URI", Message: fmt.Sprintf("%q is not the ARN of an MLflow in SageMaker", uri),
		}, "write arn:aws:sagemaker:<region>:<account>:mlflow-tracking-server/<name>, or :mlflow-app/<id>; "+
			"for a role, set role-to-assume")
	}
	return managed{arn: uri, partition: parts[1], region: parts[2], app: parts[3] == "mlflow-app"}, nil
}

// address is the base of its REST API.
func (m managed) address() (string, error) {
	switch {
	case m.partition != "aws" && m.partition != "aws-us-gov":
		return "", hint.With(&mlflow.RejectedError{
			Call: "open " + m.arn, Message: fmt.Sprintf("the address of MLflow in the partition %q is unknown", m.partition),
		}, "set SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT to the address, if there is one")
	case m.app:
		return "https://mlflow.sagemaker." + m.region + ".app.aws", nil
	}
	return "https://" + m.region + ".experiments.sagemaker.aws", nil
}

// header returns the header that names the server.
func (m managed) header() http.Header {
	name := "x-mlflow-sm-tracking-server-arn"
	if m.app {
		name = "x-sm-mlflow-app-arn"
	}
	h := http.Header{}
	h.Set(name, m.arn)
	return h
}

// service is the name that requests are signed for.
func (m managed) service() string {
	if m.app {
		return "sagemaker"
	}
	return "sagemaker-mlflow"
}

// connectManaged connects to an MLflow in SageMaker.
func (o *Opened) connectManaged(ctx context.Context, opts Options) error {
	m, err := parseManaged(opts.URI)
	if err != nil {
		return err
	}
	address := opts.SageMakerEndpoint
	if address == "" {
		if address, err = m.address(); err != nil {
			return err
		}
	}
	config, err := opts.awsConfig(ctx)
	if err != nil {
		return err
	}
	return o.connectTo(opts, address, m.header(), rest.Signing{
		Credentials: config.Credentials, Region: m.region, Service: m.service(),
	})
}

// signing returns how requests to a tracking server are signed; the zero value if signing is not configured.
func (o Options) signing(ctx context.Context) (rest.Signing, error) {
	if !o.SigV4 {
		return rest.Signing{}, nil
	}
	config, err := o.awsConfig(ctx)
	return rest.Signing{Credentials: config.Credentials, Region: config.Region, Service: rest.ServiceGateway}, err
}

// awsConfig returns the configuration to sign requests with.
func (o Options) awsConfig(ctx context.Context) (config aws.Config, err error) {
	call := "open " + mlflow.RedactURI(o.URI)
	if o.AWS != nil {
		if config, err = o.AWS(ctx); err != nil {
			return config, fmt.Errorf("%s: find AWS credentials: %w", call, err)
		}
	}
	if config.Credentials == nil {
		return config, hint.With(&mlflow.RejectedError{
			Call: call, Message: "no AWS credentials, and requests to this server must be signed",
		}, "set role-to-assume, or AWS credentials in the environment")
	}
	return config, nil
}
