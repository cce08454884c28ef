package retry

import (
	"net/http"
	"strconv"
	"time"
)

// AfterHeader reads the header Retry-After of an answer in both forms, seconds and a date, of which the latter is by the
// server's own clock (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3). It is false if the header is missing or invalid.
func AfterHeader(h http.Header) (time.Duration, bool) {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(ServerTime(h)), 0), true
	}
	return 0, false
}

// ServerTime is the server's clock by the Date of its answer, else ours.
func ServerTime(h http.Header) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}
