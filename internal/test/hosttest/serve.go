package hosttest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// served is a host that answers requests.
type served struct {
	script
	answer func(http.ResponseWriter, *http.Request)
}

// errDropped is that the server closed the connection.
var errDropped = errors.New("connection reset by peer")

// Start serves on a loopback address until the test ends, and returns http://host:port.
func (s *served) Start(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

// ServeHTTP answers a request, or fails as it was told.
func (s *served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resp, err := s.respond(r)
	if err != nil {
		abort(w)
		return
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Header().Set("Content-Length", strconv.Itoa(2*len(body)+1))
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(body) // one that is shorter than announced ends the connection
}

// abort closes the connection.
func abort(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// Client returns a client whose requests are answered in process, whatever host they name.
func (s *served) Client() *http.Client { return &http.Client{Transport: s} }

// RoundTrip answers a request in process. The request is carried out even if its sender gives up meanwhile.
func (s *served) RoundTrip(r *http.Request) (*http.Response, error) {
	type outcome struct {
		resp *http.Response
		err  error
	}
	sent := r.Clone(r.Context())
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		sent.Body = io.NopCloser(bytes.NewReader(body))
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.resp, o.err = s.respond(sent) //nolint:bodyclose // whoever sent the request closes it
		done <- o
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case o := <-done:
		if o.resp != nil {
			o.resp.Request = r
		}
		return o.resp, o.err
	}
}

func (s *served) respond(r *http.Request) (*http.Response, error) {
	fault := s.next(method(r))
	s.wait()
	record := httptest.NewRecorder()
	if fault.Late || fault.Cut || fault.Status == 0 && !fault.Drop {
		s.answer(record, r)
	}
	time.Sleep(fault.After)
	s.wait()
	switch {
	case fault.Drop:
		return nil, errDropped
	case fault.Status != 0:
		record = httptest.NewRecorder()
		for name, value := range fault.Header {
			record.Header().Set(name, value)
		}
		record.WriteHeader(fault.Status)
		_, _ = record.WriteString(fault.Body)
	}
	resp := record.Result()
	resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if fault.Cut {
		body := record.Body.Bytes()
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), cutReader{}))
	}
	return resp, nil
}

// cutReader is the end of an answer that was cut.
type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }
