package awsauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/awsauth"
)

func temporary(expires time.Time) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{
			AccessKeyID: "ASIA1", SecretAccessKey: "secret1", SessionToken: "token1", AccountID: "123456789012",
			CanExpire: true, Expires: expires,
		}, nil
	})
}

// serve starts an endpoint that closes with the test and returns it with its token.
func serve(t testing.TB, from aws.CredentialsProvider) (*awsauth.Endpoint, string) {
	t.Helper()
	e, err := awsauth.Serve(filepath.Join(t.TempDir(), "private"), from, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	token, err := os.ReadFile(e.TokenFile)
	if err != nil {
		t.Fatal(err)
	}
	return e, string(token)
}

// ask sends a request and returns status and answer.
func ask(t testing.TB, method, url, token, host string) (int, map[string]string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]string
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatalf("%s %s answered %s and no JSON: %v", method, url, resp.Status, err)
	}
	return resp.StatusCode, answer
}

func TestEndpointGivesCredentialsAsContainersGetThem(t *testing.T) {
	expires := time.Date(2100, 1, 2, 5, 4, 5, 0, time.FixedZone("somewhere", 2*60*60))
	e, token := serve(t, temporary(expires))
	status, got := ask(t, http.MethodGet, e.URL, token, "")
	want := map[string]string{
		"AccessKeyId": "ASIA1", "SecretAccessKey": "secret1", "Token": "token1", "AccountId": "123456789012",
		"Expiration": "2100-01-02T03:04:05Z",
	}
	if diff := cmp.Diff(want, got); diff != "" || status != http.StatusOK {
		t.Errorf("status %d, answer (-want +got)\n%s", status, diff)
	}
	sdk := endpointcreds.New(e.URL, func(o *endpointcreds.Options) { o.AuthorizationToken = token })
	creds, err := sdk.Retrieve(t.Context())
	if err != nil || creds.SessionToken != "token1" || !creds.Expires.Equal(expires) {
		t.Errorf("the SDK for Go got %q until %s; %v", creds.AccessKeyID, creds.Expires, err)
	}
}

func TestEndpointRefuses(t *testing.T) {
	e, token := serve(t, temporary(time.Now().Add(time.Hour)))
	for name, test := range map[string]struct {
		method, path, token, host string
		status                    int
		code                      string
	}{
		"no token":        {http.MethodGet, "", "", "", 403, "InvalidToken"},
		"wrong token":     {http.MethodGet, "", strings.Repeat("0", len(token)), "", 403, "InvalidToken"},
		"part of token":   {http.MethodGet, "", token[:10], "", 403, "InvalidToken"},
		"a name":          {http.MethodGet, "", token, "attacker.example:80", 403, "ForbiddenHost"},
		"another address": {http.MethodGet, "", token, "192.0.2.1", 403, "ForbiddenHost"},
		"other path":      {http.MethodGet, "/more", token, "", 404, "NotFound"},
		"POST":            {http.MethodPost, "", token, "", 405, "MethodNotAllowed"},
		"localhost":       {http.MethodGet, "", token, "localhost:1", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := ask(t, test.method, e.URL+test.path, test.token, test.host)
			if status != test.status || got["code"] != test.code || status != 200 && got["message"] == "" {
				t.Errorf("got %d %q, want %d %q with a message", status, got, test.status, test.code)
			}
			if _, leaked := got["SecretAccessKey"]; leaked && status != 200 {
				t.Error("a refusal has credentials")
			}
		})
	}
}

func TestEndpointSaysWhyThereAreNoKeys(t *testing.T) {
	e, token := serve(t, aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("the credentials expired at 12:00:00 UTC: assume role: AccessDenied")
	}))
	status, got := ask(t, http.MethodGet, e.URL, token, "")
	want := map[string]string{"code": "NoCredentials", "message": "the credentials expired at 12:00:00 UTC: assume role: AccessDenied"}
	if diff := cmp.Diff(want, got); diff != "" || status != http.StatusServiceUnavailable {
		t.Errorf("status %d, answer (-want +got)\n%s", status, diff)
	}
}

func TestEndpointTokenIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "aws-token"), []byte("old, and for all"), 0o644); err != nil {
		t.Fatal(err)
	}
	var told []string
	e, err := awsauth.Serve(dir, temporary(time.Now()), func(secret string) { told = append(told, secret) })
	if err != nil {
		t.Fatal(err)
	}
	token, err := os.ReadFile(e.TokenFile)
	if err != nil || len(token) != 64 || len(told) != 1 || told[0] != string(token) {
		t.Errorf("the file has %q, told were %q; %v", token, told, err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, e.TokenFile: 0o600} {
		info, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v; %v", path, info.Mode().Perm(), mode, err)
		}
	}
	other, err := awsauth.Serve(t.TempDir(), temporary(time.Now()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if again, _ := os.ReadFile(other.TokenFile); string(again) == string(token) {
		t.Error("two endpoints have one token")
	}

	for range 2 {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := os.Stat(e.TokenFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the token is there after Close: %v", err)
	}
	if resp, err := http.Get(e.URL); err == nil {
		resp.Body.Close()
		t.Error("a closed endpoint answers")
	}
}

func TestEndpointReadsNoLongHeaders(t *testing.T) {
	e, token := serve(t, temporary(time.Now().Add(time.Hour)))
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(e.URL, "http://"), "/credentials"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go io.WriteString(conn, "GET /credentials HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+token+
		"\r\nX-Much: "+strings.Repeat("x", 100<<10)+"\r\n\r\n")
	answer := make([]byte, len("HTTP/1.1 431"))
	if _, err := io.ReadFull(conn, answer); err == nil && string(answer) != "HTTP/1.1 431" {
		t.Errorf("100 KB of headers are answered with %q", answer)
	}
	if status, _ := ask(t, http.MethodGet, e.URL, token, ""); status != http.StatusOK {
		t.Errorf("afterwards others get %d", status)
	}
}

func TestEndpointServesManyAtOnce(t *testing.T) {
	e, token := serve(t, temporary(time.Now().Add(time.Hour)))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			for range 50 {
				if status, _ := ask(t, http.MethodGet, e.URL, token, ""); status != http.StatusOK {
					t.Errorf("status %d", status)
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkEndpoint(b *testing.B) {
	e, token := serve(b, temporary(time.Now().Add(time.Hour)))
	for b.Loop() {
		if status, _ := ask(b, http.MethodGet, e.URL, token, ""); status != http.StatusOK {
			b.Fatalf("status %d", status)
		}
	}
}
