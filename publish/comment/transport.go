package comment

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/origin"
)

const (
	// maxAnswer bounds the size of an answer: 100 comments of GitHub's or 10 of GitLab's longest fit.
	maxAnswer = 64 << 20
	// attemptTimeout is how long one request may take.
	attemptTimeout = 20 * time.Second
)

// bounded returns a client with a timeout for each request and a limit for the size of answers. It follows a redirect only
// within one origin and with the same method, so that neither the token nor the request changes.
func bounded(c *http.Client) *http.Client {
	if c == nil {
		c = &http.Client{}
	}
	base := c.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	return &http.Client{Transport: boundedTransport{base}, CheckRedirect: origin.Stay}
}

// errTooLong is the error for an answer of which no more is read.
var errTooLong = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

type boundedTransport struct{ base http.RoundTripper }

func (t boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer, end: cancel}
	return resp, nil
}

// boundedBody ends its request after its last byte: the clients do not close every body that they read to its end.
type boundedBody struct {
	io.ReadCloser
	left int64
	end  context.CancelFunc
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		b.end()
	}
	return n, err
}

func (b *boundedBody) Close() error {
	b.end()
	return b.ReadCloser.Close()
}

// apiURL parses the address of an API and appends a slash.
func apiURL(name, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
		return nil, fmt.Errorf("%s %q is not a URL like https://host/path", name, redacted(text))
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	u.RawQuery, u.Fragment = "", ""
	return u, nil
}

// redacted returns an address without its user info.
func redacted(text string) string {
	if at := strings.LastIndex(text, "@"); at >= 0 {
		return "***" + text[at:]
	}
	return text
}
