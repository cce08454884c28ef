package origin

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is how often one request is redirected.
const maxRedirects = 5

// Same reports whether two addresses have the same scheme, host and port.
func Same(one, other *url.URL) bool {
	return strings.EqualFold(one.Scheme, other.Scheme) && strings.EqualFold(one.Hostname(), other.Hostname()) && port(one) == port(other)
}

// port returns the port of an address, also where it is that of its scheme and so left out.
func port(u *url.URL) string {
	usual := map[string]string{"http": "80", "https": "443"}
	return cmp.Or(u.Port(), usual[strings.ToLower(u.Scheme)])
}

// RedirectError is a redirect that is not followed.
type RedirectError struct {
	To  string // without user info, query and fragment, which may hold secrets
	Why string
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("the server redirects to %q, which is not followed: %s", e.To, e.Why)
}

// IsRedirect reports whether an error is a redirect that is not followed. A retry would meet it again.
func IsRedirect(err error) bool {
	_, ok := errors.AsType[*RedirectError](err)
	return ok
}

// Stay follows a redirect only to the same origin. It is the http.Client.CheckRedirect of requests that carry credentials.
func Stay(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if err := kept(req, via); err != nil {
		return err
	}
	if !Same(first, req.URL) {
		return refused(req, "credentials stay with "+first.Scheme+"://"+first.Host)
	}
	return nil
}

// Anywhere follows a redirect to other origins, too. It is the http.Client.CheckRedirect of requests that carry no credentials
// of ours; what a server gave to be sent to one address is not sent to another origin.
func Anywhere(req *http.Request, via []*http.Request) error {
	if err := kept(req, via); err != nil {
		return err
	}
	if !Same(via[0].URL, req.URL) {
		for name := range req.Header {
			if isCredential(name) {
				req.Header.Del(name)
			}
		}
	}
	return nil
}

// kept reports, as an error, what no redirect may change: the method, with the body, and that a connection is encrypted.
func kept(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case req.Method != first.Method:
		return refused(req, fmt.Sprintf("the %s would become a %s", first.Method, req.Method))
	case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
		return refused(req, "the connection would no longer be encrypted")
	case len(via) > maxRedirects:
		return refused(req, fmt.Sprintf("it is the redirect number %d", len(via)))
	}
	return nil
}

func refused(req *http.Request, why string) error {
	to := *req.URL
	to.User, to.RawQuery, to.Fragment = nil, "", ""
	return &RedirectError{To: to.String(), Why: why}
}

// isCredential reports whether a header is one in which credentials are sent.
func isCredential(name string) bool {
	switch name = strings.ToLower(name); name {
	case "authorization", "proxy-authorization", "cookie", "private-token", "job-token", "x-amz-security-token":
		return true
	}
	return strings.HasPrefix(name, "x-mlflow-") || strings.HasSuffix(name, "-token") || strings.HasSuffix(name, "-key")
}
