package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/doctor"
)

// at is a server whose clock is ahead of ours.
func at(t *testing.T, ahead time.Duration) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		http.Redirect(w, r, "https://aws.amazon.com/iam", http.StatusFound) // as STS does
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ahead     []time.Duration
		level     doctor.Level
		text, fix string
	}{
		"right":       {[]time.Duration{0, 0}, doctor.OK, "same time as first", ""},
		"little":      {[]time.Duration{30 * time.Second}, doctor.OK, "s behind the clock of first", ""},
		"late":        {[]time.Duration{0, 90*time.Second + 500*time.Millisecond}, doctor.Warn, "behind the clock of second", "NTP"},
		"early":       {[]time.Duration{-10 * time.Minute, time.Minute}, doctor.Fail, "ahead of the clock of first", "NTP"},
		"five":        {[]time.Duration{-5*time.Minute - 5*time.Second}, doctor.Fail, "ahead of", "NTP"},
		"almost five": {[]time.Duration{5*time.Minute - 5*time.Second}, doctor.Warn, "behind", "NTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := doctor.Clock{Client: http.DefaultClient, Now: time.Now}
			for i, ahead := range c.ahead {
				clock.Servers = append(clock.Servers, doctor.ClockServer{Name: []string{"first", "second"}[i], URL: at(t, ahead)})
			}
			clock.Servers = append(clock.Servers, doctor.ClockServer{Name: "away", URL: "http://127.0.0.1:1"})
			found, _ := examine(t, clock.Check())
			expect(t, found["clock"], c.level, c.text, c.fix)
		})
	}
	found, good := examine(t, doctor.Clock{
		Client: http.DefaultClient, Now: time.Now, Servers: []doctor.ClockServer{{Name: "away", URL: "http://127.0.0.1:1"}},
	}.Check())
	expect(t, found["clock"], doctor.Warn, "no server sent its time", "")
	if !good {
		t.Error("a run cannot start")
	}
}
