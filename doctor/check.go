package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// Level is how a check ended.
type Level string

// The levels, from good to bad.
const (
	OK   Level = "ok"
	Skip Level = "skip" // it was not made, because of another one
	Warn Level = "warn" // a run starts, but not all of it will be as it should
	Fail Level = "fail" // a run would stop
)

// Finding is what a check found.
type Finding struct {
	Check string `json:"check"`
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"` // what to do, one or more lines; may be empty

	blocks bool // checks that come after it would find the same, although a run can start
}

// stops says that the checks that come after are not worth making.
func (f Finding) stops() bool { return f.Level == Fail || f.Level == Skip || f.blocks }

// Check is one thing that is looked at.
type Check struct {
	Name string
	// After names earlier checks, without whose success this one is not made. Those that are not there do not count.
	After []string
	// Look says what it found. What it sets is there for the checks that come after it.
	Look func(context.Context) Finding
}

// Limit is how long one check may take.
const Limit = 10 * time.Second

// Run makes the checks, those that do not wait for another one at the same time, and tells what each found in their order.
// It returns whether a run can start: nothing failed.
func Run(ctx context.Context, checks []Check, limit time.Duration, tell func(Finding)) bool {
	type outcome struct {
		found Finding
		ended chan struct{}
	}
	outcomes := map[string]*outcome{}
	for _, c := range checks {
		o := &outcome{ended: make(chan struct{})}
		var before []*outcome
		for _, name := range c.After {
			if earlier, ok := outcomes[name]; ok {
				before = append(before, earlier)
			}
		}
		outcomes[c.Name] = o
		go func() {
			defer close(o.ended)
			for _, b := range before {
				<-b.ended
			}
			if i := slices.IndexFunc(before, func(b *outcome) bool { return b.found.stops() }); i >= 0 {
				o.found = Finding{Level: Skip, Text: "not looked at, because of " + before[i].found.Check}
			} else {
				o.found = look(ctx, c, limit)
			}
			o.found.Check = c.Name
		}()
	}
	good := true
	for _, c := range checks {
		o := outcomes[c.Name]
		<-o.ended
		good = good && o.found.Level != Fail
		tell(o.found)
	}
	return good
}

// look makes a check and gives up on one that takes no notice of its time.
func look(ctx context.Context, c Check, limit time.Duration) Finding {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	found := make(chan Finding, 1)
	go func() { found <- c.Look(ctx) }()
	select {
	case f := <-found:
		return f
	case <-ctx.Done():
	}
	const grace = time.Second // for an error that says more than that time is up
	select {
	case f := <-found:
		return f
	case <-time.After(grace):
		return Finding{Level: Fail, Text: fmt.Sprintf("no answer within %s", limit)}
	}
}

func ok(format string, args ...any) Finding {
	return Finding{Level: OK, Text: fmt.Sprintf(format, args...)}
}

func warn(fix, format string, args ...any) Finding {
	return Finding{Level: Warn, Text: fmt.Sprintf(format, args...), Fix: fix}
}

// failed is the finding of an error, with its own hint if it has one.
func failed(err error, fix string) Finding {
	return Finding{Level: Fail, Text: strings.TrimSpace(err.Error()), Fix: cmp.Or(hint.Of(err), fix)}
}
