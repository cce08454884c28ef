package comment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxAnswer is what is read of an answer at most: 100 comments of GitHub's or 10 of GitLab's longest fit.
	maxAnswer = 64 << 20
	// patience is how long one request may take.
	patience = 20 * time.Second
	maxHops  = 5
)

var errRedirect = errors.New("the redirect leads elsewhere or changes the request")

// bounded returns a client that waits for no answer for ever, reads no endless ones, and follows a redirect only where the
// token and the request stay what they are: within one host, and with the same method.
func bounded(c *http.Client) *http.Client {
	if c == nil {
		c = &http.Client{}
	}
	base := c.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	return &http.Client{
		Transport: boundedTransport{base},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			first := via[0]
			if len(via) > maxHops || req.Method != first.Method || req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme {
				return errRedirect
			}
			return nil
		},
	}
}

type boundedTransport struct{ base http.RoundTripper }

func (t boundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), patience)
	resp, err := t.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer, end: cancel}
	return resp, nil
}

// boundedBody ends its request with its last byte: the clients do not close every body that they read to its end.
type boundedBody struct {
	io.ReadCloser
	left int64
	end  context.CancelFunc
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
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

// apiURL parses the address of an API and ends it with a slash.
func apiURL(name, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
		return nil, fmt.Errorf("%s %q is not https://host/path", name, redacted(text))
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
