//go:build unix

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// newStories builds the binary for stories that are told in Go, with readers for both lines.
func newStories(t *testing.T) stories {
	t.Helper()
	s := stories{t: t, bin: binFolder, readers: map[int]*reader{3: {line: 3}, 2: {line: 2}}}
	t.Cleanup(func() {
		for _, r := range s.readers {
			r.stop(t)
		}
	})
	return s
}

// call is one call of the binary.
type call struct {
	dir   string
	env   []string // further variables, NAME=value
	stdin io.Reader
}

// ended is how a call ended.
type ended struct {
	code           int
	stdout, stderr string
	state          *os.ProcessState
}

// callLimit ends a call that hangs; what is tested must not take near as long.
const callLimit = time.Minute

func (s stories) call(t *testing.T, c call, args ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callLimit)
	defer cancel()
	line := slices.Concat(s.program, []string{filepath.Join(s.bin, "mlops-track")}, args)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.dir, c.stdin, &stdout, &stderr
	cmd.Env = append(cleanEnviron(c.dir), c.env...)
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatalf("mlops-track %s has not ended after %s:\n%s", strings.Join(args, " "), callLimit, stderr.Bytes())
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), cmd.ProcessState}
}

// says asks for an exit code and for words on standard error.
func (e ended) says(t *testing.T, code int, words ...string) {
	t.Helper()
	bad := e.code != code
	for _, w := range words {
		bad = bad || !strings.Contains(e.stderr, w)
	}
	if bad {
		t.Errorf("exit code %d, want %d and %q in\n%s", e.code, code, words, e.stderr)
	}
}

// gateway stands before a real server, where a rule may spoil what passes.
type gateway struct {
	url  string
	http *httptest.Server

	mu   sync.Mutex
	rule func(http.ResponseWriter, *http.Request) (answered bool)
}

// newGateway opens a gateway to a server. The rule is called for one request at a time.
func newGateway(t *testing.T, server string, rule func(http.ResponseWriter, *http.Request) bool) *gateway {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		if r.In.URL.IsAbs() { // asked as an HTTP proxy: the server is told the name that was meant
			r.Out.Host = r.In.Host
		}
	}}
	g := &gateway{rule: rule}
	g.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.spoils(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	g.url = g.http.URL
	t.Cleanup(g.http.Close)
	return g
}

func (g *gateway) spoils(w http.ResponseWriter, r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock() // a rule may panic, see away
	return g.rule(w, r)
}

// away spoils a request as a server does that has just gone: the connection ends without an answer.
func away() { panic(http.ErrAbortHandler) }

// body returns the body of a request, and leaves it to be read again.
func body(t *testing.T, r *http.Request) string {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return string(text)
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// outputOf reads one output of a dotenv file, such as RUN_ID.
func outputOf(t *testing.T, file, name string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "MLOPS_OUT_"+name+"="); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
