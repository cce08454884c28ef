package rest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// newGate is a gate for these keys.
func newGate(keys aws.Credentials) *mlflowtest.Gate {
	return &mlflowtest.Gate{
		AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken,
		Region: "eu-west-1", Service: rest.ServiceGateway,
	}
}

func testKeys() aws.Credentials {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", SessionToken: "session+token/="}
}

func static(keys aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })
}

func signedBy(keys aws.Credentials) func(*rest.Options) {
	return func(o *rest.Options) {
		o.Sign = rest.Signing{Credentials: static(keys), Region: "eu-west-1", Service: rest.ServiceGateway}
	}
}

func TestStoreBehindSignatures(t *testing.T) {
	t.Parallel()
	gate := newGate(testKeys())
	url := mlflowtest.Signed(t, gate, mlflowtest.Handler(t, testenv.Server(t, 3)))
	storetest.Run(t, func(t *testing.T) mlflow.Store {
		return client(t, url, signedBy(testKeys()), func(o *rest.Options) { // which the signature takes the place of
			o.Username, o.Password, o.Token, o.Workspace = "user", "password", "token", ""
		})
	})
	if n := gate.Refused(); n > 0 {
		t.Errorf("%d requests were refused", n)
	}
}

func TestSignedArtifacts(t *testing.T) {
	t.Parallel()
	gate := newGate(testKeys())
	url := mlflowtest.Signed(t, gate, mlflowtest.Handler(t, testenv.Server(t, 3)))
	c := client(t, url, signedBy(testKeys()))
	repo, err := artifact.Open(newRunIn(t, c, "0").ArtifactURI, c, artifact.S3{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x")
	content := strings.Repeat("0123456789abcdef", 1<<16)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plain.txt", "a b/c+d (1)'s=@:$,;é!*~.txt", "日本/x&y?.bin"} {
		var sent int64
		if err := repo.Put(t.Context(), name, artifact.Source{Path: file, Sent: func(n int64) { sent += n }}); err != nil {
			t.Errorf("put %q: %v", name, err)
			continue
		}
		if sent != int64(len(content)) {
			t.Errorf("%q: %d bytes were told to be sent, of %d", name, sent, len(content))
		}
		body, err := repo.Open(t.Context(), name)
		if err != nil {
			t.Errorf("open %q: %v", name, err)
			continue
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != content {
			t.Errorf("read %q: %d bytes, %v", name, len(got), err)
		}
		body.Close()
		if entries, err := repo.List(t.Context(), strings.TrimPrefix(filepath.Dir(name), ".")); err != nil || len(entries) == 0 {
			t.Errorf("list the folder of %q: %v, %v", name, entries, err)
		}
	}
	if n := gate.Refused(); n > 0 {
		t.Errorf("%d requests were refused", n)
	}
}

func newRunIn(t *testing.T, c *rest.Client, experimentID string) mlflow.Run {
	t.Helper()
	r, err := c.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: experimentID, Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRefusedSignatures(t *testing.T) {
	t.Parallel()
	gate := newGate(testKeys())
	url := mlflowtest.Signed(t, gate, http.NotFoundHandler())
	clock := func(off time.Duration) func() time.Time {
		return func() time.Time { return time.Now().Add(off) }
	}
	for name, c := range map[string]struct {
		change       func(*rest.Options)
		message, fix string
	}{
		"not signed": {
			func(o *rest.Options) { o.Sign = rest.Signing{} }, "Missing Authentication Token", "set MLFLOW_TRACKING_AWS_SIGV4=true",
		},
		"basic": {
			func(o *rest.Options) { o.Sign, o.Username, o.Password = rest.Signing{}, "u", "p" }, "Missing Authentication Token", "MLFLOW_TRACKING_AWS_SIGV4",
		},
		"wrong secret": {
			func(o *rest.Options) { k := testKeys(); k.SecretAccessKey += "x"; signedBy(k)(o) }, "does not match", "check the secret access key",
		},
		"unknown key": {
			func(o *rest.Options) { k := testKeys(); k.AccessKeyID += "x"; signedBy(k)(o) }, "is invalid", "AWS does not know the access key",
		},
		"no session token": {
			func(o *rest.Options) { k := testKeys(); k.SessionToken = ""; signedBy(k)(o) }, "is invalid", "AWS does not know the access key",
		},
		"other region":  {func(o *rest.Options) { o.Sign.Region = "us-east-1" }, "not 'us-east-1'", "aws-region"},
		"other service": {func(o *rest.Options) { o.Sign.Service = "sagemaker-mlflow" }, "correct service", "service sagemaker-mlflow"},
		"late clock": {
			func(o *rest.Options) { o.Sign.Now = clock(-10*time.Minute - 30*time.Second) }, "Signature expired", "the clock of this machine is 10m",
		},
		"early clock": {
			func(o *rest.Options) { o.Sign.Now = clock(6*time.Minute + 30*time.Second) }, "not yet current", "s ahead of the server's",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, url, signedBy(testKeys()), c.change).EnsureExperiment(t.Context(), "Default")
			refusedWith(t, err, http.StatusForbidden, c.message, c.fix)
			for _, secret := range []string{testKeys().SecretAccessKey, testKeys().SessionToken} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("a secret is in %v", err)
				}
			}
		})
	}
	login := mlflowtest.Signed(t, gate, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	_, err := client(t, login, signedBy(testKeys()), func(o *rest.Options) { o.Token = "token" }).EnsureExperiment(t.Context(), "x")
	refusedWith(t, err, http.StatusUnauthorized, "", "check the AWS credentials")

	_, err = rest.New(rest.Options{URI: url, Sign: rest.Signing{Credentials: static(testKeys()), Service: rest.ServiceGateway}})
	if err == nil || !strings.Contains(err.Error(), "region") {
		t.Errorf("without a region: %v", err)
	}
}

// Each attempt has the keys and the time of its own.
func TestEachAttemptIsSigned(t *testing.T) {
	t.Parallel()
	gate := newGate(testKeys())
	behind := mlflowtest.Handler(t, testenv.Server(t, 3))
	behind.Spoil(mlflowtest.Rule{Path: "experiments/get-by-name", Times: 2, Status: http.StatusServiceUnavailable})
	url := mlflowtest.Signed(t, gate, behind)
	var asked, second atomic.Int64
	c := client(t, url, func(o *rest.Options) {
		o.Sign = rest.Signing{
			Region: "eu-west-1", Service: rest.ServiceGateway,
			Now: func() time.Time { return time.Now().Add(time.Duration(second.Add(1)) * time.Second) },
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				if asked.Add(1) == 1 {
					return aws.Credentials{}, errors.New("no keys at the moment")
				}
				return testKeys(), nil
			}),
		}
	})
	if _, err := c.EnsureExperiment(t.Context(), "Default"); err != nil {
		t.Fatal(err)
	}
	if n := gate.Signatures(); n != 3 || asked.Load() != 4 {
		t.Errorf("%d signatures passed, want 3; the keys were asked for %d times, want 4", n, asked.Load())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	asked.Store(-1000)
	never := client(t, url, func(o *rest.Options) {
		o.Sign = rest.Signing{
			Region: "eu-west-1", Service: rest.ServiceGateway,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{}, errors.New("the role is gone")
			}),
		}
	})
	if _, err := never.EnsureExperiment(ctx, "Default"); err == nil || !strings.Contains(err.Error(), "the role is gone") {
		t.Errorf("without keys: %v", err)
	}
}

func TestSignedRedirects(t *testing.T) {
	t.Parallel()
	gate := newGate(testKeys())
	server := mlflowtest.Handler(t, testenv.Server(t, 3))
	url := mlflowtest.Signed(t, gate, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ok := strings.CutPrefix(r.URL.Path, "/here"); ok {
			r.URL.Path, r.URL.RawPath = path, ""
			server.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, "/here"+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
	c := client(t, url, signedBy(testKeys()))
	if _, err := c.EnsureExperiment(t.Context(), "signed and moved"); err != nil { // a GET and a POST
		t.Errorf("on the same host: %v", err)
	}

	var seen atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	t.Cleanup(elsewhere.Close)
	away := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	url = mlflowtest.Signed(t, gate, http.RedirectHandler(away, http.StatusPermanentRedirect))
	_, err := client(t, url, signedBy(testKeys())).EnsureExperiment(t.Context(), "x")
	refusedWith(t, err, http.StatusPermanentRedirect, "", "the server redirects to")
	if seen.Load() > 0 {
		t.Error("another host saw the session token")
	}
}

// What goes to another server is not signed, and says nothing of us.
func TestForeignCallsAreNotSigned(t *testing.T) {
	t.Parallel()
	var header http.Header
	bucket := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header = r.Header }))
	t.Cleanup(bucket.Close)
	c := client(t, bucket.URL, signedBy(testKeys()), func(o *rest.Options) { o.Header = http.Header{"X-Ours": {"1"}} })
	ignore := func(r *http.Response) error { return r.Body.Close() }
	if err := c.Do(t.Context(), rest.Call{Method: http.MethodPut, URL: c.URL("/x"), Foreign: true}, ignore); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Authorization", "X-Amz-Security-Token", "X-Amz-Date", "X-Amz-Content-Sha256", "X-Ours"} {
		if header.Get(name) != "" {
			t.Errorf("%s was sent: %q", name, header.Get(name))
		}
	}
	if err := c.Do(t.Context(), rest.Call{Method: http.MethodPut, URL: c.URL("/x")}, ignore); err != nil || header.Get("X-Ours") == "" {
		t.Errorf("the own header is %q, %v", header.Get("X-Ours"), err)
	}
}
