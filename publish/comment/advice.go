package comment

import (
	"net/http"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// Circumstances that select a row of the advice.
const (
	fromFork     = "fork"      // the source branch is in another repository
	withJobToken = "job token" // of GitLab
)

// githubAdvice is what to do where GitHub denies the comment.
func githubAdvice() hint.Table {
	return hint.Table{
		{Words: "locked", Advice: "the conversation of this pull request is locked: only accounts with write access may comment; unlock it, or let " +
			"github-token be the token of such an account"},
		{Words: "saml|ip allow list", Advice: "the organization does not allow this token from this address: authorize the token there, or use the job's own"},
		{Status: http.StatusUnauthorized, Advice: "github-token is not valid or has expired; remove the setting to use the job's own token"},
		{If: fromFork, Advice: "the token of a pull request from a fork can only read, whatever its workflow says. A second workflow, which runs from " +
			"the default branch, may write: upload the report as an artifact here, and there\n" + trustedJob},
		{Status: http.StatusForbidden, Advice: "give the job's token the permission to comment, in the workflow or its job:\n" + permissionLines},
		{Advice: "the token cannot see this pull request: it must be a token for this repository, with these permissions:\n" + permissionLines},
	}
}

const permissionLines = `  permissions:
    contents: read
    pull-requests: write
https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#permissions`

const trustedJob = `  on:
    workflow_run:
      workflows: [NAME OF THIS WORKFLOW]
      types: [completed]
  permissions:
    actions: read
    pull-requests: write
run mlops-track report --from FILE`

// gitlabAdvice is which token to use where GitLab denies the note.
func gitlabAdvice() hint.Table {
	return hint.Table{
		{Words: "locked", Advice: "the discussion of this merge request is locked: only members may comment; unlock it, or let gitlab-token be that of a member"},
		{If: withJobToken, Advice: "a job token (CI_JOB_TOKEN) cannot write notes; let gitlab-token be a project access token with the role Reporter " +
			"and the scope api, stored in a masked variable\nhttps://docs.gitlab.com/user/project/settings/project_access_tokens/"},
		{Status: http.StatusUnauthorized, Advice: "gitlab-token is not valid, was revoked, or has expired; create a new one"},
		{Words: "insufficient_scope", Advice: "gitlab-token needs the scope api"},
		{Advice: "gitlab-token needs the scope api and the role Reporter or more in this project; a merge request from a fork runs its " +
			"pipeline in the fork, which has no such token, until a member runs it in this project\n" +
			"https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/#use-with-forked-projects"},
	}
}
