package awsauth

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// standIn is STS as a session sees it: it gives numbered keys, for as long as asked up to its longest session, and can be out of order.
// Times are those of a synctest bubble.
type standIn struct {
	longest time.Duration // 0: an hour
	lag     time.Duration // how far the clock of this machine is behind
	from    time.Duration // of the outage, since the first request
	to      time.Duration
	hangs   bool // in the outage it does not answer

	mu    sync.Mutex
	asked []time.Duration // each request
	at    []time.Time
}

// refusal is an error with advice.
type refusal struct{ error }

func (refusal) Hint() string { return "look at the status of AWS" }

func (r *standIn) issue(ctx context.Context, d time.Duration) (aws.Credentials, Identity, error) {
	r.mu.Lock()
	now := time.Now()
	r.asked, r.at = append(r.asked, d), append(r.at, now)
	n, since, to := len(r.asked), now.Sub(r.at[0]), r.to
	r.mu.Unlock()
	if r.from <= since && since < to {
		if r.hangs {
			<-ctx.Done()
			return aws.Credentials{}, Identity{}, ctx.Err()
		}
		return aws.Credentials{}, Identity{}, refusal{errors.New("assume role: 503 ServiceUnavailable")}
	}
	if longest := max(r.longest, time.Hour); d > longest {
		return aws.Credentials{}, Identity{}, &Error{
			Code:    "ValidationError",
			Message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		}
	}
	return aws.Credentials{
		AccessKeyID:     fmt.Sprintf("ASIA%d", n),
		SecretAccessKey: fmt.Sprintf("secret%d", n),
		SessionToken:    fmt.Sprintf("token%d", n),
		CanExpire:       true,
		Expires:         now.Add(d + r.lag),
	}, Identity{ARN: "arn:aws:sts::123456789012:assumed-role/train/ci", Account: "123456789012"}, nil
}

// recover ends the outage.
func (r *standIn) recover() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = 0
}

// requests are the durations that were asked for and when.
func (r *standIn) requests() ([]time.Duration, []time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked), slices.Clone(r.at)
}

func (r *standIn) count() int {
	asked, _ := r.requests()
	return len(asked)
}

// jobStart is when time begins in a bubble.
var jobStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// bubble runs a test in which time passes when everybody waits, with a session that is stopped at its end.
func bubble(t *testing.T, opts Options, r *standIn, test func(t *testing.T, s *Session)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts.Role.ARN = "arn:aws:iam::123456789012:role/train"
		s, err := start(t.Context(), opts, aws.Config{Region: "eu-west-1"}, r.issue)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Stop()
		test(t, s)
	})
}

func TestKeysAreRenewedWellBeforeSDKsAsk(t *testing.T) {
	for _, test := range []struct {
		duration, lag, least time.Duration
		requests             int // in six hours, the first included
	}{
		{duration: 0, least: 30 * time.Minute, requests: 12},
		{duration: 12 * time.Hour, least: 6 * time.Hour, requests: 1},
		{duration: 45 * time.Minute, least: 22 * time.Minute, requests: 16},
		{duration: 30 * time.Minute, least: 20 * time.Minute, requests: 36},
		{duration: 15 * time.Minute, least: 10 * time.Minute, requests: 72},
		{duration: time.Hour, lag: 10 * time.Minute, least: 40 * time.Minute, requests: 12},
	} {
		t.Run(fmt.Sprint(test.duration, test.lag), func(t *testing.T) {
			r := &standIn{longest: 12 * time.Hour, lag: test.lag}
			bubble(t, Options{Role: Role{Duration: test.duration}}, r, func(t *testing.T, s *Session) {
				for time.Since(jobStart) < 6*time.Hour-time.Minute {
					time.Sleep(time.Minute)
					synctest.Wait()
					creds, err := s.Retrieve(t.Context())
					if left := time.Until(creds.Expires); err != nil || left < test.least {
						t.Fatalf("after %s keys last %s, want at least %s; %v", time.Since(jobStart), left, test.least, err)
					}
				}
				if r.count() != test.requests {
					t.Errorf("%d requests in six hours, want %d", r.count(), test.requests)
				}
			})
		})
	}
}

func TestOutageInTheMiddle(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		r := &standIn{hangs: hangs, from: 20 * time.Minute, to: 55 * time.Minute}
		var told []string
		opts := Options{Warn: func(message, hint string) { told = append(told, message+"|"+hint) }}
		bubble(t, opts, r, func(t *testing.T, s *Session) {
			for time.Since(jobStart) < 80*time.Minute {
				time.Sleep(10 * time.Second)
				if _, err := s.Retrieve(t.Context()); err != nil {
					t.Fatalf("after %s: %v", time.Since(jobStart), err)
				}
			}
			synctest.Wait()
			if len(told) != 2 {
				t.Fatalf("told %q, want one line when it began and one when it was over", told)
			}
			if left := "the current ones are valid for 30m more"; !hangs && !strings.Contains(told[0], left) {
				t.Errorf("told %q, want %q", told[0], left)
			}
			if !hangs && !strings.HasSuffix(told[0], "503 ServiceUnavailable|look at the status of AWS") {
				t.Errorf("told %q, want the cause and its hint", told[0])
			}
			if !strings.Contains(told[1], "renewed again after 2") {
				t.Errorf("told %q, want the length of the outage", told[1])
			}
			if attempts := r.count(); attempts > 30 {
				t.Errorf("%d attempts in an outage of half an hour", attempts)
			}
			quickest := time.Hour
			_, at := r.requests()
			for i := range at[1:] {
				quickest = min(quickest, at[i+1].Sub(at[i]))
			}
			if quickest < 3*time.Second {
				t.Errorf("attempts follow each other after %s", quickest)
			}
		})
	}
}

func TestExpiredKeysAreNotServedAndABurstCausesOneRequest(t *testing.T) {
	r := &standIn{from: time.Minute, to: 90 * time.Minute}
	bubble(t, Options{}, r, func(t *testing.T, s *Session) {
		time.Sleep(time.Hour + 7*time.Second)
		before := r.count()
		for range 3 {
			for err := range burst(t, s, 100) {
				if err == nil || !strings.Contains(err.Error(), "the credentials expired at") || hint.Of(err) == "" {
					t.Fatalf("got %v, want the cause of the renewal's failure", err)
				}
			}
		}
		if n := r.count() - before; n > 1 {
			t.Errorf("300 callers caused %d requests", n)
		}

		r.recover()
		time.Sleep(minRetryInterval)
		before = r.count()
		for err := range burst(t, s, 100) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := r.count() - before; n != 1 {
			t.Errorf("100 callers caused %d requests", n)
		}
	})
}

// burst yields the errors of n callers at the same time.
func burst(t *testing.T, s *Session, n int) <-chan error {
	errs := make(chan error, n)
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			_, err := s.Retrieve(t.Context())
			errs <- err
		})
	}
	group.Wait()
	close(errs)
	return errs
}

func TestRetrieveWaitsNoLongerThanItsContext(t *testing.T) {
	r := &standIn{hangs: true, from: time.Minute, to: 24 * time.Hour}
	bubble(t, Options{}, r, func(t *testing.T, s *Session) {
		time.Sleep(2 * time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		asked := time.Now()
		_, err := s.Retrieve(ctx)
		if waited := time.Since(asked); err == nil || waited > 2*time.Second {
			t.Errorf("waited %s, error %v", waited, err)
		}
	})
}

func TestLastRenewalAsksForTheLongestSession(t *testing.T) {
	hours := func(n ...time.Duration) (all []time.Duration) {
		for _, h := range n {
			all = append(all, h*time.Hour)
		}
		return all
	}
	for _, test := range []struct {
		longest time.Duration
		want    []time.Duration // what the last renewal asks for
	}{
		{12 * time.Hour, hours(12)},
		{6 * time.Hour, hours(12, 8, 6)},
		{5 * time.Hour, hours(12, 8, 6, 4)},
		{time.Hour, hours(12, 8, 6, 4, 2, 1)},
	} {
		r := &standIn{longest: test.longest}
		bubble(t, Options{Last: jobStart.Add(6 * time.Hour)}, r, func(t *testing.T, s *Session) {
			time.Sleep(5*time.Hour + 49*time.Minute)
			usual := r.count()
			time.Sleep(2 * time.Minute)
			asked, _ := r.requests()
			if diff := cmp.Diff(test.want, asked[usual:]); diff != "" {
				t.Errorf("longest session %s: the last renewal asked for (-want +got)\n%s", test.longest, diff)
			}
			after := r.count()
			granted := test.want[len(test.want)-1]
			time.Sleep(granted - 2*time.Minute)
			if _, err := s.Retrieve(t.Context()); err != nil || r.count() != after {
				t.Errorf("longest session %s: %d requests after the last renewal; %v", test.longest, r.count()-after, err)
			}
			time.Sleep(5 * time.Minute) // now the keys have expired, and to ask is better than to give up
			if _, err := s.Retrieve(t.Context()); err != nil || r.count() == after {
				t.Errorf("longest session %s: expired keys: %v", test.longest, err)
			}
		})
	}
}

func TestNothingIsTriedAfterTheLastCall(t *testing.T) {
	r := &standIn{from: 5*time.Hour + 45*time.Minute, to: 24 * time.Hour}
	bubble(t, Options{Last: jobStart.Add(6 * time.Hour)}, r, func(t *testing.T, s *Session) {
		time.Sleep(6 * time.Hour)
		before := r.count()
		time.Sleep(20 * time.Minute)
		if _, err := s.Retrieve(t.Context()); err != nil || r.count() != before {
			t.Errorf("%d requests after nothing can be had; %v", r.count()-before, err)
		}
	})
}

func TestSecretsAreToldBeforeAnybodyGetsThem(t *testing.T) {
	var mu sync.Mutex
	var told []string
	opts := Options{Secret: func(secret string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, secret)
	}}
	r := &standIn{}
	bubble(t, opts, r, func(t *testing.T, s *Session) {
		for range 300 {
			time.Sleep(time.Minute)
			synctest.Wait()
			creds, err := s.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			for _, secret := range []string{creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken} {
				if !slices.Contains(told, secret) {
					t.Fatalf("%q was given and not told", secret)
				}
			}
			mu.Unlock()
		}
		if time.Sleep(time.Second); len(told) != 3*r.count() {
			t.Errorf("told %d secrets of %d sets of keys", len(told), r.count())
		}
	})
}

func TestIdentityAndConfigOfTheSession(t *testing.T) {
	bubble(t, Options{}, &standIn{}, func(t *testing.T, s *Session) {
		want := Identity{
			ARN: "arn:aws:sts::123456789012:assumed-role/train/ci", Account: "123456789012", Region: "eu-west-1",
			Expires: jobStart.Add(time.Hour),
		}
		if diff := cmp.Diff(want, s.Identity()); diff != "" {
			t.Errorf("identity (-want +got)\n%s", diff)
		}
		creds, err := s.Config().Credentials.Retrieve(t.Context())
		if err != nil || creds.AccountID != "123456789012" || s.Config().Region != "eu-west-1" {
			t.Errorf("the configuration has account %q, region %q; %v", creds.AccountID, s.Config().Region, err)
		}
	})
}

func TestStopEndsTheRenewalAndServesWhatIsValid(t *testing.T) {
	role := &standIn{}
	bubble(t, Options{}, role, func(t *testing.T, s *Session) {
		s.Stop()
		s.Stop()
		time.Sleep(59 * time.Minute)
		if _, err := s.Retrieve(t.Context()); err != nil || role.count() != 1 {
			t.Errorf("%d requests; %v", role.count(), err)
		}
		time.Sleep(time.Minute)
		if _, err := s.Retrieve(t.Context()); !errors.Is(err, errStopped) {
			t.Errorf("got %v for keys that expired after Stop", err)
		}
	})
}

func TestWithoutARoleTheSDKHasTheCredentials(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIA1")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret1")
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	var told []string
	s, err := Start(t.Context(), Options{Region: "eu-west-1", Secret: func(secret string) { told = append(told, secret) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	for range 3 {
		creds, err := s.Retrieve(t.Context())
		if err != nil || creds.AccessKeyID != "AKIA1" || s.Identity().Region != "eu-west-1" || !s.Identity().Expires.IsZero() {
			t.Errorf("got %q for %+v; %v", creds.AccessKeyID, s.Identity(), err)
		}
	}
	if diff := cmp.Diff([]string{"AKIA1", "secret1"}, told); diff != "" {
		t.Errorf("told (-want +got)\n%s", diff)
	}

	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if _, err := Start(t.Context(), Options{Region: "eu-west-1"}); err == nil || hint.Of(err) == "" {
		t.Errorf("a machine without credentials: %v, with hint %q", err, hint.Of(err))
	}
}
