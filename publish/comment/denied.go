package comment

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/retry"
)

// DeniedError says that GitHub or GitLab does not allow this token to do it. A job does not fail because of it. Its hint
// (hint.Of) may have several lines, among them lines of a workflow file.
type DeniedError struct {
	Doing   string // what was tried, as: create comment on acme/model#7
	Status  int    // of HTTP
	Message string // of the answer, one line
}

func (e *DeniedError) Error() string { return fmt.Sprintf("%s: %d %s", e.Doing, e.Status, e.Message) }

// errorAnswer is an error answer of a host, and what was tried.
type errorAnswer struct {
	doing   string
	resp    *http.Response // its body is read
	message string
	advice  hint.Table
	is      string // the circumstance that selects the advice; empty: none
}

const longestMessage = 300

// err returns the error for the answer.
func (r errorAnswer) err() error {
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
		answer := hint.Answer{Status: status, Message: said, Is: []string{r.is}}
		return hint.With(&DeniedError{Doing: r.doing, Status: status, Message: said}, r.advice.Advice(answer, nil))
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
