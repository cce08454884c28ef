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

	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// maxInternal is how often a request that is answered 500 is sent.
const maxInternal = 4

// Call is one request.
type Call struct {
	Name   string // in errors, for example "POST runs/create"
	Method string
	URL    *url.URL
	Header http.Header // besides those of the client; may be nil
	Body   Body        // what is sent
	// Timeout ends an attempt during which nothing was sent or received; 0: Options.Timeout.
	Timeout time.Duration
	// Once is true if the call must not be made twice: an unknown outcome is an error.
	Once bool
	// Foreign is true if the request goes to another server, which must not get our credentials.
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

// failure is an attempt that did not succeed.
type failure struct {
	err        error
	final      bool          // a retry would fail, too
	maybeDone  bool          // the server may have executed the request
	internal   bool          // the server answered 500
	retryAfter time.Duration // as the server asked; 0: not stated
}

// uncertain reports whether the outcome of a call that must be made only once is unknown.
func (f *failure) uncertain(once bool) bool { return once && f.maybeDone && !f.final }

// decide returns what to do after the nth attempt.
func (f *failure) decide(n int, once bool) retry.Decision {
	switch {
	case f.final, f.uncertain(once), f.internal && n >= maxInternal:
		return retry.Stop()
	case f.retryAfter > 0:
		return retry.After(f.retryAfter)
	}
	return retry.Again()
}

// uncertain is the error of a call that the server may have executed.
type uncertain struct{ error }

func (u uncertain) Unwrap() error { return u.error }

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
		_, keyless := errors.AsType[keysError](err)
		return &failure{err: err, final: !keyless}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = c.connectionError(ctx, call, err)
		done()
		if local := sent.failed(); local != nil {
			return &failure{err: fmt.Errorf("%s: %w", call.Name, local), final: true}
		}
		return &failure{err: err, final: isRejection(err), maybeDone: !neverSent(err)}
	}
	moved()
	resp.Body = &answer{ReadCloser: resp.Body, moved: moved, done: done}
	if resp.StatusCode/100 != 2 {
		return c.errorStatus(call, resp)
	}
	if err := take(resp); err != nil {
		_ = resp.Body.Close()
		if isRejection(err) {
			return &failure{err: err, final: true}
		}
		return &failure{err: c.connectionError(ctx, call, err), maybeDone: true}
	}
	return nil
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
	if call.Foreign {
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
