package mlflowtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Gate lets only requests pass that are signed with AWS Signature Version 4, as API Gateway does, and refuses others in
// its words. It computes the signature by the documentation, not by an SDK:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
type Gate struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Region, Service                            string
	Header                                     http.Header // what each request must have besides; may be nil

	mu         sync.Mutex
	signatures map[string]bool
	refused    int
}

// Signed returns the URL of a server that lets what passes the gate on to next. It ends with the test.
func Signed(t testing.TB, gate *Gate, next http.Handler) string {
	t.Helper()
	server := httptest.NewServer(gate.Before(next))
	t.Cleanup(server.Close)
	return server.URL
}

// Before is the gate before a handler.
func (g *Gate) Before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client went away
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if code, words := g.refusal(r, body); code != "" {
			g.mu.Lock()
			g.refused++
			g.mu.Unlock()
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Amzn-Errortype", code)
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": words})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Refused is how many requests were.
func (g *Gate) Refused() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refused
}

// Signatures is how many different ones passed.
func (g *Gate) Signatures() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.signatures)
}

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	leeway     = 5 * time.Minute
)

// refusal is what API Gateway answers to a request that it does not take; an empty code lets it pass.
func (g *Gate) refusal(r *http.Request, body []byte) (code, words string) {
	const bad = "InvalidSignatureException"
	auth, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return "MissingAuthenticationTokenException", "Missing Authentication Token"
	}
	for name := range g.Header {
		if r.Header.Get(name) != g.Header.Get(name) || !slices.Contains(auth.headers, strings.ToLower(name)) {
			return "AccessDeniedException", fmt.Sprintf("the header %s is %q, signed are %q", name, r.Header.Get(name), auth.headers)
		}
	}
	scope := auth.scope
	if len(scope) != 4 || scope[3] != "aws4_request" {
		return bad, "Credential must have exactly 5 slash-delimited elements"
	}
	if auth.key != g.AccessKeyID || r.Header.Get("X-Amz-Security-Token") != g.SessionToken {
		return "UnrecognizedClientException", "The security token included in the request is invalid."
	}
	if scope[1] != g.Region {
		return bad, fmt.Sprintf("Credential should be scoped to a valid region, not '%s'. ", scope[1])
	}
	if scope[2] != g.Service {
		return bad, fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", g.Service)
	}
	if late := late(r.Header.Get("X-Amz-Date"), time.Now()); late != "" {
		return bad, late
	}
	hash := hexHash(body)
	if told := r.Header.Get("X-Amz-Content-Sha256"); told != "" && told != hash || g.signature(r, auth, hash) != auth.signature {
		return bad, "The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.signatures == nil {
		g.signatures = map[string]bool{}
	}
	g.signatures[auth.signature] = true
	return "", ""
}

// late says that the time of a signature is too far from ours.
func late(stamp string, now time.Time) string {
	signed, err := time.Parse(timeFormat, stamp)
	if err != nil {
		return "Date must be in ISO-8601 'basic format'. Got '" + stamp + "'."
	}
	format := func(t time.Time) string { return t.UTC().Format(timeFormat) }
	switch {
	case signed.Before(now.Add(-leeway)):
		return fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)", stamp, format(now.Add(-leeway)), format(now))
	case signed.After(now.Add(leeway)):
		return fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)", stamp, format(now.Add(leeway)), format(now))
	}
	return ""
}

// authorization is the header of that name.
type authorization struct {
	key       string
	scope     []string // date, region, service, aws4_request
	headers   []string
	signature string
}

func parseAuthorization(header string) (authorization, bool) {
	var a authorization
	fields, ok := strings.CutPrefix(header, algorithm+" ")
	for field := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Credential":
			parts := strings.Split(value, "/")
			a.key, a.scope = parts[0], parts[1:]
		case "SignedHeaders":
			a.headers = strings.Split(value, ";")
		case "Signature":
			a.signature = value
		}
	}
	return a, ok && slices.Contains(a.headers, "host") && slices.Contains(a.headers, "x-amz-date")
}

// signature is the one that a request should have.
func (g *Gate) signature(r *http.Request, a authorization, bodyHash string) string {
	var headers strings.Builder
	for _, name := range a.headers {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
	}
	request := strings.Join([]string{
		r.Method, canonicalPath(r.URL), canonicalQuery(r.URL), headers.String(), strings.Join(a.headers, ";"), bodyHash,
	}, "\n")
	toSign := strings.Join([]string{algorithm, r.Header.Get("X-Amz-Date"), strings.Join(a.scope, "/"), hexHash([]byte(request))}, "\n")
	key := []byte("AWS4" + g.SecretAccessKey)
	for _, part := range append(slices.Clip(a.scope), toSign) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

// canonicalPath quotes twice what the path means, however it came.
func canonicalPath(u *url.URL) string {
	quote := func(path string) string { return strings.ReplaceAll(quoted(path), "%2F", "/") }
	if u.Path == "" {
		return "/"
	}
	return quote(quote(u.Path))
}

func canonicalQuery(u *url.URL) string {
	query := map[string][]string{}
	for name, values := range u.Query() {
		for _, value := range values {
			query[quoted(name)] = append(query[quoted(name)], quoted(value))
		}
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range slices.Sorted(slices.Values(query[name])) {
			pairs = append(pairs, name+"="+value)
		}
	}
	return strings.Join(pairs, "&")
}

// quoted leaves A-Z, a-z, 0-9, '-', '.', '_' and '~'.
func quoted(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
