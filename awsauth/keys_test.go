package awsauth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// Keys that cannot be sent are rejected by the name of their variable, and are not quoted.
func TestKeysThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for words, creds := range map[string]aws.Credentials{
		"AWS_ACCESS_KEY_ID contains a line break":                      {AccessKeyID: "AKIAS3CRET\n", Source: fromEnvironment},
		"AWS_SECRET_ACCESS_KEY contains white space":                   {SecretAccessKey: "s3cret ", Source: fromEnvironment},
		"AWS_SESSION_TOKEN contains the character U+00E9":              {SessionToken: "s3crét", Source: fromEnvironment},
		"the access key id of SharedConfigCredentials contains a line": {AccessKeyID: "AKIAS3CRET\r", Source: "SharedConfigCredentials"},
	} {
		provider := checkedKeys{aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })}
		_, err := provider.Retrieve(t.Context())
		shown := noAmbient("", err)
		if err == nil || !strings.Contains(shown.Error(), words) || strings.Contains(strings.ToLower(shown.Error()), "s3cr") || hint.Of(shown) == "" {
			t.Errorf("%q: %v", words, shown)
		}
	}
	fine := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=", SessionToken: "Fwo=="}
	if err := sendable(fine); err != nil {
		t.Error(err)
	}
}

// The token of a job goes to STS, and to nobody to whom STS redirects.
func TestTokenStaysWithSTS(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
	t.Cleanup(elsewhere.Close)
	sts := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(sts.Close)
	for name, configured := range map[string]aws.HTTPClient{"none": nil, "the SDK's": awshttp.NewBuildableClient(), "ours": &http.Client{}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sts.URL, strings.NewReader("WebIdentityToken=s3cret"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := staying(configured).Do(req)
		if resp != nil {
			resp.Body.Close()
		}
		if err == nil || retryKindOfTransport(err) != permanent || arrived.Load() > 0 {
			t.Errorf("%s: %v, %d requests arrived", name, err, arrived.Load())
		}
	}
}
