package awstest

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// AWS is an issuer and an STS that knows it.
type AWS struct {
	Issuer *Issuer
	STS    *STS
}

// Account is where New puts its role and its user.
const Account = "123456789012"

// New starts both on loopback addresses until the test ends. The STS knows the issuer, for the audience
// sts.amazonaws.com, in Account, and no role yet.
func New(t testing.TB) *AWS {
	t.Helper()
	issuer := startIssuer(t, sharedKey)
	sts := NewSTS(t)
	sts.AddProvider(Account, issuer, "sts.amazonaws.com")
	return &AWS{Issuer: issuer, STS: sts}
}

// Secrets returns all that was made and must be seen by nobody: tokens, keys, session tokens.
func (a *AWS) Secrets() []string { return append(a.Issuer.Secrets(), a.STS.Secrets()...) }

// Fault is an answer that is given instead of the right one.
type Fault struct {
	Status  int           // of HTTP; 0 with Hang or Drop
	Code    string        // of STS, as Throttling; empty: Message is the whole body
	Message string        // or the body
	Hang    bool          // no answer until the client gives up
	Drop    bool          // the connection is closed without an answer
	After   time.Duration // how long the answer takes
}

// Throttled is that too many ask.
func Throttled() Fault { return Fault{Status: 400, Code: "Throttling", Message: "Rate exceeded"} }

// Unavailable is an STS in trouble.
func Unavailable() Fault {
	return Fault{Status: 503, Code: "ServiceUnavailable", Message: "The service is unavailable. Please try again."}
}

// IDPUnreached is that STS could not reach the issuer.
func IDPUnreached() Fault {
	return Fault{Status: 400, Code: "IDPCommunicationError", Message: "Error communicating with the identity provider"}
}

// KeysUnread is that STS could not read the issuer's keys.
func KeysUnread() Fault {
	return Fault{Status: 400, Code: "InvalidIdentityToken", Message: "Couldn't retrieve verification key from your identity provider, " +
		"please reference AssumeRoleWithWebIdentity documentation for requirements"}
}

// Hanging is a server that never answers.
func Hanging() Fault { return Fault{Hang: true} }

// script is the faults to come; each is taken by one request. The last one stays when it is for good.
type script struct {
	mu      sync.Mutex
	faults  []Fault
	forGood bool
}

// Fail gives the next requests these answers, one each.
func (s *script) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.forGood = append(slices.Clone(s.faults), faults...), false
}

// FailAlways gives all requests this answer, until Recover.
func (s *script) FailAlways(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.forGood = []Fault{fault}, true
}

// Recover forgets the faults that were to come.
func (s *script) Recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.forGood = nil, false
}

func (s *script) next() (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 {
		return Fault{}, false
	}
	fault := s.faults[0]
	if !s.forGood {
		s.faults = s.faults[1:]
	}
	return fault, true
}

// memory is what a server remembers.
type memory struct {
	mu      sync.Mutex
	secrets []string
	counts  map[string]int
	offset  time.Duration
}

// Secrets returns all secrets that it made.
func (m *memory) Secrets() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.secrets)
}

// Count returns how often it was asked for that.
func (m *memory) Count(what string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[what]
}

// SetClock sets its clock ahead of the real one.
func (m *memory) SetClock(ahead time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.offset = ahead
}

func (m *memory) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.offset)
}

func (m *memory) keep(secrets ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets = append(m.secrets, secrets...)
}

func (m *memory) count(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	m.counts[what]++
}
