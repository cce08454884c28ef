package awsauth

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/retry"
)

const (
	// botocore requests new keys on each call from 15 minutes before they expire, and accepts none with less than 10 left:
	// https://github.com/boto/botocore/blob/develop/botocore/credentials.py. Keys are renewed after half of their lifetime, so
	// that keys of an hour always have 30 minutes left; shorter ones after a third.
	shortLived = 40 * time.Minute

	// beforeLast is how long before Options.Last the keys are renewed for the last time.
	beforeLast = 10 * time.Minute

	// renewTimeout is how long one attempt may take, with all its retries.
	renewTimeout = time.Minute

	// minRetryInterval is the shortest time between attempts; until then callers get the last error.
	minRetryInterval = time.Second

	// clockCheck is how often the wall clock is read: a timer does not run while a machine sleeps.
	clockCheck = time.Minute

	// defaultDuration is what STS uses if no duration is sent.
	defaultDuration = time.Hour
)

// fault is why the keys could not be renewed.
type fault struct {
	err   error
	at    time.Time // of the last attempt
	since time.Time // of the first attempt that failed
	count int
}

// keepFresh renews the keys until ctx ends. Nothing else does, so there is one attempt at a time.
func (s *Session) keepFresh(ctx context.Context) {
	defer close(s.stopped)
	next := s.next()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wanted:
		case <-time.After(min(next.Sub(s.opts.Now()), clockCheck)):
			if s.opts.Now().Before(next) {
				continue
			}
		}
		s.renew(ctx)
		next = s.next()
	}
}

// renew makes one attempt to renew the keys and warns if it fails.
func (s *Session) renew(ctx context.Context) {
	attempt, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	fresh, err := s.request(attempt)
	if err == nil {
		s.take(fresh)
	}
	if ctx.Err() != nil {
		return // stopped, which is not an outage
	}

	s.mu.Lock()
	now, before, left := s.opts.Now(), s.fault, s.keys.Expires.Sub(s.opts.Now())
	s.fault = fault{}
	if err != nil {
		s.fault = fault{err: err, at: now, since: before.since, count: before.count + 1}
		if before.err == nil {
			s.fault.since = now
		}
	}
	select {
	case <-s.wanted: // callers that waited until now get this result
	default:
	}
	close(s.ended)
	s.ended = make(chan struct{})
	s.mu.Unlock()

	switch {
	case s.opts.Warn == nil:
	case err != nil && before.err == nil:
		s.opts.Warn(outage(err, left), hint.Of(err))
	case err == nil && before.err != nil:
		s.opts.Warn(fmt.Sprintf("the AWS credentials are renewed again after %s", rough(now.Sub(before.since))), "")
	}
}

func outage(err error, left time.Duration) string {
	if left <= 0 {
		return fmt.Sprintf("the AWS credentials have expired and could not be renewed: %v", err)
	}
	return fmt.Sprintf("the AWS credentials could not be renewed, the current ones are valid for %s more: %v", rough(left), err)
}

// rough returns a duration rounded for people.
func rough(d time.Duration) string {
	if d < 2*time.Minute {
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

// request gets keys from STS. From shortly before Options.Last on it requests the longest duration that the role allows,
// because they may be the last ones.
func (s *Session) request(ctx context.Context) (keys, error) {
	usual := cmp.Or(s.opts.Role.Duration, defaultDuration)
	durations := []time.Duration{usual}
	if last := s.opts.Last; !last.IsZero() && !s.opts.Now().Before(last.Add(-beforeLast)) {
		durations = longest(usual)
	}
	var err error
	for _, duration := range durations {
		k := keys{got: s.opts.Now()}
		if k.Credentials, k.identity, err = s.issue(ctx, duration); err == nil {
			k.lifetime = min(duration, k.Expires.Sub(k.got))
			return k, nil
		}
		if !durationTooLong(err) {
			break
		}
	}
	return keys{}, err
}

// longest returns the durations to try in turn for keys that should be valid as long as possible: common maximums of roles, and
// at the end the usual one, which the role has allowed before.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html
func longest(usual time.Duration) []time.Duration {
	var durations []time.Duration
	for _, hours := range []time.Duration{12, 8, 6, 4, 2, 1} {
		if d := hours * time.Hour; d > usual {
			durations = append(durations, d)
		}
	}
	return append(durations, usual)
}

// next returns when to renew the keys if nobody requests it before.
func (s *Session) next() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	if s.fault.err != nil {
		at := now.Add(backoff(s.fault.count, s.keys.Expires.Sub(now)))
		if last := s.opts.Last; !last.IsZero() && at.After(last) {
			return now.Add(never)
		}
		return at
	}
	return renewAt(s.keys, s.opts.Last)
}

// never is longer than any job.
const never = 100 * 365 * 24 * time.Hour

// renewAt returns when to renew keys if the last attempt succeeded.
func renewAt(k keys, last time.Time) time.Time {
	if !k.CanExpire {
		return k.got.Add(never)
	}
	age := k.lifetime / 2
	if k.lifetime < shortLived {
		age = k.lifetime / 3
	}
	at := k.got.Add(age)
	switch finally := last.Add(-beforeLast); {
	case last.IsZero():
		return at
	case !k.got.Before(finally): // these are the last ones
		return k.got.Add(never)
	case at.After(finally):
		return finally
	default:
		return at
	}
}

// backoff returns how long to wait after a failed attempt, the count-th in a row, when keys are valid for left: at first
// seconds, then longer, up to minutes while there is time, and short again as they are about to expire.
func backoff(count int, left time.Duration) time.Duration {
	most := min(max(left/8, 15*time.Second), 5*time.Minute)
	return retry.Backoff{First: 5 * time.Second, Max: most, Jitter: 0.2}.Wait(count)
}
