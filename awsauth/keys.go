package awsauth

import (
	"context"
	"fmt"
	"net/http"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/origin"
)

// checkedKeys are existing credentials that requests can be sent with.
type checkedKeys struct{ aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (k checkedKeys) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := k.CredentialsProvider.Retrieve(ctx)
	if err == nil {
		err = sendable(creds)
	}
	return creds, err
}

// sendable rejects existing credentials that no request can be sent with, for example because a line break was pasted along with
// them. The SDK would fail each time, as if AWS were unreachable.
func sendable(creds aws.Credentials) error {
	for _, v := range []struct{ name, variable, value string }{
		{"the access key id", "AWS_ACCESS_KEY_ID", creds.AccessKeyID},
		{"the secret access key", "AWS_SECRET_ACCESS_KEY", creds.SecretAccessKey},
		{"the session token", "AWS_SESSION_TOKEN", creds.SessionToken},
	} {
		name := v.name + " of " + creds.Source
		if creds.Source == fromEnvironment {
			name = v.variable
		}
		if fault := unsendable(v.value); fault != "" {
			return hint.With(&keyError{name + " contains " + fault}, "set it again, without what was pasted along with it")
		}
	}
	return nil
}

// fromEnvironment is the source of credentials that the SDK read from variables.
const fromEnvironment = "EnvConfigCredentials"

// keyError is a value that cannot be sent. It does not quote it.
type keyError struct{ text string }

func (e *keyError) Error() string { return e.text }

// unsendable says which character keeps a value from being sent in a header; empty if it can be.
func unsendable(value string) string {
	for _, r := range value {
		switch {
		case r == '\n', r == '\r':
			return "a line break"
		case unicode.IsSpace(r):
			return "white space"
		case unicode.IsControl(r), r > unicode.MaxASCII:
			return fmt.Sprintf("the character %U", r)
		}
	}
	return ""
}

// staying is the SDK's HTTP client with our rule for redirects: a token of the job goes to STS, and to nobody whom it names.
func staying(configured aws.HTTPClient) aws.HTTPClient {
	if configured == nil {
		configured = awshttp.NewBuildableClient()
	}
	switch c := configured.(type) {
	case *awshttp.BuildableClient:
		return &http.Client{Transport: c.GetTransport(), CheckRedirect: origin.Stay}
	case *http.Client:
		return &http.Client{Transport: c.Transport, Timeout: c.Timeout, CheckRedirect: origin.Stay}
	}
	return configured
}
