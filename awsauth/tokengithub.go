package awsauth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sethvargo/go-githubactions"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// GitHubTokens asks GitHub for a token with this audience (empty: DefaultAudience), a new one each time. getenv reads
// the environment of the job; client may be nil.
//
// https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
func GitHubTokens(getenv func(string) string, audience string, client *http.Client) TokenSource {
	options := []githubactions.Option{githubactions.WithGetenv(getenv)}
	if client != nil {
		options = append(options, githubactions.WithHTTPClient(client))
	}
	return &githubTokens{
		getenv:   getenv,
		audience: cmp.Or(audience, DefaultAudience),
		actions:  githubactions.New(options...),
	}
}

type githubTokens struct {
	getenv   func(string) string
	audience string
	actions  *githubactions.Action
}

func (g *githubTokens) Token(ctx context.Context) (string, error) {
	token, err := g.actions.GetIDToken(ctx, g.audience)
	if err == nil && token != "" {
		return token, nil
	}
	const what = "request an OIDC token from GitHub"
	missing, isMissing := errors.AsType[*githubactions.EnvMissingError](err)
	refused, isRefused := errors.AsType[*githubactions.RequestFailedError](err)
	transport, isTransport := errors.AsType[*url.Error](err)
	switch {
	case err == nil:
		return "", &tokenError{what: what + ": status 200 without a token", again: temporary}
	case isMissing:
		return "", g.notPermitted(missing.Name)
	case isRefused:
		return "", &tokenError{
			what:  fmt.Sprintf("%s: status %d: %s", what, refused.StatusCode, oneLine(refused.Body)),
			again: retryKindOfStatus(refused.StatusCode),
		}
	case isTransport: // its text would be the whole URL
		return "", &tokenError{what: what, cause: transport.Err, again: retryKindOfTransport(transport.Err)}
	default:
		return "", &tokenError{what: what, cause: err}
	}
}

// notPermitted returns why a variable that is needed to request tokens is missing.
func (g *githubTokens) notPermitted(variable string) error {
	if g.getenv("GITHUB_ACTIONS") != "true" {
		return hint.With(&tokenError{what: fmt.Sprintf("request an OIDC token from GitHub: %s is not set, so this is not a job of GitHub Actions", variable)}, "elsewhere, set web-identity-token-file or web-identity-token-env")
	}
	const missing = "this job may not request an OIDC token from GitHub"
	if g.fromFork() {
		return hint.With(&tokenError{what: missing + ": it runs for a pull request from a fork, where GitHub issues none"}, "GitHub lowers id-token to none for pull requests from forks, whatever the workflow says;\n"+
			"assume the role in a workflow that runs on push, schedule or workflow_dispatch")
	}
	return hint.With(&tokenError{what: missing + ": it lacks the permission id-token: write (" + variable + " is not set)"}, "add these lines to the job in the workflow file (and to the caller's job of a reusable workflow):\n"+
		"  permissions:\n    id-token: write\n    contents: read")
}

// fromFork reports whether the job runs for a pull request from another repository.
func (g *githubTokens) fromFork() bool {
	if !strings.HasPrefix(g.getenv("GITHUB_EVENT_NAME"), "pull_request") {
		return false
	}
	text, err := os.ReadFile(g.getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return false
	}
	type side struct {
		Repo struct {
			FullName string `json:"full_name"`
		} `json:"repo"`
	}
	var event struct {
		PullRequest struct{ Head, Base side } `json:"pull_request"`
	}
	if json.Unmarshal(text, &event) != nil || event.PullRequest.Base.Repo.FullName == "" {
		return false
	}
	return event.PullRequest.Head.Repo.FullName != event.PullRequest.Base.Repo.FullName // a deleted fork has no name
}

// GitHubTokensEnd returns when GitHub stops issuing tokens to this job, about 6 h after its start. It is zero if the
// job's ACTIONS_ID_TOKEN_REQUEST_TOKEN does not contain that time.
func GitHubTokensEnd(requestToken string) time.Time {
	claims, err := ParseClaims(requestToken)
	if err != nil {
		return time.Time{}
	}
	return claims.Expires
}

// oneLine makes a message of a server fit for an error: one line of limited length.
func oneLine(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + " ..."
	}
	return text
}
