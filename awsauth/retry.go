package awsauth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/Iyalvan/mlops-track/internal/origin"
	"github.com/Iyalvan/mlops-track/internal/retry"
)

// retryKind says whether a retry may help.
type retryKind int

const (
	permanent retryKind = iota
	retryOnce           // one more attempt may help
	temporary           // throttling, or an error of a server or the network
)

// failure is an error that knows whether a retry may help; all others are permanent.
type failure interface {
	error
	retryKind() retryKind
}

func (e *tokenError) retryKind() retryKind { return e.again }

// retryKindOfStatus returns that of an HTTP status.
func retryKindOfStatus(status int) retryKind {
	switch {
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return temporary
	default:
		return permanent
	}
}

// retryKindOfTransport returns that of a request that got no answer.
func retryKindOfTransport(err error) retryKind {
	if retry.CauseOf(err) != retry.Passing || origin.IsRedirect(err) {
		return permanent
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return retryOnce // a region or host that does not exist
	}
	return temporary
}

// pace is how often something is tried and the timeout of each attempt.
type pace struct {
	attempts int
	timeout  time.Duration // of one attempt
	backoff  retry.Backoff
}

// stsPace allows a throttled or failing STS some 15 s to recover, and a hanging one 90 s.
func stsPace() pace {
	return pace{
		attempts: 8, timeout: 10 * time.Second,
		backoff: retry.Backoff{First: 250 * time.Millisecond, Max: 5 * time.Second, Jitter: 0.5},
	}
}

// try repeats once while a retry may help, and returns the last error and the number of attempts.
func (p pace) try(ctx context.Context, once func(context.Context) error) (attempts int, err error) {
	second := false // after an error for which one more attempt is made
	policy := retry.Policy{Backoff: p.backoff, Attempts: p.attempts, Classify: func(_ int, err error) retry.Decision {
		f, ok := errors.AsType[failure](err)
		if !ok || f.retryKind() == permanent || f.retryKind() == retryOnce && second {
			return retry.Stop()
		}
		second = second || f.retryKind() == retryOnce
		return retry.Again()
	}}
	err = retry.Do(ctx, policy, func(ctx context.Context) error {
		attempts++
		ctx, cancel := context.WithTimeout(ctx, p.timeout)
		defer cancel()
		return once(ctx)
	})
	return attempts, err
}
