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

// A signature is good for 5 minutes of difference.
const (
	skewWarn = time.Minute
	skewFail = 5 * time.Minute
)

// Check is that of the clock. With a server that does not answer it makes do without, for other checks tell of that.
func (c Clock) Check() Check { return Check{Name: "clock", Look: c.look} }

func (c Clock) look(ctx context.Context) Finding {
	skews := make([]time.Duration, len(c.Servers))
	faults := make([]error, len(c.Servers))
	var asked sync.WaitGroup
	for i, s := range c.Servers {
		asked.Go(func() { skews[i], faults[i] = c.skew(ctx, s.URL) })
	}
	asked.Wait()
	worst := -1
	for i := range c.Servers {
		if faults[i] == nil && (worst < 0 || skews[i].Abs() > skews[worst].Abs()) {
			worst = i
		}
	}
	if worst < 0 {
		return warn("", "no server told the time: %v", errors.Join(faults...))
	}
	skew, name := skews[worst], c.Servers[worst].Name
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	text := fmt.Sprintf("%s %s that of %s", skew.Abs(), direction, name)
	const fix = "set the clock of this machine right, such as by NTP; AWS takes no signature that is 5 minutes off"
	switch {
	case skew.Abs() >= skewFail:
		return Finding{Level: Fail, Text: text, Fix: fix}
	case skew.Abs() > skewWarn:
		return warn(fix, "%s", text)
	case skew == 0:
		return ok("that of %s", name)
	}
	return ok("%s", text)
}

// skew is by how much our clock is ahead of a server's, to the second, which is as exact as a Date header is.
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
		return 0, fmt.Errorf("%s tells no time", url)
	}
	switch { // the server's time lies somewhere in the second that starts with what it says
	case before.After(theirs.Add(time.Second)):
		return before.Sub(theirs).Truncate(time.Second), nil
	case after.Before(theirs):
		return after.Sub(theirs).Truncate(time.Second), nil
	}
	return 0, nil
}
