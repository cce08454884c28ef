package comment

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

// DeniedError is that the forge does not let this token do it. It is no reason to fail a job.
type DeniedError struct {
	Doing   string // what was tried, as: create comment on acme/model#7
	Status  int    // of HTTP
	Message string // the forge's own words, one line
	hint    string
}

func (e *DeniedError) Error() string { return fmt.Sprintf("%s: %d %s", e.Doing, e.Status, e.Message) }

// Hint returns what brings the comment; it may have several lines, among them lines of a workflow file.
func (e *DeniedError) Hint() string { return e.hint }

// refusal is the answer of a forge that is no success, and what it was about.
type refusal struct {
	doing   string
	resp    *http.Response // its body is read
	message string
	hint    func(status int, message string) string
}

const longestMessage = 300

// err returns the error for the answer.
func (r refusal) err() error {
	status := r.resp.StatusCode
	said := oneLine(r.message)
	if said == "" {
		said = http.StatusText(status)
	}
	plain := fmt.Errorf("%s: %d %s", r.doing, status, said)
	wait, busy := limited(r.resp, said)
	switch {
	case busy:
		return &unavailableError{cause: plain, after: wait}
	case status >= 500 || status == http.StatusRequestTimeout:
		after, _ := retry.AfterHeader(r.resp.Header)
		return &unavailableError{cause: plain, after: after}
	case status == http.StatusRequestEntityTooLarge,
		(status == http.StatusUnprocessableEntity || status == http.StatusBadRequest) && strings.Contains(strings.ToLower(said), "too long"):
		return fmt.Errorf("%w: %w", plain, ErrTooLong)
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound, status == http.StatusGone:
		return &DeniedError{Doing: r.doing, Status: status, Message: said, hint: r.hint(status, said)}
	}
	return plain
}

func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) > longestMessage {
		text = strings.ToValidUTF8(text[:longestMessage], "") + "..."
	}
	return text
}

func isStatus(err error, status int) bool {
	d, ok := errors.AsType[*DeniedError](err)
	return ok && d.Status == status
}

// githubHint says which lines of the workflow bring the comment.
func githubHint(status int, message string, fork bool) string {
	const more = "\nhttps://docs.github.com/actions/reference/workflow-syntax-for-github-actions#permissions"
	says := strings.ToLower(message)
	switch {
	case strings.Contains(says, "locked"):
		return "the conversation of this pull request is locked: only accounts with write access may comment; unlock it, or let " +
			"github-token be the token of such an account"
	case strings.Contains(says, "saml") || strings.Contains(says, "ip allow list"):
		return "the organization does not let this token in from here: authorize it there, or use the job's own token"
	case status == http.StatusUnauthorized:
		return "github-token is not valid, or has ended; leave it out to use the job's own token"
	case fork:
		return "the token of a pull request from a fork can only read, whatever its workflow says. A second workflow, which runs from " +
			"the default branch, may write: upload the report as an artifact here, and there\n" + trustedJob
	case status == http.StatusForbidden:
		return "give the job's token the permission to comment, in the workflow or its job:\n" + permissionLines + more
	}
	return "the token does not see this pull request: is it the token of this repository, and has it these permissions?\n" +
		permissionLines + more
}

const permissionLines = `  permissions:
    contents: read
    pull-requests: write`

const trustedJob = `  on:
    workflow_run:
      workflows: [NAME OF THIS WORKFLOW]
      types: [completed]
  permissions:
    actions: read
    pull-requests: write
run mlops-track report --from FILE`

// gitlabHint says which token brings the note.
func gitlabHint(status int, message string, job bool) string {
	switch {
	case strings.Contains(strings.ToLower(message), "locked"):
		return "the discussion of this merge request is locked: only members may comment; unlock it, or let gitlab-token be that of a member"
	case job:
		return "a job token (CI_JOB_TOKEN) cannot write notes; let gitlab-token be a project access token with the role Reporter " +
			"and the scope api, kept in a masked variable\nhttps://docs.gitlab.com/user/project/settings/project_access_tokens/"
	case status == http.StatusUnauthorized:
		return "gitlab-token is not valid, was revoked, or has ended"
	case strings.Contains(message, "insufficient_scope"):
		return "gitlab-token needs the scope api"
	}
	return "gitlab-token needs the scope api and the role Reporter or more in this project; a merge request from a fork runs its " +
		"pipeline in the fork, which has no such token, until a member runs it in this project\n" +
		"https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/#use-with-forked-projects"
}
