package awsauth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/Iyalvan/mlops-track/internal/pause"
)

// retry says whether what failed may pass when it is tried again.
type retry int

const (
	retryNever retry = iota
	retryOnce        // it may have been bad luck
	retryOften       // it passes by itself: throttling, a server or a network in trouble
)

// failure is an error that knows whether it may pass; all others do not.
type failure interface {
	error
	retrying() retry
}

func (e *tokenError) retrying() retry { return e.retry }

// retryOfStatus says whether an HTTP status may pass.
func retryOfStatus(status int) retry {
	switch {
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return retryOften
	default:
		return retryNever
	}
}

// retryOfTransport says whether a request that got no answer may pass.
func retryOfTransport(err error) retry {
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		return retryNever
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return retryOnce // a region or host that does not exist
	}
	return retryOften
}

// pace is how often something is tried and how long each time.
type pace struct {
	attempts int
	patience time.Duration // with one attempt
	first    time.Duration // wait, twice as long each time
	longest  time.Duration // wait
}

// stsPace gives a throttled or failing STS some 15 s to recover, and a hanging one 90 s.
func stsPace() pace {
	return pace{attempts: 8, patience: 10 * time.Second, first: 250 * time.Millisecond, longest: 5 * time.Second}
}

// try repeats once while its error may pass, and returns the last one and how often it tried. It does not wait for longer
// than ctx lasts.
func (p pace) try(ctx context.Context, once func(context.Context) error) (attempts int, err error) {
	wait, second := p.first, false
	for n := 1; ; n++ {
		err := p.attempt(ctx, once)
		if err == nil {
			return n, nil
		}
		var may retry
		if f, ok := errors.AsType[failure](err); ok {
			may = f.retrying()
		}
		if may == retryNever || may == retryOnce && second || n == p.attempts {
			return n, err
		}
		second = second || may == retryOnce
		if !pause.For(ctx, wait/2+rand.N(wait/2)) {
			if ctx.Err() != nil {
				err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
			}
			return n, err
		}
		wait = min(2*wait, p.longest)
	}
}

func (p pace) attempt(ctx context.Context, once func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	return once(ctx)
}
