package awsauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Session holds credentials and renews them until Stop. It is safe for concurrent use.
type Session struct {
	opts   Options
	config aws.Config
	issue  issueFunc

	stop    context.CancelFunc
	stopped chan struct{} // closed after the renewal loop returned
	wanted  chan struct{} // the keys have expired and somebody waits for new ones

	mu    sync.Mutex
	keys  keys
	ended chan struct{} // closed at the end of the current or next attempt
	fault fault         // of the last attempt; zero if it succeeded
}

// issueFunc requests credentials of the role from STS, valid for duration, or the ambient ones from the SDK.
type issueFunc func(ctx context.Context, duration time.Duration) (aws.Credentials, Identity, error)

// keys is the current credentials.
type keys struct {
	aws.Credentials
	identity Identity
	got      time.Time
	lifetime time.Duration // at most what was requested: with a slow clock, Expires may be further away
}

func (k keys) validAt(t time.Time) bool {
	return k.HasKeys() && (!k.CanExpire || t.Before(k.Expires))
}

// errStopped is returned when the keys have expired after Stop.
var errStopped = errors.New("their renewal was stopped")

// Start gets the first credentials; an error says why there are none and what to do. From then on they are renewed in the
// background. ctx bounds the start only.
func Start(ctx context.Context, opts Options) (*Session, error) {
	opts.Secret = onceEach(opts.Secret)
	source, err := newIssuer(ctx, opts)
	if err != nil {
		return nil, err
	}
	return start(ctx, opts, source.config, source.issue)
}

func start(ctx context.Context, opts Options, config aws.Config, issue issueFunc) (*Session, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Session{
		opts:    opts,
		config:  config,
		issue:   issue,
		stop:    func() {},
		stopped: make(chan struct{}),
		wanted:  make(chan struct{}, 1),
		ended:   make(chan struct{}),
	}
	first, err := s.request(ctx)
	if err != nil {
		return nil, err
	}
	s.take(first)
	if s.ambient() {
		close(s.stopped)
		return s, nil
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	go s.keepFresh(ctx)
	return s, nil
}

// onceEach returns a function that passes on each secret only once.
func onceEach(tell func(string)) func(string) {
	if tell == nil {
		return nil
	}
	var told sync.Map
	return func(secret string) {
		if _, known := told.LoadOrStore(secret, nil); !known {
			tell(secret)
		}
	}
}

// ambient reports whether the credentials are those that the SDK found, which renews those that it can.
func (s *Session) ambient() bool { return s.opts.Role.ARN == "" }

// Retrieve returns valid credentials. It implements aws.CredentialsProvider. The current ones are returned at once. If they
// have expired it waits, as long as ctx allows, for the end of one attempt to renew them, the same one for all callers.
func (s *Session) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if s.ambient() {
		k, err := s.request(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		s.take(k)
		return k.Credentials, nil
	}
	creds, ended, err := s.current()
	if err != nil || ended == nil {
		return creds, err
	}
	select {
	case <-ended:
	case <-s.stopped:
	case <-ctx.Done():
		return aws.Credentials{}, fmt.Errorf("wait for new credentials: %w", ctx.Err())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.keys.validAt(s.opts.Now()) {
		return aws.Credentials{}, s.expired()
	}
	return s.keys.Credentials, nil
}

// current returns the credentials if they are valid, or requests new ones and returns a channel that is closed at the end of
// the attempt. Within minRetryInterval of a failed attempt its error is returned instead.
func (s *Session) current() (creds aws.Credentials, ended <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	if s.keys.validAt(now) {
		return s.keys.Credentials, nil, nil
	}
	if s.fault.err != nil && now.Before(s.fault.at.Add(minRetryInterval)) {
		return aws.Credentials{}, nil, s.expired()
	}
	select {
	case s.wanted <- struct{}{}:
	default: // already requested
	}
	return aws.Credentials{}, s.ended, nil
}

// expired returns why there are no credentials. The caller holds mu.
func (s *Session) expired() error {
	cause := s.fault.err
	if cause == nil {
		cause = errStopped
	}
	return fmt.Errorf("the credentials expired at %s: %w", s.keys.Expires.UTC().Format(time.TimeOnly+" UTC"), cause)
}

// take makes new keys the current ones. Their secrets are passed to opts.Secret first.
func (s *Session) take(k keys) {
	if s.opts.Secret != nil {
		for _, secret := range []string{k.AccessKeyID, k.SecretAccessKey, k.SessionToken} {
			if secret != "" {
				s.opts.Secret(secret)
			}
		}
	}
	k.AccountID = cmp.Or(k.AccountID, k.identity.Account)
	k.identity.Region = cmp.Or(k.identity.Region, s.config.Region)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = k
}

// Identity returns that of the current credentials.
func (s *Session) Identity() Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	identity := s.keys.identity
	if s.keys.CanExpire {
		identity.Expires = s.keys.Expires
	}
	return identity
}

// Config returns a configuration of the SDK with these credentials and their region.
func (s *Session) Config() aws.Config {
	config := s.config.Copy()
	config.Credentials = s
	if region := s.Identity().Region; region != "" {
		config.Region = region
	}
	return config
}

// Stop ends the renewal. The current keys are still served while they are valid.
func (s *Session) Stop() {
	s.stop()
	<-s.stopped
}
