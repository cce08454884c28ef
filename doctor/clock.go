package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Clock compares the clock of this machine with those of servers.
type Clock struct {
	Servers []ClockServer
	Client  *http.Client
	Now     func() time.Time
}

// ClockServer is a server whose answers carry the time.
type ClockServer struct{ Name, URL string }

// AWS accepts a signature up to 5 minutes off.
const (
	skewWarn = time.Minute
	skewFail = 5 * time.Minute
)

// Check returns the check of the clock. A server that does not answer is ignored, as other checks report that.
func (c Clock) Check() Check { return Check{Name: "clock", Look: c.look} }

func (c Clock) look(ctx context.Context) Finding {
	skews := make([]time.Duration, len(c.Servers))
	faults := make([]error, len(c.Servers))
	var requests sync.WaitGroup
	for i, s := range c.Servers {
		requests.Go(func() { skews[i], faults[i] = c.skew(ctx, s.URL) })
	}
	requests.Wait()
	worst := -1
	for i := range c.Servers {
		if faults[i] == nil && (worst < 0 || skews[i].Abs() > skews[worst].Abs()) {
			worst = i
		}
	}
	if worst < 0 {
		return warn("", "no server sent its time: %v", errors.Join(faults...))
	}
	skew, name := skews[worst], c.Servers[worst].Name
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	text := fmt.Sprintf("%s %s the clock of %s", skew.Abs(), direction, name)
	const fix = "correct the clock of this machine, for example with NTP; AWS rejects a signature that is 5 minutes off"
	switch {
	case skew.Abs() >= skewFail:
		return Finding{Level: Fail, Text: text, Fix: fix}
	case skew.Abs() > skewWarn:
		return warn(fix, "%s", text)
	case skew == 0:
		return ok("same time as %s", name)
	}
	return ok("%s", text)
}

// skew returns by how much our clock is ahead of a server's, to the second, which is the precision of a Date header.
func (c Clock) skew(ctx context.Context, url string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	client := *c.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	before := c.Now()
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_ = resp.Body.Close()
	after := c.Now()
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0, fmt.Errorf("%s sent no Date header", url)
	}
	switch { // the header has no fractions: the server's time is somewhere in the second that starts with it
	case before.After(theirs.Add(time.Second)):
		return before.Sub(theirs).Truncate(time.Second), nil
	case after.Before(theirs):
		return after.Sub(theirs).Truncate(time.Second), nil
	}
	return 0, nil
}
