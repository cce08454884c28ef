package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/Iyalvan/mlops-track/internal/origin"
	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Call is one request.
type Call struct {
	Name   string // in errors, for example "POST runs/create"
	Method string
	URL    *url.URL
	Header http.Header // besides those of the client; may be nil
	Body   Body        // what is sent
	// Timeout ends an attempt during which nothing was sent, or which is not answered by then; 0: Options.Timeout.
	Timeout time.Duration
	// Once is true if the call must not be made twice: an unknown outcome is an error.
	Once bool
	// Foreign is true if the request must not have our credentials, wherever it goes. One to another origin than that of the
	// tracking URI never has them.
	Foreign bool
}

// Body is what a call sends; the zero Body is nothing.
type Body struct {
	Open   func() (io.ReadCloser, error) // for each attempt anew; an error in opening or reading is final
	Length int64                         // in bytes
}

// Do makes a call by the retry rule of the package and passes a 2xx answer to take, which closes its body. An error of
// take that is not a *mlflow.RejectedError is one of the connection, and the call is retried.
func (c *Client) Do(ctx context.Context, call Call, take func(*http.Response) error) error {
	var failed *failure // of the last attempt
	policy := retry.Policy{
		Backoff:  retry.Backoff{First: 250 * time.Millisecond, Max: 15 * time.Second, Jitter: 0.5},
		Classify: func(n int, _ error) retry.Decision { return failed.decide(n, call.Once) },
	}
	err := retry.Do(ctx, policy, func(ctx context.Context) error {
		if failed = c.attempt(ctx, call, take); failed != nil {
			return failed.err
		}
		return nil
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return c.over(ctx, call, failed)
	case failed.uncertain(call.Once):
		return uncertain{failed.err}
	}
	return failed.err
}

// uncertain is the error of a call that the server may have executed.
type uncertain struct{ error }

func (u uncertain) Unwrap() error { return u.error }

// Is implements the interface of errors.Is.
func (u uncertain) Is(target error) bool { return target == mlflow.ErrUncertain }

// stalled is the cause of an attempt that ended because nothing was sent or received for that long.
type stalled time.Duration

func (s stalled) Error() string { return fmt.Sprintf("no answer within %s", time.Duration(s)) }

func (c *Client) attempt(ctx context.Context, call Call, take func(*http.Response) error) *failure {
	limit := cmp.Or(call.Timeout, c.timeout)
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(limit, func() { cancel(stalled(limit)) })
	moved := func() { timer.Reset(limit) }
	done := func() { timer.Stop(); cancel(nil) }

	req, sent, err := c.request(ctx, call, moved)
	if err != nil {
		done()
		if _, keyless := errors.AsType[keysError](err); keyless {
			return passes(err, false)
		}
		return lasts(err)
	}
	resp, err := c.clientFor(call).Do(req)
	if err != nil {
		defer done()
		return c.unanswered(ctx, call, resp, sent.failed(), err)
	}
	moved()
	resp.Body = &answer{ReadCloser: resp.Body, moved: moved, done: done}
	if resp.StatusCode/100 != 2 {
		return c.errorStatus(call, resp)
	}
	if err := take(resp); err != nil {
		_ = resp.Body.Close()
		if isRejection(err) {
			return lasts(err)
		}
		return passes(c.connectionError(ctx, call, err), true)
	}
	return nil
}

// isForeign reports whether a call goes without our credentials.
func (c *Client) isForeign(call Call) bool { return call.Foreign || c.isElsewhere(call) }

// isElsewhere reports whether a call goes to another origin than that of the tracking URI. A server may name one as the place
// of artifacts, and anybody who may create an experiment there chooses it.
func (c *Client) isElsewhere(call Call) bool { return !origin.Same(call.URL, &c.base) }

// clientFor returns the HTTP client of a call.
func (c *Client) clientFor(call Call) *http.Client {
	if c.isForeign(call) {
		return c.foreign
	}
	return c.http
}

// unanswered returns the failure of an attempt that got no answer, or a redirect that is not followed; local is what ended the
// reading of the body on our side.
func (c *Client) unanswered(ctx context.Context, call Call, resp *http.Response, local, err error) *failure {
	redirected, isRedirect := errors.AsType[*origin.RedirectError](err)
	switch {
	case local != nil:
		return lasts(fmt.Errorf("%s: %w", call.Name, local))
	case isRedirect && resp != nil:
		return lasts(c.redirected(call, resp, redirected))
	}
	err = c.connectionError(ctx, call, err)
	if isRejection(err) {
		return lasts(err)
	}
	return passes(err, !neverSent(err))
}

func (c *Client) request(ctx context.Context, call Call, moved func()) (*http.Request, *sending, error) {
	sent := &sending{open: call.Body.Open, moved: moved}
	req, err := http.NewRequestWithContext(ctx, call.Method, call.URL.String(), http.NoBody)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", call.Name, err)
	}
	if call.Body.Open != nil && call.Body.Length > 0 {
		req.ContentLength, req.GetBody = call.Body.Length, sent.start
		if req.Body, err = sent.start(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", call.Name, err)
		}
	}
	maps.Copy(req.Header, call.Header)
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	if c.isForeign(call) {
		return req, sent, nil
	}
	maps.Copy(req.Header, c.header)
	c.authorize(req.Header)
	if c.workspace != "" {
		req.Header.Set("X-MLFLOW-WORKSPACE", c.workspace)
	}
	if c.sign.Credentials != nil { // last, as it covers what was set before
		if err := c.sign.body(req, sent.start); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", call.Name, err)
		}
	}
	return req, sent, nil
}

// over returns the error of a call whose context has ended.
func (c *Client) over(ctx context.Context, call Call, last *failure) error {
	err := fmt.Errorf("%s: %w", call.Name, ctx.Err())
	if cause := context.Cause(ctx); cause != ctx.Err() { //nolint:errorlint // the same value, not the same kind
		err = fmt.Errorf("%w: %w", err, cause)
	}
	if isRejection(last.err) {
		return last.err
	}
	if away, ok := errors.AsType[*mlflow.UnreachableError](last.err); ok && !errors.Is(away.Err, ctx.Err()) {
		err = fmt.Errorf("%w; before that: %w", err, away.Err)
	}
	err = &mlflow.UnreachableError{URI: c.display, Err: err}
	if call.Once && last.maybeDone {
		return uncertain{err}
	}
	return err
}

// neverSent reports whether no connection was made, so that nothing was sent.
func neverSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect")
}
