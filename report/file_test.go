package report_test

import (
	"bytes"
	"encoding/xml"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/report"
)

// full is a file with something in every field.
func full() report.File {
	return report.File{
		Change: "5", Head: strings.Repeat("ab", 20), Key: "train / fit", Section: "depth=3", Run: 77, Attempt: 2,
		Ended: time.Date(2026, 11, 23, 8, 0, 0, 5e6, time.UTC),
		Report: report.Report{
			Status: "FAILED", ExitCode: 1, ErrorType: "ValueError", ErrorMessage: "bad\nrate", Experiment: "octo/cars", RunName: "ci-77", RunID: "0123",
			RunURL: "https://mlflow.example.com/#/runs/0123", Store: "https://mlflow.example.com", Kept: ".mlops-track",
			JobURL: "https://github.com/octo/cars/actions/runs/77", Commit: "abababa", Machine: "linux/amd64, 2 CPUs", Duration: 1500 * time.Millisecond,
			Metrics: map[string]float64{"loss": 0.5, "nan": math.NaN(), "up": math.Inf(1), "down": math.Inf(-1)},
			History: map[string][]report.Point{"loss": {{0, 1}, {1, 0.75}, {2, 0.5}}}, Params: map[string]string{"depth": "3"}, Named: []string{"depth"},
			Warnings: []report.Warning{{Text: "w", Next: "n"}}, Artifacts: report.Artifacts{Files: 1, Bytes: 2, Failed: 3}, Model: "cars version 1",
			LogTail: "Traceback\n",
		},
	}
}

// TestFileCarriesEveryField writes and reads a file of which no field is empty.
func TestFileCarriesEveryField(t *testing.T) {
	want := full()
	for _, v := range []reflect.Value{reflect.ValueOf(want), reflect.ValueOf(want.Report)} {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("this test leaves %s empty", v.Type().Field(i).Name)
			}
		}
	}
	var b bytes.Buffer
	if err := report.Write(&b, want); err != nil {
		t.Fatal(err)
	}
	got, err := report.Parse(&b)
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestParseRefuses changes a good file in one place each.
func TestParseRefuses(t *testing.T) {
	var b bytes.Buffer
	if err := report.Write(&b, full()); err != nil {
		t.Fatal(err)
	}
	good := b.String()
	for _, c := range []struct{ from, to, says string }{
		{`"mlops-track/report/1"`, `"mlops-track/report/9"`, `schema is "mlops-track/report/9"`},
		{`"schema"`, `"extra": 1, "schema"`, `unknown field "extra"`},
		{`"change": "5"`, `"change": "5\n"`, "change is"},
		{`"change": "5"`, `"change": 5`, "change"},
		{`"head": "ab`, `"head": "zz`, "head is"},
		{`"FAILED"`, `"RUNNING"`, `status is "RUNNING"`},
		{`"https://mlflow.example.com/#/runs/0123"`, `"javascript:alert(1)"`, "run_url is"},
		{`"https://mlflow.example.com/#/runs/0123"`, `"https://u:p@mlflow.example.com/"`, "run_url is"},
		{`"https://github.com/octo/cars/actions/runs/77"`, `"https://x/>)[y](z"`, "job_url is"},
		{`"duration_ms": 1500`, `"duration_ms": -1`, "out of range"},
		{`"duration_ms": 1500`, `"duration_ms": 9223372036854775807`, "out of range"},
		{`"run": 77`, `"run": -1`, "out of range"},
		{`"loss": 0.5`, `"loss": "low"`, "report.metrics"},
		{`"loss": 0.5`, `"loss": null`, "null is no number"},
		{`"depth": "3"`, `"depth": "` + strings.Repeat("x", 7000) + `"`, "params"},
		{`"depth": "3"`, `"` + strings.Repeat("d", 300) + `": "3"`, "params"},
		{`"step": 0`, `"step": 7`, "out of order"},
		{`"log_tail": "`, `"log_tail": "` + strings.Repeat("x", 17<<10), "log_tail is"},
		{`"text": "w"`, `"text": "` + strings.Repeat("w", 7000) + `"`, "warnings"},
		{`"run_name": "ci-77"`, `"run_name": "` + strings.Repeat("w", 7000) + `"`, "run_name is"},
		{"\n}\n", "\n}\n{}", "more after its end"},
		{"octo", "\xff", "not UTF-8"},
	} {
		bad := strings.Replace(good, c.from, c.to, 1)
		if c.from == "\n}\n" {
			bad = good + "{}"
		}
		if bad == good {
			t.Fatalf("the file has no %s:\n%s", c.from, good)
		}
		_, err := report.Parse(strings.NewReader(bad))
		if err == nil || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 400 {
			t.Errorf("%.60s: %v, want %s", c.to, err, c.says)
		}
	}
	if _, err := report.Parse(strings.NewReader(strings.Repeat(" ", 5<<20))); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("5 MiB: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := report.Write(&b, full()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := report.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		if shown := page(t, report.Comment(parsed.Report, 60_000)); strings.Contains(shown, "<script") {
			t.Error(shown)
		}
		var again bytes.Buffer
		if err := report.Write(&again, parsed); err != nil {
			t.Fatal(err)
		}
		if _, err := report.Parse(&again); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

// TestGitLabReports holds names and numbers to what OpenMetrics takes, and texts to what XML takes.
func TestGitLabReports(t *testing.T) {
	r := full().Report
	r.Metrics = map[string]float64{"val/auc": 0.5, "val.auc": math.NaN(), "9": math.Inf(-1), "": 1, "é": math.Inf(1)}
	want := "_ 1\n_9 -Inf\nval_auc NaN\nval_auc_2 0.5\n__2 +Inf\n# EOF\n"
	if got := report.OpenMetrics(r); got != want {
		t.Errorf("metrics report:\n%s\nwant:\n%s", got, want)
	}
	for _, text := range hostiles() {
		r.ErrorMessage, r.LogTail, r.RunName = text, text+"\x00\x1b[31m\xff", text
		raw, err := report.JUnit(r)
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Suite struct {
				Failures int `xml:"failures,attr"`
				Cases    []struct {
					Name    string `xml:"name,attr"`
					Failure *struct {
						Type string `xml:"type,attr"`
						Text string `xml:",chardata"`
					} `xml:"failure"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(raw, &back); err != nil {
			t.Fatalf("%v:\n%s", err, raw)
		}
		only := back.Suite.Cases
		if len(only) != 1 || back.Suite.Failures != 1 || only[0].Failure.Type != "ValueError" || !strings.EqualFold(lines(only[0].Failure.Text), lines(text)) {
			t.Errorf("%q comes back as %+v", text, back)
		}
	}
	for status, want := range map[string]string{"FINISHED": `failures="0" skipped="0"`, "KILLED": `<skipped message="bad`} {
		r := full().Report
		r.Status = status
		if raw, err := report.JUnit(r); err != nil || !strings.Contains(string(raw), want) {
			t.Errorf("%s: %v\n%s", status, err, raw)
		}
	}
}

// lines makes line ends those that XML has.
func lines(text string) string { return strings.ReplaceAll(text, "\r", "") }
