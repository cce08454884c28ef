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

// Level is the result of a check.
type Level string

// The levels, from good to bad.
const (
	OK   Level = "ok"
	Skip Level = "skip" // not checked, because an earlier check failed
	Warn Level = "warn" // a run can start, but something in it will not work
	Fail Level = "fail" // a run cannot start
)

// Finding is what a check found.
type Finding struct {
	Check string `json:"check"`
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"` // what to do, one or more lines; may be empty

	blocks bool // checks that depend on it are skipped, although a run can start
}

// stops reports whether checks that depend on this one are skipped.
func (f Finding) stops() bool { return f.Level == Fail || f.Level == Skip || f.blocks }

// Check is one check of a thing that a run needs.
type Check struct {
	Name string
	// After names earlier checks that must succeed first; if one does not, this check is skipped. Unknown names are ignored.
	After []string
	// Look runs the check. Variables that it sets can be read by the checks after it.
	Look func(context.Context) Finding
}

// Limit is how long one check may take.
const Limit = 10 * time.Second

// Run runs the checks, independent ones at the same time, and calls tell with each finding in the order of the checks.
// It returns whether a run can start, that is, nothing failed.
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
				o.found = Finding{Level: Skip, Text: "not checked, because of " + before[i].found.Check}
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

// look runs a check and gives up on one that ignores its deadline.
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
	const grace = time.Second // for an error that says more than that the time is over
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

// failed returns the finding for an error, with the error's own hint if it has one.
func failed(err error, fix string) Finding {
	return Finding{Level: Fail, Text: strings.TrimSpace(err.Error()), Fix: cmp.Or(hint.Of(err), fix)}
}
