package rest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/origin"
	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Options hold the address of the server and the credentials. They are plain values; the client reads no environment.
type Options struct {
	// URI is the tracking URI, http or https. It may have a path prefix, and user info, which wins over all other
	// credentials.
	URI string
	// Username and Password together win over Token, as in MLflow.
	Username, Password string
	Token              string
	// Sign makes the client sign requests for AWS, instead of all other credentials.
	Sign Signing
	// Header is sent with every request besides what the client sends itself; may be nil.
	Header http.Header
	TLS    TLS
	// Workspace is sent with every request; empty: none. Servers without workspaces reject it or, in MLflow 2, ignore it.
	Workspace string
	UserAgent string
	// Proxy returns the proxy for a URL, nil for none, as golang.org/x/net/http/httpproxy does. A nil Proxy means none.
	Proxy func(*url.URL) (*url.URL, error)
	// Timeout ends an attempt during which nothing was sent, or which is not answered by then; 0 means 30 seconds.
	Timeout time.Duration
}

// TLS says how the server's certificate is checked, and which one the client shows.
type TLS struct {
	CACertPath     string // PEM file with the only certificate authorities that are trusted; empty: those of the system
	ClientCertPath string // PEM file with the client's certificate and key; empty: none
	Insecure       bool   // turns the check of the server's certificate off; excludes CACertPath
}

const (
	defaultTimeout = 30 * time.Second
	connectTimeout = 10 * time.Second
	// idleConnections is kept per server, so that parallel uploads of many small files do not connect anew each time.
	idleConnections = 32
	// idleTime is below the 5 s after which uvicorn closes an idle connection
	// (https://uvicorn.dev/settings/#timeouts), so that no request is sent into one that is being closed.
	idleTime = 4 * time.Second
	// maxHeader bounds the header of an answer.
	maxHeader = 1 << 20
)

// Client is the client of one tracking server. It is safe for concurrent use.
type Client struct {
	base      url.URL // without user info and trailing slash
	display   string
	authorize func(http.Header)
	signedIn  string // the variables that hold the credentials that are sent; empty: none are
	sign      Signing
	header    http.Header
	workspace string
	userAgent string
	timeout   time.Duration
	http      *http.Client // for requests with what is ours
	foreign   *http.Client // for those without
}

var _ mlflow.Store = (*Client)(nil)

// New returns the client of a server. It sends nothing; a wrong option is an error that names it.
func New(opts Options) (*Client, error) {
	base, err := url.Parse(opts.URI)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("tracking URI %q must have the form http://host or https://host", mlflow.RedactURI(opts.URI))
	}
	if base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("tracking URI %q has a query or a fragment; remove it", mlflow.RedactURI(opts.URI))
	}
	if err := errors.Join(opts.Sign.check(), opts.checkCredentials(base.User)); err != nil {
		return nil, err
	}
	security, err := tlsConfig(opts.TLS)
	if err != nil {
		return nil, err
	}
	c := &Client{sign: opts.Sign, header: opts.Header, workspace: opts.Workspace, userAgent: opts.UserAgent, timeout: opts.Timeout}
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	c.authorize, c.signedIn = authorization(opts, base.User)
	base.User = nil
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), ""
	c.base, c.display = *base, base.String()
	transport := &http.Transport{
		Proxy:                  proxy(opts.Proxy),
		DialContext:            (&net.Dialer{Timeout: connectTimeout, KeepAlive: connectTimeout}).DialContext,
		TLSClientConfig:        security,
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    idleConnections,
		IdleConnTimeout:        idleTime,
		OnProxyConnectResponse: retry.Connected,
		MaxResponseHeaderBytes: maxHeader,
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: c.redirect}
	c.foreign = &http.Client{Transport: transport, CheckRedirect: origin.Anywhere}
	return c, nil
}

// Display is the tracking URI without credentials.
func (c *Client) Display() string { return c.display }

// RunURL is the page of a run in the MLflow UI.
func (c *Client) RunURL(experimentID, runID string) string {
	return fmt.Sprintf("%s/#/experiments/%s/runs/%s", c.display, url.PathEscape(experimentID), url.PathEscape(runID))
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// authorization follows MLflow (mlflow/utils/rest_utils.py), where user info in the URI beats everything but a signature
// because the HTTP library puts it in last.
func authorization(opts Options, user *url.Userinfo) (func(http.Header), string) {
	basic := func(username, password string) func(http.Header) {
		return func(h http.Header) {
			req := http.Request{Header: h}
			req.SetBasicAuth(username, password)
		}
	}
	password, _ := user.Password()
	switch {
	case opts.Sign.Credentials != nil: // takes the place of what the others would set
		return func(http.Header) {}, "the AWS credentials"
	case user != nil:
		return basic(user.Username(), password), "the user info in MLFLOW_TRACKING_URI"
	case opts.Username != "" && opts.Password != "":
		return basic(opts.Username, opts.Password), "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
	case opts.Token != "":
		return func(h http.Header) { h.Set("Authorization", "Bearer "+opts.Token) }, "MLFLOW_TRACKING_TOKEN"
	}
	return func(http.Header) {}, ""
}

func proxy(choose func(*url.URL) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	if choose == nil {
		return nil
	}
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
}

// redirect is the rule for a redirect of a request to our server. Where we have neither credentials nor headers for it, there
// is nothing that must stay.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	if c.signedIn == "" && c.workspace == "" && len(c.header) == 0 {
		return origin.Anywhere(req, via)
	}
	if err := origin.Stay(req, via); err != nil {
		return err
	}
	if isSigned(via[len(via)-1]) {
		return c.sign.follow(req)
	}
	return nil
}
