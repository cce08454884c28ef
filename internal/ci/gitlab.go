package ci

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/comment"
	"github.com/Iyalvan/mlops-track/settings"
)

// gitlab is GitLab CI. Its outputs and reports are files that the job names as artifacts.
func gitlab(job Job) System {
	ci := job.Info
	return System{
		AWS: AWS{
			Tokens: func(t settings.Token) (awsauth.TokenSource, time.Time) {
				return awsauth.VariableToken(t.Variable, job.Getenv(t.Variable)), time.Time{}
			},
			Origin:      "GitLab",
			SessionName: "GitLabCI",
			SessionTags: awsauth.GitLabTags(awsauth.Job{
				Repository: ci.Repository.Project, Workflow: ci.Pipeline.Name, Job: ci.Job.Name, Actor: ci.Job.User,
				Ref: ci.Head.Ref, Commit: ci.Head.CheckoutSHA, EventName: ci.Event.Name, BaseRef: ci.Change.BaseRef,
				HeadRef: job.Getenv("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), RunID: ci.Pipeline.RunID,
			}),
		},
		Request: gitlabRequest(job),
		Find:    gitlabFind(job),
		Keep: func(dir string) string {
			return fmt.Sprintf("archive the folder with this line in the job\n    artifacts: {when: always, paths: [%s/]}", dir)
		},
	}
}

func gitlabRequest(job Job) func(string, settings.Comment) (publish.Request, error) {
	return func(id string, c settings.Comment) (publish.Request, error) {
		ci := job.Info
		number, err := strconv.Atoi(id)
		if err != nil {
			return nil, fmt.Errorf("merge request number %q is not a number", id)
		}
		token := cmp.Or(c.GitLabToken, job.Getenv("CI_JOB_TOKEN"))
		if token == "" {
			return nil, hint.With(fmt.Errorf("no token to comment on !%d", number), "set gitlab-token with a masked variable GITLAB_TOKEN")
		}
		return comment.NewGitLab(comment.GitLabOptions{
			HTTP: job.HTTP, APIURL: ci.Repository.APIURL, Token: token, JobToken: c.GitLabToken == "",
			Project: cmp.Or(ci.Change.Project, ci.Repository.Project), Number: number, UserAgent: job.UserAgent,
		})
	}
}

// gitlabFind looks for the merge request of a branch, opened after its pipeline was started: before that GitLab tells it. A
// job token may not look, nor could it write.
func gitlabFind(job Job) func(context.Context, settings.Comment) (string, error) {
	ci := job.Info
	if ci.Head.Type != ciinfo.Branch || ci.Head.Ref == "" || ci.Repository.Project == "" {
		return nil
	}
	return func(ctx context.Context, c settings.Comment) (string, error) {
		if c.GitLabToken == "" || ci.Head.OnDefault && c.When != "always" {
			return "", nil
		}
		return numbered(comment.FindGitLab(ctx, comment.GitLabOptions{
			HTTP: job.HTTP, APIURL: ci.Repository.APIURL, Token: c.GitLabToken, Project: ci.Repository.Project, UserAgent: job.UserAgent,
		}, comment.Branch{Project: ci.Repository.Project, Name: ci.Head.Ref, Commit: ci.Head.SHA}))
	}
}
