package doctor_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/doctor"
)

func finds(level doctor.Level) func(context.Context) doctor.Finding {
	return func(context.Context) doctor.Finding { return doctor.Finding{Level: level, Text: string(level)} }
}

// examine makes checks and returns what they found, by name, and whether a run can start.
func examine(t *testing.T, checks ...doctor.Check) (map[string]doctor.Finding, bool) {
	t.Helper()
	found := map[string]doctor.Finding{}
	good := doctor.Run(t.Context(), checks, doctor.Limit, func(f doctor.Finding) { found[f.Check] = f })
	return found, good
}

// expect asks that a check found this, with these words in text and fix.
func expect(t *testing.T, f doctor.Finding, level doctor.Level, text, fix string) {
	t.Helper()
	if f.Level != level || !strings.Contains(f.Text, text) || !strings.Contains(f.Fix, fix) || fix == "" && f.Fix != "" {
		t.Errorf("%+v\nwant %s, %q, fix %q", f, level, text, fix)
	}
}

func TestOrderAndLevels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		checks []doctor.Check
		want   string
		good   bool
	}{
		"all is well": {[]doctor.Check{
			{Name: "a", Look: finds(doctor.OK)}, {Name: "b", After: []string{"a"}, Look: finds(doctor.OK)},
		}, "a ok, b ok", true},
		"a warning stops nothing": {[]doctor.Check{
			{Name: "a", Look: finds(doctor.Warn)}, {Name: "b", After: []string{"a"}, Look: finds(doctor.OK)},
		}, "a warn, b ok", true},
		"a failure stops what comes after": {[]doctor.Check{
			{Name: "a", Look: finds(doctor.Fail)}, {Name: "b", After: []string{"a"}, Look: finds(doctor.OK)},
			{Name: "c", After: []string{"b"}, Look: finds(doctor.OK)}, {Name: "d", Look: finds(doctor.OK)},
		}, "a fail, b skip, c skip, d ok", false},
		"what is not there does not count": {[]doctor.Check{{Name: "b", After: []string{"a"}, Look: finds(doctor.OK)}}, "b ok", true},
	} {
		var got []string
		good := doctor.Run(t.Context(), c.checks, doctor.Limit, func(f doctor.Finding) {
			got = append(got, f.Check+" "+string(f.Level))
		})
		if all := strings.Join(got, ", "); all != c.want || good != c.good {
			t.Errorf("%s: %s, %t", name, all, good)
		}
	}
}

// Checks that need nothing of each other meet, and one that does not end is given up.
func TestTimeOfChecks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, checkTimes)
}

func checkTimes(t *testing.T) {
	var there atomic.Int32
	meet := func(ctx context.Context) doctor.Finding {
		for there.Add(1); there.Load() < 2 && ctx.Err() == nil; {
			time.Sleep(time.Millisecond)
		}
		return doctor.Finding{Level: doctor.OK}
	}
	forever := make(chan struct{})
	defer close(forever)
	found, start := map[string]doctor.Level{}, time.Now()
	doctor.Run(t.Context(), []doctor.Check{
		{Name: "one", Look: meet}, {Name: "two", Look: meet},
		{Name: "hangs", Look: func(context.Context) doctor.Finding { <-forever; return doctor.Finding{Level: doctor.OK} }},
	}, 500*time.Millisecond, func(f doctor.Finding) { found[f.Check] = f.Level })
	if diff := cmp.Diff(map[string]doctor.Level{"one": doctor.OK, "two": doctor.OK, "hangs": doctor.Fail}, found); diff != "" || there.Load() != 2 {
		t.Error(diff)
	}
	if took := time.Since(start); took != 1500*time.Millisecond { // the limit, and a second for an error of the check's own
		t.Errorf("a check that hangs was given up after %s", took)
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	got := doctor.Render(doctor.Finding{Check: "role", Level: doctor.OK, Text: "arn:aws:sts::1:x"}) +
		doctor.Render(doctor.Finding{Check: "token", Level: doctor.Fail, Text: "no permission", Fix: "add:\n  permissions:\n    id-token: write"})
	const want = `ok    role        arn:aws:sts::1:x
fail  token       no permission
                  add:
                    permissions:
                      id-token: write
`
	if diff := cmp.Diff(want, got, cmpopts.AcyclicTransformer("lines", func(s string) []string { return strings.Split(s, "\n") })); diff != "" {
		t.Error(diff)
	}
}
