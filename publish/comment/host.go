package comment

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Host is one pull or merge request on GitHub or GitLab, as one account sees it. Its methods send each request once and
// do not wait: Post decides what to do after an error.
//
// An error is a *DeniedError for a missing permission, ErrTooLong, or a temporary one that knows how long to wait.
type Host interface {
	// List returns one page of the comments, counted from 1, and of these only those that this account wrote. Oldest first.
	List(ctx context.Context, page int) (Page, error)
	Create(ctx context.Context, body string) (Comment, error)
	Update(ctx context.Context, id int64, body string) error
	// Hide marks a comment as outdated and replaces its body.
	Hide(ctx context.Context, c Comment, body string) error
	Delete(ctx context.Context, id int64) error
	// Limit is how long a body may be, in bytes.
	Limit() int
}

// Page is a part of the comments.
type Page struct {
	Comments []Comment
	Next     int // 0 after the last
}

// Comment is a comment as the host has it.
type Comment struct {
	ID   int64
	URL  string // of its page
	Body string

	node string // its name in GitHub's GraphQL
}

// PullRequest is the state of a pull or merge request.
type PullRequest struct {
	Head string // the commit at the tip of its source branch
	Open bool
	Fork bool // its source branch lies in another repository
}

// Accepts returns an error unless the request is open and its head is that commit. A trusted job that reports what an
// untrusted one measured checks this first: the number of the request comes from the untrusted one.
func (p PullRequest) Accepts(head string) error {
	switch {
	case !p.Open:
		return errors.New("check the pull request: it is not open")
	case head == "" || p.Head != head:
		return fmt.Errorf("check the pull request: its head is %q, not %q", p.Head, head)
	}
	return nil
}

// ErrTooLong means that the host does not accept a body of that length.
var ErrTooLong = errors.New("the comment is too long")

// unavailableError is a temporary error.
type unavailableError struct {
	cause error
	after time.Duration // to wait, as the server asked; 0: not stated
}

func (e *unavailableError) Error() string { return e.cause.Error() }
func (e *unavailableError) Unwrap() error { return e.cause }
