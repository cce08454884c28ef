package ci

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/sethvargo/go-githubactions"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/comment"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/settings"
)

// jobLimit is how long GitHub issues tokens to a job, if the request token does not contain that.
// https://docs.github.com/en/actions/reference/limits
const jobLimit = 6 * time.Hour

// tokenRequestURL is set if a job may request OIDC tokens.
const tokenRequestURL = "ACTIONS_ID_TOKEN_REQUEST_URL"

// github is GitHub Actions, and what imitates it.
func github(job Job) System {
	s := System{Log: githubLog{}, AWS: githubAWS(job), Keep: archiveOnGitHub, Request: githubRequest(job), Find: githubFind(job)}
	if file := job.Getenv("GITHUB_STEP_SUMMARY"); file != "" {
		s.Summary = func(render func(int) string) error { return outputs.WriteSummary(file, render) }
	}
	if file := job.Getenv("GITHUB_OUTPUT"); file != "" {
		s.Outputs = func(values []outputs.Value) error { return outputs.WriteGitHub(file, values) }
	}
	return s
}

// githubLog writes workflow commands.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
type githubLog struct{}

func (githubLog) Mask(text string) ([]byte, error) { return command("add-mask", text), nil }

func (githubLog) Annotate(severity, text string) []byte { return command(severity, text) }

// command is a workflow command on a line of its own.
func command(name, message string) []byte {
	var b bytes.Buffer
	githubactions.New(githubactions.WithWriter(&b)).IssueCommand(&githubactions.Command{Name: name, Message: message})
	return b.Bytes()
}

func githubAWS(job Job) AWS {
	ci := job.Info
	return AWS{
		Offered: job.Getenv(tokenRequestURL) != "",
		Tokens: func(t settings.Token) (awsauth.TokenSource, time.Time) {
			last := awsauth.GitHubTokensEnd(job.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
			if last.IsZero() {
				last = job.Now().Add(jobLimit)
			}
			return awsauth.GitHubTokens(job.Getenv, t.Audience, nil), last
		},
		Origin:      "GitHub",
		Audience:    true,
		SessionName: "GitHubActions",
		SessionTags: awsauth.GitHubTags(awsauth.Job{
			Repository: ci.Repository.Project, Workflow: ci.Pipeline.Name, Action: job.Getenv("GITHUB_ACTION"), Actor: ci.Job.User,
			Ref: job.Getenv("GITHUB_REF"), Commit: ci.Head.CheckoutSHA, EventName: ci.Event.Name, BaseRef: job.Getenv("GITHUB_BASE_REF"),
			HeadRef: job.Getenv("GITHUB_HEAD_REF"), RunID: ci.Pipeline.RunID, Job: job.Getenv("GITHUB_JOB"),
			TriggeringActor: job.Getenv("GITHUB_TRIGGERING_ACTOR"),
		}),
	}
}

func githubRequest(job Job) func(string, settings.Comment) (publish.Request, error) {
	return func(id string, c settings.Comment) (publish.Request, error) {
		number, err := strconv.Atoi(id)
		if err != nil {
			return nil, fmt.Errorf("pull request number %q is not a number", id)
		}
		if c.GitHubToken == "" {
			return nil, hint.With(fmt.Errorf("no token to comment on #%d", number),
				"set github-token, for example with GITHUB_TOKEN: ${{ github.token }} in the step's env")
		}
		return comment.NewGitHub(githubOptions(job, c.GitHubToken, number))
	}
}

func githubOptions(job Job, token string, number int) comment.GitHubOptions {
	ci := job.Info
	return comment.GitHubOptions{
		HTTP: job.HTTP, APIURL: ci.Repository.APIURL, GraphQLURL: ci.Repository.GraphQLURL, Token: token,
		Repository: ci.Repository.Project, Number: number, Fork: ci.Change.Fork, UserAgent: job.UserAgent,
	}
}

// githubFind looks for the pull request of the branch that was pushed, or of the run after which this one was started. The default
// branch rarely has one, and every push to it would ask for the permission.
func githubFind(job Job) func(context.Context, settings.Comment) (string, error) {
	ci := job.Info
	project := cmp.Or(ci.Pipeline.Upstream.Project, ci.Repository.Project)
	if ci.Head.Type != ciinfo.Branch || ci.Head.Ref == "" || project == "" {
		return nil
	}
	return func(ctx context.Context, c settings.Comment) (string, error) {
		if c.GitHubToken == "" || ci.Head.OnDefault && c.When != "always" {
			return "", nil
		}
		branch := comment.Branch{Project: project, Name: ci.Head.Ref, Commit: ci.Head.SHA}
		return numbered(comment.FindGitHub(ctx, githubOptions(job, c.GitHubToken, 0), branch))
	}
}

// numbered is a number that was found as text; empty for none.
func numbered(number int, err error) (string, error) {
	if number == 0 {
		return "", err
	}
	return strconv.Itoa(number), err
}

// archiveOnGitHub returns a step that archives a folder.
func archiveOnGitHub(dir string) string {
	return fmt.Sprintf(`archive the folder with a step after this one
      - if: always()
        uses: actions/upload-artifact@v4
        with: {name: mlops-track, path: %s, include-hidden-files: true}`, dir)
}
