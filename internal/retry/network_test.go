package retry_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

// Errors of real connections are told apart: what lasts, and what may pass.
func TestCauses(t *testing.T) {
	t.Parallel()
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secure := httptest.NewServer(ok), httptest.NewTLSServer(ok)
	mutual := httptest.NewUnstartedServer(ok)
	mutual.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	mutual.StartTLS()
	closed := httptest.NewServer(ok)
	closed.Close()
	for _, s := range []*httptest.Server{plain, secure, mutual} {
		t.Cleanup(s.Close)
	}
	trusting := secure.Client().Transport.(*http.Transport)
	insecure := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the server's demand is what is tested
	for name, c := range map[string]struct {
		url       string
		transport *http.Transport
		header    string
		want      retry.Cause
	}{
		"unknown authority":     {secure.URL, &http.Transport{}, "", retry.Untrusted},
		"wrong host":            {"https://localhost:" + port(t, secure.URL), trusting.Clone(), "", retry.Untrusted},
		"client certificate":    {mutual.URL, insecure, "", retry.TLSRejected},
		"plain HTTP":            {"https://" + plain.Listener.Addr().String(), &http.Transport{}, "", retry.NotTLS},
		"header with a newline": {plain.URL, &http.Transport{}, "tok\n", retry.NeverSent},
		"no scheme":             {"mlflow://host", &http.Transport{}, "", retry.NeverSent},
		"proxy wants a login":   {secure.URL, through(t, 407), "", retry.ByProxy},
		"proxy forbids it":      {secure.URL, through(t, 403), "", retry.ByProxy},
		"proxy without server":  {secure.URL, through(t, 502), "", retry.Passing},
		"refused":               {closed.URL, &http.Transport{}, "", retry.Passing},
		"unknown name":          {"http://mlflow.invalid", &http.Transport{}, "", retry.Passing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", c.header)
			resp, err := (&http.Client{Transport: c.transport}).Do(req)
			if err == nil {
				resp.Body.Close()
				t.Fatal("there was an answer")
			}
			if got := retry.CauseOf(err); got != c.want {
				t.Errorf("%v: %q, want %q", err, got, c.want)
			}
		})
	}
	if got := retry.CauseOf(&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}); got != retry.Passing {
		t.Errorf("reset: %q", got)
	}
}

func port(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// through is a way through a proxy that answers every CONNECT so.
func through(t *testing.T, status int) *http.Transport {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(proxy.Close)
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Transport{Proxy: http.ProxyURL(u), OnProxyConnectResponse: retry.Connected}
}
