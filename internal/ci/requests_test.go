package ci_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/settings"
)

// TestRequest opens a pull or merge request, or says what is missing for it.
func TestRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider   ciinfo.Provider
		environ    []string
		number     string
		comment    settings.Comment
		fault, fix string
	}{
		"GitHub":                    {provider: ciinfo.GitHub, number: "7", comment: settings.Comment{GitHubToken: "t"}},
		"GitHub without a token":    {provider: ciinfo.GitHub, number: "7", fault: "no token to comment on #7", fix: "github-token"},
		"GitHub, another's token":   {provider: ciinfo.GitHub, number: "7", comment: settings.Comment{GitLabToken: "t"}, fault: "no token", fix: "github-token"},
		"GitHub, no number":         {provider: ciinfo.GitHub, number: "x", fault: `pull request number "x" is not a number`},
		"GitLab":                    {provider: ciinfo.GitLab, number: "7", comment: settings.Comment{GitLabToken: "t"}},
		"GitLab with the job token": {provider: ciinfo.GitLab, number: "7", environ: []string{"CI_JOB_TOKEN=t"}},
		"GitLab without a token":    {provider: ciinfo.GitLab, number: "7", fault: "no token to comment on !7", fix: "gitlab-token"},
		"GitLab, no number":         {provider: ciinfo.GitLab, number: "x", fault: `merge request number "x" is not a number`},
	} {
		j := job(c.provider, &strings.Builder{}, c.environ...)
		j.HTTP = http.DefaultClient
		j.Info.Repository = ciinfo.Repository{Project: "acme/churn", APIURL: "https://host.example.com/api", GraphQLURL: "https://host.example.com/graphql"}
		request, err := ci.For(j).Request(c.number, c.comment)
		switch {
		case c.fault == "" && (err != nil || request == nil):
			t.Errorf("%s: %v", name, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault) || !strings.Contains(hint.Of(err), c.fix)):
			t.Errorf("%s: %v, hint %q", name, err, hint.Of(err))
		}
	}
}

// TestGivenTokens takes the token from the variable that the system documents.
func TestGivenTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider    ciinfo.Provider
		environ     []string
		token       string
		offered     bool
		sessionName string
	}{
		"CircleCI":             {ciinfo.CircleCI, []string{"CIRCLE_OIDC_TOKEN=old", "CIRCLE_OIDC_TOKEN_V2=new"}, "new", false, "CircleCI"},
		"CircleCI's first":     {ciinfo.CircleCI, []string{"CIRCLE_OIDC_TOKEN=old"}, "old", false, "CircleCI"},
		"Bitbucket":            {ciinfo.Bitbucket, []string{"BITBUCKET_STEP_OIDC_TOKEN=t"}, "t", true, "Bitbucket"},
		"CircleCI without":     {ciinfo.CircleCI, nil, "", false, ""},
		"Bitbucket without":    {ciinfo.Bitbucket, nil, "", false, ""},
		"GitLab":               {ciinfo.GitLab, []string{"MLOPS_ID_TOKEN=t"}, "t", false, "GitLabCI"},
		"GitHub, not answered": {ciinfo.GitHub, []string{"GITHUB_ACTIONS=true"}, "", false, "GitHubActions"},
	} {
		offer := ci.For(job(c.provider, &strings.Builder{}, c.environ...)).AWS
		if offer.Offered != c.offered || offer.SessionName != c.sessionName {
			t.Errorf("%s: %+v", name, offer)
		}
		if offer.Tokens == nil {
			if c.sessionName != "" {
				t.Errorf("%s: no tokens", name)
			}
			continue
		}
		source, _ := offer.Tokens(settings.Token{Variable: "MLOPS_ID_TOKEN"})
		if token, err := source.Token(t.Context()); token != c.token || (err == nil) != (c.token != "") {
			t.Errorf("%s: token %q, %v", name, token, err)
		}
	}
}

// TestGitHubTokensEnd holds that GitHub's tokens end with the job.
func TestGitHubTokensEnd(t *testing.T) {
	t.Parallel()
	j := job(ciinfo.GitHub, &strings.Builder{}, "ACTIONS_ID_TOKEN_REQUEST_URL=http://127.0.0.1")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	j.Now = func() time.Time { return now }
	if _, last := ci.For(j).AWS.Tokens(settings.Token{}); !last.Equal(now.Add(6 * time.Hour)) {
		t.Errorf("tokens end %v", last)
	}
}

// TestGitHubFiles writes into the files that the runner names, and has no ability without them.
func TestGitHubFiles(t *testing.T) {
	t.Parallel()
	summary, output := filepath.Join(t.TempDir(), "summary"), filepath.Join(t.TempDir(), "output")
	s := ci.For(job(ciinfo.GitHub, &strings.Builder{}, "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+output))
	if err := s.Summary(func(int) string { return "# report" }); err != nil {
		t.Error(err)
	}
	if err := s.Outputs([]outputs.Value{{Name: "status", Text: "FINISHED"}}); err != nil {
		t.Error(err)
	}
	for file, want := range map[string]string{summary: "# report", output: "FINISHED"} {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %q, %v", file, text, err)
		}
	}
	if s := ci.For(job(ciinfo.GitHub, &strings.Builder{})); s.Summary != nil || s.Outputs != nil {
		t.Error("a summary or outputs without files")
	}
}
