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
	for name, r := range map[string]report.Report{"failed": failed, "finished": finished} {
		golden(t, name+".txt", report.Terminal(r))
		golden(t, name+".md", report.Markdown(r))
	}
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
