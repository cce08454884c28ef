package mlflowtest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Proxy stands before a server and spoils the requests that rules match.
type Proxy struct {
	URL string

	server *httptest.Server
	behind *httputil.ReverseProxy

	mu    sync.Mutex
	rules []*Rule
	calls map[string]int
	sent  int64
}

// Rule spoils the next requests whose path ends in Path. One field besides Path and Times says how.
type Rule struct {
	Path  string // such as "runs/create"; empty: every path
	Skip  int    // how many requests pass first
	Times int    // how many requests; 0: all

	Status     int    // answer so, without asking the server
	Body       string // with Status
	RetryAfter string // with Status
	Hang       bool   // never answer
	Refuse     bool   // close the connection, without asking the server
	Lose       bool   // ask the server, then close the connection instead of answering
	Cut        bool   // ask the server, then send half of its answer
	Huge       int64  // answer with a JSON object of so many bytes
	Drip       bool   // answer with blanks, one each 100 ms, without an end
	Keep       bool   // ask the server, then never answer
}

// New returns a proxy before the server at that URL. It ends with the test.
func New(t testing.TB, behind string) *Proxy {
	t.Helper()
	p := Handler(t, behind)
	p.server = httptest.NewServer(p)
	p.URL = p.server.URL
	t.Cleanup(p.server.Close)
	return p
}

// Handler returns a proxy that a test serves itself.
func Handler(t testing.TB, behind string) *Proxy {
	t.Helper()
	u, err := url.Parse(behind)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	return &Proxy{behind: proxy, calls: map[string]int{}}
}

// Spoil adds a rule. The first rule that matches a request applies.
func (p *Proxy) Spoil(r Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &r)
}

// Mend removes all rules.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = nil
}

// Calls returns how many requests came for paths that end so.
func (p *Proxy) Calls(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for called, times := range p.calls {
		if strings.HasSuffix(called, path) {
			n += times
		}
	}
	return n
}

// Sent returns how many bytes of huge answers were taken.
func (p *Proxy) Sent() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// huge answers with one long string in an object, as long as the client takes it.
func (p *Proxy) huge(w http.ResponseWriter, size int64) {
	piece := []byte(strings.Repeat("a", 1<<16))
	_, _ = io.WriteString(w, `{"run": {"info": {"run_name": "`)
	for left := size; left > 0; left -= int64(len(piece)) {
		n, err := w.Write(piece)
		p.mu.Lock()
		p.sent += int64(n)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, `"}}}`)
}

// drip answers one byte after the other until the client has enough.
func drip(w http.ResponseWriter, r *http.Request) {
	const pace = 100 * time.Millisecond
	for r.Context().Err() == nil {
		_, _ = w.Write([]byte(" "))
		_ = http.NewResponseController(w).Flush()
		time.Sleep(pace)
	}
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rule := p.next(r.URL.Path)
	switch {
	case rule.Status != 0:
		if rule.RetryAfter != "" {
			w.Header().Set("Retry-After", rule.RetryAfter)
		}
		w.WriteHeader(rule.Status)
		_, _ = w.Write([]byte(rule.Body))
	case rule.Hang:
		_, _ = io.Copy(io.Discard, r.Body) // only then the end of the connection is noticed
		<-r.Context().Done()
	case rule.Refuse:
		hangUp(w)
	case rule.Lose:
		p.behind.ServeHTTP(httptest.NewRecorder(), r)
		hangUp(w)
	case rule.Cut:
		answer := httptest.NewRecorder()
		p.behind.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		w.Header().Set("Content-Length", answer.Header().Get("Content-Length"))
		_, _ = w.Write(body[:len(body)/2])
	case rule.Huge > 0:
		p.huge(w, rule.Huge)
	case rule.Drip:
		drip(w, r)
	case rule.Keep:
		p.behind.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
		<-r.Context().Done()
	default:
		p.behind.ServeHTTP(w, r)
	}
}

func (p *Proxy) next(path string) Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[path]++
	for i, r := range p.rules {
		if !strings.HasSuffix(path, r.Path) {
			continue
		}
		if r.Skip > 0 {
			r.Skip--
			continue
		}
		if r.Times > 0 {
			if r.Times--; r.Times == 0 {
				p.rules = append(p.rules[:i], p.rules[i+1:]...)
			}
		}
		return *r
	}
	return Rule{}
}

// hangUp closes the connection of a request.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}
