package awsauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

// fakeToken is what only has the form of a token.
func fakeToken(claims string) string {
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestGitHubTokens(t *testing.T) {
	issuer := awstest.NewIssuer(t)
	source := GitHubTokens(getenv(issuer.GitHub()), "", nil)
	first, err := source.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := source.Token(t.Context())
	if err != nil || second == first {
		t.Errorf("the second token is the first one: %v, %v", second == first, err)
	}
	claims, err := ParseClaims(first)
	if err != nil || claims.Issuer != issuer.URL || !cmp.Equal(claims.Audience, []string{"sts.amazonaws.com"}) {
		t.Errorf("claims %+v, %v", claims, err)
	}
	token, err := GitHubTokens(getenv(issuer.GitHub()), "own", http.DefaultClient).Token(t.Context())
	if claims, _ := ParseClaims(token); err != nil || !cmp.Equal(claims.Audience, []string{"own"}) {
		t.Errorf("claims %+v, %v", claims, err)
	}
}

func TestGitHubRefusesTokens(t *testing.T) {
	event := filepath.Join(t.TempDir(), "event.json")
	for _, name := range []string{"fork", "own"} {
		text := fmt.Sprintf(`{"pull_request": {"head": {"repo": {"full_name": "%s/train"}}, "base": {"repo": {"full_name": "own/train"}}}}`, name)
		if err := os.WriteFile(event+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pull := func(side string) []string {
		return []string{"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=" + event + side}
	}
	const lines = "  permissions:\n    id-token: write\n"
	tests := map[string]struct {
		environ    []string
		fault      awstest.Fault
		text, hint string
		retry      retryKind
		mayAsk     bool
	}{
		"no permission":      {[]string{"GITHUB_ACTIONS=true"}, awstest.Fault{}, "lacks the permission id-token: write", lines, permanent, false},
		"half a permission":  {[]string{"GITHUB_ACTIONS=true", "ACTIONS_ID_TOKEN_REQUEST_URL=http://127.0.0.1"}, awstest.Fault{}, "REQUEST_TOKEN is not set", lines, permanent, false},
		"own pull request":   {pull("own"), awstest.Fault{}, "lacks the permission id-token: write", lines, permanent, false},
		"pull from a fork":   {pull("fork"), awstest.Fault{}, "from a fork, where GitHub issues none", "runs on push", permanent, false},
		"elsewhere":          {nil, awstest.Fault{}, "not a job of GitHub Actions", "web-identity-token-file", permanent, false},
		"refused":            {nil, awstest.Fault{Status: 403, Message: "{\"message\":\n\"OIDC is off\"}"}, `status 403: {"message": "OIDC is off"}`, "", permanent, true},
		"in trouble":         {nil, awstest.Fault{Status: 500, Message: "oops"}, "status 500: oops", "", temporary, true},
		"too many":           {nil, awstest.Fault{Status: 429, Message: "slow down"}, "status 429: slow down", "", temporary, true},
		"an empty value":     {nil, awstest.Fault{Status: 200, Message: `{"value": ""}`}, "status 200 without a token", "", temporary, true},
		"not JSON":           {nil, awstest.Fault{Status: 200, Message: "hello"}, "JSON", "", permanent, true},
		"connection is lost": {nil, awstest.Fault{Drop: true}, "EOF", "", temporary, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.mayAsk {
				issuer := awstest.NewIssuer(t)
				issuer.FailAlways(test.fault)
				test.environ = issuer.GitHub()
			}
			token, err := GitHubTokens(getenv(test.environ), "", nil).Token(t.Context())
			fault, ok := errors.AsType[*tokenError](err)
			if !ok || token != "" {
				t.Fatalf("token %q, error %v", token, err)
			}
			if !strings.Contains(err.Error(), test.text) || !strings.Contains(hint.Of(err), test.hint) || fault.retryKind() != test.retry {
				t.Errorf("error %v, hint %q, retry %v", err, hint.Of(err), fault.retryKind())
			}
			if strings.Contains(err.Error(), "api-version") {
				t.Errorf("the request's URL is in the error %v", err)
			}
		})
	}
}

// GitHub's own troubles pass as those of STS do.
func TestTokenRequestIsRepeated(t *testing.T) {
	cloud, opts := newAWS(t)
	cloud.Issuer.Fail(awstest.Fault{Status: 503, Message: "busy"}, awstest.Fault{Drop: true}, awstest.Fault{Hang: true})
	i := prompt(t, opts)
	i.pace.timeout = 300 * time.Millisecond
	if _, _, err := i.issue(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if n := cloud.Issuer.Count("token"); n != 4 {
		t.Errorf("asked %d times for a token, want 4", n)
	}
	cloud.Issuer.FailAlways(awstest.Fault{Status: 400, Message: "bad"})
	_, _, err := i.issue(t.Context(), 0)
	if err == nil || cloud.Issuer.Count("token") != 5 || !strings.Contains(err.Error(), "assume the role") {
		t.Errorf("%v after %d requests for a token", err, cloud.Issuer.Count("token"))
	}
}

func TestGitHubTokensEnd(t *testing.T) {
	for value, want := range map[string]time.Time{
		fakeToken(`{"exp": 1900000000}`): time.Unix(1900000000, 0),
		fakeToken(`{}`):                  {},
		"opaque":                         {},
		"":                               {},
	} {
		if got := GitHubTokensEnd(value); !got.Equal(want) {
			t.Errorf("%q ends %v, want %v", value, got, want)
		}
	}
}

func TestVariableToken(t *testing.T) {
	if token, err := VariableToken("MLOPS_ID_TOKEN", " a.b.c\n").Token(t.Context()); token != "a.b.c" || err != nil {
		t.Errorf("token %q, %v", token, err)
	}
	token, err := VariableToken("MLOPS_ID_TOKEN", "").Token(t.Context())
	if want := "  id_tokens:\n    MLOPS_ID_TOKEN:\n      aud: sts.amazonaws.com"; token != "" || err == nil || !strings.HasSuffix(hint.Of(err), want) {
		t.Errorf("token %q, error %v, hint %q", token, err, hint.Of(err))
	}
}

func TestFileTokenIsReadEachTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	source := FileToken(path)
	if _, err := source.Token(t.Context()); !errors.Is(err, os.ErrNotExist) || hint.Of(err) == "" {
		t.Errorf("no file: %v", err)
	}
	for _, test := range []struct{ text, want, fault string }{
		{"a.b.c\n", "a.b.c", ""}, {"d.e.f", "d.e.f", ""}, {" \n", "", "is empty"}, {strings.Repeat("x", 1<<17), "", "too long"},
	} {
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		token, err := source.Token(t.Context())
		if token != test.want || (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("token %.20q, error %v, want %q or %q", token, err, test.want, test.fault)
		}
	}
}

func TestParseClaims(t *testing.T) {
	got, err := ParseClaims(fakeToken(`{"iss": "https://token.actions.githubusercontent.com", "sub": "repo:a/b:x", "aud": "one",
		"exp": 1900000000.5, "iat": 1800000000, "nbf": 1700000000, "repository_id": "74", "repository_owner_id": 65}`))
	want := Claims{
		Issuer: "https://token.actions.githubusercontent.com", Subject: "repo:a/b:x", Audience: []string{"one"},
		Expires: time.Unix(1900000000, 0), IssuedAt: time.Unix(1800000000, 0), NotBefore: time.Unix(1700000000, 0),
		RepositoryID: "74", RepositoryOwnerID: "65",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if got, err := ParseClaims(fakeToken(`{"aud": ["one", "two"]}`)); err != nil || !cmp.Equal(got.Audience, []string{"one", "two"}) {
		t.Errorf("claims %+v, %v", got, err)
	}
	for _, bad := range []string{"", "secret", "a.b", "a.!secret!.c", fakeToken("secret"), fakeToken(`{"iss": 7}`), fakeToken(`{"exp": "soon"}`)} {
		if _, err := ParseClaims(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v", bad, err)
		}
	}
}

// The words of a server are never more than a line.
func TestWordsAreCut(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, strings.Repeat("words ", 10000), http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	environ := []string{"ACTIONS_ID_TOKEN_REQUEST_URL=" + server.URL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=t"}
	if _, err := GitHubTokens(getenv(environ), "", nil).Token(t.Context()); err == nil || len(err.Error()) > 500 {
		t.Errorf("error %v", err)
	}
}
