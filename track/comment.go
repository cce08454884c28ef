package track

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/publish/comment"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// Thread is where a report is posted: one pull or merge request, and who posts.
type Thread struct {
	CI     ciinfo.Info
	Number string // of the request; empty: there is none
	Inputs ReportInputs
	HTTP   *http.Client
	Getenv func(string) string
	Agent  string // User-Agent
}

// Post puts a section into the comment of the thread and returns its URL. What the forge refuses is no failure: the log says why
// there is no comment, and what would bring it.
func (t Thread) Post(ctx context.Context, c *console.Console, key string, section comment.Section) (url string) {
	tell := func(text, hint string) {
		if t.Inputs.Comment == "always" {
			c.Warn(text, hint)
			return
		}
		c.Say("%s", text)
		if hint != "" {
			c.Say("hint: %s", hint)
		}
	}
	if !t.Wanted() {
		if t.Inputs.Comment == "always" {
			c.Warn("no comment: this job is not for a pull or merge request", "run it on pull_request, or in a merge request pipeline")
		}
		return ""
	}
	forge, err := t.forge()
	if err != nil {
		tell("no comment: "+err.Error(), "")
		return ""
	}
	posted, err := comment.Post(ctx, forge, comment.Key(key), section, t.Inputs.Mode)
	if err != nil {
		tell(t.noComment(posted)+err.Error(), hintOf(err))
	}
	if posted.URL != "" && err == nil {
		c.Say("comment %s: %s", posted.Outcome, posted.URL)
	}
	return posted.URL
}

// Wanted says whether there is something to comment on, and it is asked for.
func (t Thread) Wanted() bool {
	return t.Inputs.Comment != "never" && t.Number != "" && t.CI.Event != ciinfo.EventMergeGroup
}

// Look asks the forge for the request.
func (t Thread) Look(ctx context.Context) error {
	forge, err := t.forge()
	if err != nil {
		return err
	}
	_, err = forge.PullRequest(ctx)
	return err
}

// noComment begins the line about an error: an older comment that could not be removed is less than none at all.
func (t Thread) noComment(posted comment.Posted) string {
	if posted.URL != "" {
		return "comment: "
	}
	return "no comment on #" + t.Number + ": "
}

// Request is a pull or merge request as the forge tells of it.
type Request interface {
	comment.Forge
	PullRequest(ctx context.Context) (comment.PullRequest, error)
}

// forge is the request on the forge that the CI system belongs to.
func (t Thread) forge() (Request, error) {
	number, err := strconv.Atoi(t.Number)
	if err != nil {
		return nil, fmt.Errorf("number %q of the pull or merge request is none", t.Number)
	}
	switch t.CI.Provider {
	case ciinfo.GitHub:
		if t.Inputs.GitHubToken == "" {
			return nil, errors.New("there is no token: set github-token, for instance by GITHUB_TOKEN: ${{ github.token }} in the step's env")
		}
		return comment.NewGitHub(comment.GitHubOptions{
			HTTP: t.HTTP, APIURL: t.CI.APIURL, GraphQLURL: t.Getenv("GITHUB_GRAPHQL_URL"), Token: t.Inputs.GitHubToken,
			Repository: t.CI.Project, Number: number, Fork: t.CI.Fork, UserAgent: t.Agent,
		})
	case ciinfo.GitLab:
		token := first(t.Inputs.GitLabToken, t.Getenv("CI_JOB_TOKEN"))
		if token == "" {
			return nil, errors.New("there is no token: set gitlab-token by a masked variable GITLAB_TOKEN")
		}
		return comment.NewGitLab(comment.GitLabOptions{
			HTTP: t.HTTP, APIURL: t.CI.APIURL, Token: token, JobToken: t.Inputs.GitLabToken == "",
			Project: first(t.CI.ChangeProject, t.CI.Project), Number: number, UserAgent: t.Agent,
		})
	}
	return nil, errors.New("comments are for GitHub Actions and GitLab CI")
}

// Thread is that of the job.
func (p Plan) Thread(host Host) Thread {
	return Thread{CI: p.CI, Number: p.CI.ChangeID, Inputs: p.Report, HTTP: host.HTTP, Getenv: host.Getenv, Agent: "mlops-track/" + host.Version}
}

// commentKey says which comment the job's report stands in: the jobs of a matrix share one.
func commentKey(in ReportInputs, pipeline, job, experiment string) string {
	return first(in.Key, joinPresent(" / ", pipeline, job, experiment))
}

// section is a report as its part of a comment.
func section(r report.Report) comment.Section {
	return comment.Section{
		Name:   r.Origin.Section,
		Order:  comment.Order{Run: r.Origin.Run, Attempt: r.Origin.Attempt, Time: r.Origin.Ended},
		Render: func(limit int) string { return report.Comment(r, limit) },
	}
}
