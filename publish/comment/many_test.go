package comment_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
	"github.com/Iyalvan/mlops-track/publish/comment"
)

var rounds = flag.Int("rounds", 0, "how often each race is run; 0: 20 times, and 4 under -short")

// races returns how often each race is run.
func races() int {
	switch {
	case *rounds > 0:
		return *rounds
	case testing.Short():
		return 4
	default:
		return 20
	}
}

// race is jobs that end within a second of each other.
type race struct {
	writers int
	latency time.Duration // of a request, and again of its answer, at most
	lag     time.Duration // of lists, at most
	faults  bool
	mode    comment.Mode
	before  bool // an earlier run left a comment with the same sections
}

func TestManyJobsAtOnce(t *testing.T) {
	t.Parallel()
	for _, r := range []race{
		{writers: 2, latency: 50 * time.Millisecond},
		{writers: 2, latency: 600 * time.Millisecond},
		{writers: 3, latency: 200 * time.Millisecond, lag: 300 * time.Millisecond},
		{writers: 6, latency: 200 * time.Millisecond, before: true},
		{writers: 6, latency: 300 * time.Millisecond, faults: true},
		{writers: 6, latency: 200 * time.Millisecond, lag: 200 * time.Millisecond, mode: comment.HideAndNew, before: true},
		{writers: 6, latency: 200 * time.Millisecond, mode: comment.DeleteAndNew, before: true, faults: true},
		{writers: 6, latency: 200 * time.Millisecond, mode: comment.New},
		{writers: 24, latency: 150 * time.Millisecond},
	} {
		if r.mode == "" {
			r.mode = comment.Update
		}
		t.Run(fmt.Sprintf("%+v", r), func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s side) {
				for n := range races() {
					r.run(t, s, 100+n)
				}
			})
		})
	}
}

func (r race) run(t *testing.T, s side, number int) {
	s.SetRequest(number, hosttest.Request{})
	var names []string
	for n := range r.writers {
		names = append(names, fmt.Sprintf("cell %02d", n))
	}
	if r.before {
		for _, name := range names {
			if _, err := comment.Post(t.Context(), s.open(token, number), key, says(name, 1, "old "+name), r.mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.SetLatency(hosttest.UpTo(r.latency))
	if r.lag > 0 {
		s.SetLag(hosttest.UpTo(r.lag))
	}
	if r.faults {
		for _, method := range []string{"GET", "POST", s.update, "DELETE"} {
			s.Fail(method, hosttest.Fault{}, hosttest.Fault{Drop: true}, hosttest.Fault{Drop: true, Late: true},
				hosttest.Fault{Status: 502}, hosttest.Fault{Status: 502, Late: true}, hosttest.Fault{Cut: true})
		}
	}
	began := time.Now()
	var jobs sync.WaitGroup
	for _, name := range names {
		jobs.Go(func() {
			time.Sleep(rand.N(time.Second))
			posted, err := comment.Post(t.Context(), s.open(token, number), key, says(name, 2, "new "+name), r.mode)
			if err != nil || !posted.Confirmed {
				t.Errorf("%s: %+v, %v", name, posted, err)
			}
		})
	}
	jobs.Wait()
	took := time.Since(began)
	s.SetLatency(nil)
	s.SetLag(nil)
	last := s.Comments(number)
	current := slices.DeleteFunc(slices.Clone(last), func(c hosttest.Comment) bool { return !strings.HasPrefix(c.Body, marker) })
	if len(current) != 1 {
		t.Errorf("%d comments: %q", len(current), visible(s, number))
		return
	}
	for _, name := range names {
		if !strings.Contains(current[0].Body, "\nnew "+name+"\n") {
			t.Errorf("%s is lost", name)
		}
	}
	if testing.Verbose() && number == 100 {
		t.Logf("%v, %v", took.Round(time.Millisecond), s.Counts())
	}
}

// Runs that overlap: the newer one stays, whatever comes when.
func TestOverlappingRuns(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		s.SetLatency(hosttest.UpTo(300 * time.Millisecond))
		for n := range races() {
			number := 100 + n
			s.SetRequest(number, hosttest.Request{})
			var jobs sync.WaitGroup
			for run := range int64(4) {
				for _, name := range []string{"a", "b"} {
					jobs.Go(func() {
						text := fmt.Sprintf("%s of run %d", name, run)
						if _, err := comment.Post(t.Context(), s.open(token, number), key, says(name, run, text), comment.Update); err != nil {
							t.Error(err)
						}
					})
				}
			}
			jobs.Wait()
			if got := visible(s, number); !slices.Equal(got, []string{"a of run 3|b of run 3"}) {
				t.Errorf("%q", got)
			}
		}
	})
}

// The same over real connections and in real time.
func TestManyJobsOverHTTP(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds: jobs that collide wait in real time")
	}
	t.Parallel()
	g := hosttest.NewGitHub(t, "acme/model")
	g.SetToken(token, hosttest.Account{Login: "github-actions[bot]", App: true})
	g.SetRequest(7, hosttest.Request{})
	g.SetLatency(hosttest.UpTo(30 * time.Millisecond))
	address := g.Start(t)
	var jobs sync.WaitGroup
	for n := range 5 {
		jobs.Go(func() {
			f, err := comment.NewGitHub(comment.GitHubOptions{
				HTTP: &http.Client{}, APIURL: address + "/api/v3", Token: token, Repository: "acme/model", Number: 7,
			})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := comment.Post(t.Context(), f, key, says(fmt.Sprint(n), 1, fmt.Sprintf("cell %d", n)), comment.Update); err != nil {
				t.Error(err)
			}
		})
	}
	jobs.Wait()
	if got := visible(g, 7); !slices.Equal(got, []string{"cell 0|cell 1|cell 2|cell 3|cell 4"}) {
		t.Errorf("%q", got)
	}
}
