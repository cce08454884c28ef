package report_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/report"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	failed := report.Report{
		Status: "FAILED", ExitCode: 1, ErrorType: "ValueError", ErrorMessage: "bad <b>rate</b> @everyone",
		Experiment: "acme/iris", RunName: "ci-7-train", RunID: "0123", RunURL: "https://mlflow.example.com/#/experiments/1/runs/0123",
		Commit: "abcdef0", Duration: 75 * time.Second,
		Metrics: map[string]float64{"loss": math.NaN(), "::stop-commands::x": 1, "auc|x": 0.91234567},
		Params:  map[string]string{"note": "[a](http://evil)\n![x](y)"},
		Warnings: []report.Warning{
			{Text: "param collision detected: ['max_depth']", Next: "give yours a prefix, as in custom.max_depth"},
		},
		Artifacts: report.Artifacts{Files: 3, Bytes: 1_500_000, Failed: 1}, Model: "iris version 2",
		LogTail: "Traceback\n```\n</details><script>\nValueError: bad\n",
	}
	finished := report.Report{
		Status: "FINISHED", Experiment: "Default", RunName: "main-abc", RunID: "4567", Store: "sqlite:///mlflow.db", Duration: 1200 * time.Millisecond,
		Metrics: map[string]float64{"accuracy": 0.98}, Params: map[string]string{"C": "1.0"},
	}
	trained := report.Report{
		Status: "FINISHED", Experiment: "acme/churn", RunName: "ci-7-train-py=3.12", RunID: "89ab", Commit: "abcdef0", Machine: "linux/amd64, 4 CPUs",
		RunURL: "https://mlflow.example.com/#/experiments/1/runs/89ab", JobURL: "https://github.com/acme/churn/actions/runs/7/job/9",
		Duration: 134 * time.Second, Model: "churn version 12",
		Metrics:   map[string]float64{"loss": 0.21, "val_auc": 0.93, "system/cpu_utilization_percentage": 71.5},
		Params:    map[string]string{"lr": "0.01", "max_depth": "6", "n_estimators": "100"},
		Named:     []string{"lr", "gone"},
		History:   map[string][]report.Point{"loss": curve(120, 1.9, 0.21), "val_auc": curve(5, 0.5, 0.93)},
		Artifacts: report.Artifacts{Files: 4, Bytes: 2_400_000},
	}
	killed := report.Report{
		Status: "KILLED", ExitCode: 130, ErrorType: "Signal", ErrorMessage: "cancelled by SIGINT", Experiment: "Default", RunName: "ci-8-train",
		RunID: "cdef", Kept: ".mlops-track", Duration: 4 * time.Second, Metrics: map[string]float64{"loss": 0.9},
	}
	for name, r := range map[string]report.Report{"failed": failed, "finished": finished, "trained": trained, "killed": killed} {
		golden(t, name+".txt", report.Terminal(r))
		golden(t, name+".md", report.Markdown(r))
	}
}

// curve falls or rises from one value to another, fast at first.
func curve(n int, from, to float64) []report.Point {
	points := make([]report.Point, n)
	for i := range points {
		part := float64(i) / float64(n-1)
		points[i] = report.Point{Step: int64(i), Value: to + (from-to)*(1-part)*(1-part)}
	}
	return points
}

func TestNoLineOfTheTableIsAWorkflowCommand(t *testing.T) {
	text := report.Terminal(report.Report{Metrics: map[string]float64{"::stop-commands::x": 1}})
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("line %q starts a workflow command", line)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
