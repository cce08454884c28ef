package awsauth

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

// chance says whether what failed may pass when it is tried again.
type chance int

const (
	lasts    chance = iota
	onceMore        // it may have been bad luck
	passes          // by itself: throttling, a server or a network in trouble
)

// failure is an error that knows whether it may pass; all others do not.
type failure interface {
	error
	chance() chance
}

func (e *tokenError) chance() chance { return e.again }

// chanceOfStatus says whether an HTTP status may pass.
func chanceOfStatus(status int) chance {
	switch {
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return passes
	default:
		return lasts
	}
}

// chanceOfTransport says whether a request that got no answer may pass.
func chanceOfTransport(err error) chance {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return lasts
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return onceMore // a region or host that does not exist
	}
	return passes
}

// pace is how often something is tried and how long each time.
type pace struct {
	attempts int
	timeout  time.Duration // of one attempt
	backoff  retry.Backoff
}

// stsPace gives a throttled or failing STS some 15 s to recover, and a hanging one 90 s.
func stsPace() pace {
	return pace{
		attempts: 8, timeout: 10 * time.Second,
		backoff: retry.Backoff{First: 250 * time.Millisecond, Max: 5 * time.Second, Jitter: 0.5},
	}
}

// try repeats once while its error may pass, and returns the last one and how often it tried.
func (p pace) try(ctx context.Context, once func(context.Context) error) (attempts int, err error) {
	second := false // after an error that was worth one more attempt
	policy := retry.Policy{Backoff: p.backoff, Attempts: p.attempts, Classify: func(_ int, err error) retry.Decision {
		f, ok := errors.AsType[failure](err)
		if !ok || f.chance() == lasts || f.chance() == onceMore && second {
			return retry.Stop()
		}
		second = second || f.chance() == onceMore
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
