package origin_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/origin"
)

func TestSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		one, other string
		same       bool
	}{
		{"http://host", "http://HOST:80/path", true},
		{"https://host:443/a", "https://host/b?c", true},
		{"http://host", "https://host", false},
		{"http://host", "http://host:8080", false},
		{"http://host:443", "https://host", false},
		{"http://host", "http://host.example", false},
		{"http://[::1]:5000", "http://[::1]:5000/x", true},
		{"http://127.0.0.1:5000", "http://localhost:5000", false},
	} {
		one, err := url.Parse(c.one)
		if err != nil {
			t.Fatal(err)
		}
		other, err := url.Parse(c.other)
		if err != nil {
			t.Fatal(err)
		}
		if origin.Same(one, other) != c.same {
			t.Errorf("%s and %s: want %t", c.one, c.other, c.same)
		}
	}
}

// servers are two servers, of which the first redirects to an address, and what the second one saw.
func servers(t *testing.T, status int, to func(*url.URL) string) (first string, seen *http.Header) {
	t.Helper()
	seen = new(http.Header)
	second := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { *seen = r.Header }))
	t.Cleanup(second.Close)
	u, err := url.Parse(second.URL)
	if err != nil {
		t.Fatal(err)
	}
	redirecting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/here" {
			*seen = r.Header
			return
		}
		http.Redirect(w, r, to(u), status)
	}))
	t.Cleanup(redirecting.Close)
	return redirecting.URL, seen
}

// Credentials of every kind stay with one origin, and no redirect makes a GET of a POST.
func TestRedirects(t *testing.T) {
	t.Parallel()
	headers := []string{"Authorization", "Cookie", "X-Mlflow-Workspace", "X-Amz-Security-Token", "Private-Token", "Job-Token"}
	otherPort := func(u *url.URL) string { return u.String() }
	otherHost := func(u *url.URL) string { return "http://localhost:" + u.Port() }
	here := func(*url.URL) string { return "/here" }
	for name, c := range map[string]struct {
		rule    func(*http.Request, []*http.Request) error
		method  string
		status  int
		to      func(*url.URL) string
		words   string // of the error; empty: it is followed
		carries bool   // the credentials
	}{
		"the same origin":          {origin.Stay, "GET", 302, here, "", true},
		"POST to the same origin":  {origin.Stay, "POST", 308, here, "", true},
		"POST becomes a GET":       {origin.Stay, "POST", 302, here, "the POST would become a GET", false},
		"another port":             {origin.Stay, "GET", 302, otherPort, "credentials stay with http://127.0.0.1", false},
		"another port, kept":       {origin.Stay, "POST", 307, otherPort, "credentials stay with", false},
		"another host":             {origin.Stay, "GET", 301, otherHost, "credentials stay with", false},
		"no credentials of ours":   {origin.Anywhere, "PUT", 307, otherPort, "", false},
		"no end":                   {origin.Stay, "GET", 302, func(*url.URL) string { return "/again" }, "it is the redirect number 6", false},
		"without them, to a GET":   {origin.Anywhere, "POST", 303, otherPort, "the POST would become a GET", false},
		"without them, same place": {origin.Anywhere, "GET", 302, here, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, seen := servers(t, c.status, c.to)
			req, err := http.NewRequestWithContext(t.Context(), c.method, first, strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range headers {
				req.Header.Set(name, "s3cret")
			}
			client := http.Client{CheckRedirect: c.rule}
			resp, err := client.Do(req)
			if resp != nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if (err == nil) != (c.words == "") || err != nil && (!strings.Contains(err.Error(), c.words) || !origin.IsRedirect(err)) {
				t.Errorf("error %v, want %q", err, c.words)
			}
			for _, name := range headers {
				if got := seen.Get(name) != ""; got != c.carries {
					t.Errorf("%s arrived: %t", name, got)
				}
			}
		})
	}
}

func TestNoDowngrade(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]func(*http.Request, []*http.Request) error{"with credentials": origin.Stay, "without": origin.Anywhere} {
		from, to := httptest.NewRequest(http.MethodGet, "https://host/", nil), httptest.NewRequest(http.MethodGet, "http://u:p@host/?sig=s3cret", nil)
		err := rule(to, []*http.Request{from})
		if err == nil || !strings.Contains(err.Error(), `"http://host/"`) || !strings.Contains(err.Error(), "no longer be encrypted") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
