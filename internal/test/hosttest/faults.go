package hosttest

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is what a request gets instead of its answer.
type Fault struct {
	Status int // of HTTP; 0 with Drop or Cut
	Header map[string]string
	Body   string        // as it is sent
	After  time.Duration // how long it takes

	Late bool // the request is carried out before
	Drop bool // the connection ends without an answer
	Cut  bool // the right answer ends in its middle
}

// Slow is an answer that is right and late.
func Slow(after time.Duration) Fault { return Fault{After: after} }

// RateLimited is GitHub's primary limit, in both its statuses.
func RateLimited(status int, reset time.Time) Fault {
	return Fault{Status: status, Body: `{"message":"API rate limit exceeded for installation ID 1.",` +
		`"documentation_url":"https://docs.github.com/rest/overview/resources-in-the-rest-api#rate-limiting"}`,
		Header: map[string]string{"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0",
			"X-RateLimit-Reset": formatInt(reset.Unix())}}
}

// SecondaryLimited is GitHub's limit on doing much at once.
func SecondaryLimited(retryAfter string) Fault {
	f := Fault{Status: http.StatusForbidden, Body: `{"message":"You have exceeded a secondary rate limit and have been temporarily ` +
		`blocked from content creation. Please retry your request again later.","documentation_url":` +
		`"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`}
	if retryAfter != "" {
		f.Header = map[string]string{"Retry-After": retryAfter}
	}
	return f
}

// TooMany is a plain 429.
func TooMany(retryAfter string) Fault {
	return Fault{Status: http.StatusTooManyRequests, Body: `{"message":"429 Too Many Requests"}`,
		Header: map[string]string{"Retry-After": retryAfter}}
}

// script holds the faults to come by method ("GRAPHQL" for GitHub's), how long requests take, and how many there were.
type script struct {
	mu      sync.Mutex
	faults  map[string][]Fault
	counts  map[string]int
	latency func() time.Duration
	lag     func() time.Duration
}

// Fail gives the next requests with that method these answers, one each. An empty Fault lets one through.
func (s *script) Fail(method string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults == nil {
		s.faults = map[string][]Fault{}
	}
	s.faults[method] = append(s.faults[method], faults...)
}

// SetLatency says how long a request takes to arrive, and again its answer.
func (s *script) SetLatency(each func() time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = each
}

// SetLag says how far behind the lists are.
func (s *script) SetLag(each func() time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = each
}

// UpTo is a random latency or lag.
func UpTo(longest time.Duration) func() time.Duration {
	return func() time.Duration { return rand.N(longest) }
}

// Counts returns how many requests with each method there were.
func (s *script) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// ResetCounts forgets how many there were.
func (s *script) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = nil
}

func (s *script) next(method string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	s.counts[method]++
	queue := s.faults[method]
	if len(queue) == 0 {
		return Fault{}
	}
	s.faults[method] = slices.Clone(queue[1:])
	return queue[0]
}

func (s *script) wait() {
	s.mu.Lock()
	each := s.latency
	s.mu.Unlock()
	if each != nil {
		time.Sleep(each())
	}
}

func (s *script) asOf() time.Time {
	s.mu.Lock()
	each := s.lag
	s.mu.Unlock()
	if each == nil {
		return time.Now()
	}
	return time.Now().Add(-each())
}

// method is the one of HTTP, except for GraphQL.
func method(r *http.Request) string {
	if strings.HasSuffix(r.URL.Path, "/graphql") {
		return "GRAPHQL"
	}
	return r.Method
}
