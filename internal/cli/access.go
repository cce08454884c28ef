package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/net/http/httpproxy"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/settings"
)

// access reads MLflow's own variables for talking to a tracking server, and [mlflow] of ~/.mlflow/credentials.
// https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth
func (a *app) access() (store.Options, error) {
	timeout, err := a.requestTimeout()
	if err != nil {
		return store.Options{}, err
	}
	o := store.Options{
		RequestTimeout: timeout,
		Username:       a.getenv("MLFLOW_TRACKING_USERNAME"),
		Password:       a.getenv("MLFLOW_TRACKING_PASSWORD"),
		Token:          a.getenv("MLFLOW_TRACKING_TOKEN"),
		CACertPath:     cmp.Or(a.getenv("MLFLOW_TRACKING_SERVER_CERT_PATH"), a.getenv("REQUESTS_CA_BUNDLE")),
		ClientCertPath: a.getenv("MLFLOW_TRACKING_CLIENT_CERT_PATH"),
		InsecureTLS:    isTrue(a.getenv("MLFLOW_TRACKING_INSECURE_TLS")),
		Workspace:      a.getenv("MLFLOW_WORKSPACE"),
		UserAgent:      "mlops-track/" + a.Version,
		Proxy:          a.proxy().ProxyFunc(),
		AWS: func(ctx context.Context) (aws.Config, error) {
			return awsauth.Ambient(ctx, "", "", a.awsClient(settings.Network{}))
		},
		SigV4: isTrue(a.getenv("MLFLOW_TRACKING_AWS_SIGV4")),
		// The variable of AWS's plugin, https://github.com/aws/sagemaker-mlflow
		SageMakerEndpoint: a.getenv("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"),
	}
	o.S3 = artifact.S3{
		Config:              o.AWS,
		Proxy:               o.Proxy,
		Endpoint:            a.getenv("MLFLOW_S3_ENDPOINT_URL"),
		IgnoreTLS:           isTrue(a.getenv("MLFLOW_S3_IGNORE_TLS")),
		UploadExtraArgs:     a.getenv("MLFLOW_S3_UPLOAD_EXTRA_ARGS"),
		ExpectedBucketOwner: a.getenv("MLFLOW_S3_EXPECTED_BUCKET_OWNER"),
		AddressingStyle:     a.getenv("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE"),
	}
	if o.InsecureTLS && a.getenv("MLFLOW_TRACKING_SERVER_CERT_PATH") != "" {
		return o, hint.With(
			errors.New("MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set"),
			"unset one: the first trusts every certificate, the second names the trusted ones",
		)
	}
	if o.InsecureTLS {
		o.CACertPath = ""
	}
	if o.Username == "" && o.Password == "" && o.Token == "" {
		if o.Username, o.Password, err = a.credentialsFile(); err != nil { // a server that needs them rejects us, and that is told
			a.console.Tell(notice.Warn(err.Error(), "make the file readable, or set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"))
		}
		a.console.Mask(o.Password)
	}
	return o, nil
}

// storeOptions are those of the store that the settings name, reached with the credentials of the job.
func (a *app) storeOptions(trackingURI string, creds credentials) (store.Options, error) {
	access, err := a.access()
	if err != nil {
		return access, err
	}
	options := creds.access(access)
	options.URI, options.Dir, options.Environ = trackingURI, a.Dir, a.forPrograms()
	return options, nil
}

// proxy reads the variables that curl and Python read, lower case first.
func (a *app) proxy() *httpproxy.Config {
	either := func(name string) string { return cmp.Or(a.getenv(strings.ToLower(name)), a.getenv(name)) }
	return &httpproxy.Config{
		HTTPProxy: either("HTTP_PROXY"), HTTPSProxy: either("HTTPS_PROXY"), NoProxy: either("NO_PROXY"),
		CGI: a.getenv("REQUEST_METHOD") != "",
	}
}

// maxCredentials is the maximum size of a credentials file in bytes.
const maxCredentials = 1 << 20

// credentialsFile reads mlflow_tracking_username and mlflow_tracking_password from the section [mlflow] of ~/.mlflow/credentials. A
// home that does not exist or may not be entered has no such file, as for MLflow itself.
func (a *app) credentialsFile() (username, password string, err error) {
	home := cmp.Or(a.getenv("HOME"), a.getenv("USERPROFILE"))
	if home == "" {
		return "", "", nil
	}
	path := filepath.Join(home, ".mlflow", "credentials")
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", "", nil
	case !info.Mode().IsRegular(): // opening a named pipe would wait for a writer
		return "", "", fmt.Errorf("read MLflow's credentials: %q is not a file", path)
	}
	f, err := os.Open(path) //nolint:gosec // the user's own file
	if err != nil {
		return "", "", fmt.Errorf("read MLflow's credentials: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCredentials))
	if err != nil {
		return "", "", fmt.Errorf("read MLflow's credentials: %w", err)
	}
	username, password = parseCredentials(string(text))
	return username, password, nil
}

func parseCredentials(text string) (username, password string) {
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section != "mlflow" {
			continue
		}
		switch strings.TrimSpace(key) {
		case "mlflow_tracking_username":
			username = strings.TrimSpace(value)
		case "mlflow_tracking_password":
			password = strings.TrimSpace(value)
		}
	}
	return username, password
}

func isTrue(text string) bool { return strings.EqualFold(text, "true") || text == "1" }
