package retry

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Cause is why a request got no answer.
type Cause string

// The causes that last: a retry meets them again. Any other error of the network may pass, and is the empty Cause: a refused or
// reset connection, a timeout, and a name that does not resolve, as it does not without a network.
const (
	Passing     Cause = ""
	Untrusted   Cause = "untrusted"    // the server's certificate: its authority is unknown, it has expired, it is for another host
	TLSRejected Cause = "tls rejected" // the server ended the handshake, for example because it wants a certificate of the client
	NotTLS      Cause = "not tls"      // the other side does not speak TLS
	NeverSent   Cause = "never sent"   // the request cannot be written, for example because of a line break in a header
	ByProxy     Cause = "by proxy"     // the proxy rejected the connection
)

// CauseOf tells errors of http.Client.Do apart. It is the one table for that.
func CauseOf(err error) Cause {
	refused, byProxy := errors.AsType[*ProxyError](err)
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, noRecord := errors.AsType[tls.RecordHeaderError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	words := err.Error()
	switch {
	case byProxy && !passes(refused.Status):
		return ByProxy
	case unverified:
		return Untrusted
	case isOp && op.Op == "remote error": // an alert of TLS, which has no type of its own
		return TLSRejected
	case noRecord, strings.Contains(words, "server gave HTTP response to HTTPS client"):
		return NotTLS
	case strings.Contains(words, "net/http: invalid"), strings.Contains(words, "unsupported protocol scheme"),
		strings.Contains(words, "no Host in request URL"):
		return NeverSent
	}
	return Passing
}

// ProxyError is a proxy's answer that it does not connect to the server.
type ProxyError struct {
	Proxy  string // host and port
	Status int
}

func (e *ProxyError) Error() string {
	return "the proxy " + e.Proxy + " did not connect: " + strings.TrimSpace(http.StatusText(e.Status))
}

// Connected makes an error of a proxy's answer that it does not connect to the server. It is an http.Transport.OnProxyConnectResponse.
func Connected(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &ProxyError{Proxy: proxy.Host, Status: resp.StatusCode}
	}
	return nil
}

// passes reports whether a status may be another one later.
func passes(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}
