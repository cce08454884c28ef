package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/publish/report"
)

func TestOpenMetricsKeepsMetricsApart(t *testing.T) {
	got := report.OpenMetrics(report.Report{
		Values: report.Values{
			Metrics: map[string]float64{
				"val/loss": 0.1, "val loss": 0.25, "val_\"loss\"": 3, "1st": 1, "": 2, "nan": nan, "up": inf, "down": -inf, "system/cpu_utilization": 9,
			},
		},
	})
	want := "_ 2\n_1st 1\ndown -Inf\nnan NaN\nup +Inf\n" + `val_loss{name="val%20loss"} 0.25` + "\n" + `val_loss{name="val/loss"} 0.1` + "\n" +
		"val__loss_ 3\n# EOF\n"
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n"), sorted); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var sorted = cmp.Transformer("set", func(lines []string) map[string]bool {
	set := map[string]bool{}
	for _, line := range lines {
		set[line] = true
	}
	return set
})

func TestJUnitTellsStepFromResult(t *testing.T) {
	for _, c := range []struct{ status, errorType, want string }{
		{"FINISHED", "", `failures="0" errors="0" skipped="0"`},
		{"FAILED", "ValueError", `failures="1" errors="0" skipped="1"`},
		{"FAILED", "InvalidResult", `failures="1" errors="0" skipped="0"`},
		{"FAILED", "MissingParams", `failures="1" errors="0" skipped="0"`},
		{"KILLED", "Signal", `failures="0" errors="1" skipped="1"`},
	} {
		text, err := report.JUnit(report.Report{Outcome: report.Outcome{Status: c.status, ErrorType: c.errorType}})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), c.want) {
			t.Errorf("%s %s: no %s in\n%s", c.status, c.errorType, c.want, text)
		}
		_, result, _ := strings.Cut(string(text), `name="the result is valid"`)
		if refused := strings.Contains(result, "<failure"); refused != (c.errorType == "InvalidResult" || c.errorType == "MissingParams") {
			t.Errorf("%s %s: the result is refused: %v", c.status, c.errorType, refused)
		}
	}
}
