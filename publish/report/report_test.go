package report_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/publish/report"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	for name, r := range map[string]report.Report{
		"finished": finished(), "failed": failed(), "killed": killed(), "hostile": hostileReport(hostile), "bare": bare(),
	} {
		golden(t, name+".txt", report.Terminal(r))
		golden(t, name+".md", report.Markdown(r))
		golden(t, name+".prom", report.OpenMetrics(r))
		junit, err := report.JUnit(r)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".xml", string(junit))
	}
	golden(t, "huge.md", report.Comment(huge(), 8_000))
}

func finished() report.Report {
	return report.Report{
		Run: report.Run{
			Experiment: "acme/iris", Name: "ci-7-train-abcdef0", ID: "0123456789abcdef0123456789abcdef",
			URL: "https://mlflow.example.com/#/experiments/1/runs/0123456789abcdef0123456789abcdef",
		},
		Outcome: report.Outcome{Status: "FINISHED", Duration: 75 * time.Second},
		Job: report.Job{
			URL: "https://github.com/acme/iris/actions/runs/7/job/9", Commit: "abcdef0",
			CommitURL: "https://github.com/acme/iris/commit/abcdef0", Machine: "linux/amd64, 4 cores",
		},
		Values: report.Values{
			Metrics:   map[string]float64{"loss": 0.1, "val/auc": 0.91234567, "accuracy": 0.98, "tiny": 3e-7, "system/cpu": 87},
			Params:    map[string]string{"C": "1.0", "max_iter": "1000000", "solver": "lbfgs", "verbose": "0"},
			OwnParams: []string{"C", "max_iter"},
			Histories: map[string][]report.Point{
				"loss":    report.Thin(curve(1000, func(i int) float64 { return math.Exp(-float64(i)/200) + 0.1 })),
				"tiny":    curve(5, func(i int) float64 { return 1e-7 * float64(i) }),
				"val/auc": {{Step: 1, Value: 0.5}, {Step: 2, Value: 0.8}, {Step: 5, Value: math.NaN()}, {Step: 10, Value: 0.91234567}},
			},
			Baseline: &report.Baseline{Name: "main-1234567", RunURL: "https://mlflow.example.com/#/experiments/1/runs/fff", Metrics: map[string]float64{"loss": 0.2, "accuracy": 0.97}},
		},
		Outputs: report.Outputs{
			Artifacts: report.Artifacts{Files: 3, Bytes: 1_500_000, Failed: 1, Paths: []string{"model/MLmodel", "model/model.pkl"}},
			Model:     "iris version 2", ModelURL: "https://mlflow.example.com/#/models/iris/versions/2",
		},
		Warnings: []report.Warning{{Text: "param collision detected: ['max_depth']", Next: "give yours a prefix, as in custom.max_depth"}},
	}
}

func failed() report.Report {
	return report.Report{
		Run: report.Run{
			Experiment: "acme/iris", Name: "ci-7-train", ID: "0123", URL: "https://mlflow.example.com/#/experiments/1/runs/0123",
		},
		Outcome: report.Outcome{
			Status: "FAILED", ExitCode: 1, ErrorType: "ValueError", ErrorMessage: "bad <b>rate</b> @everyone",
			Duration: 75 * time.Second,
			LogTail:  "epoch 1\repoch 2\repoch 3\r\n\x1b[31mTraceback\x1b[0m\n```\n</details></pre><script>\n\n    @decorator\n/close\n::set-output name=x::y\nValueError: bad\n",
		},
		Job: report.Job{URL: "https://gitlab.example.com/acme/iris/-/jobs/9", Commit: "abcdef0"},
		Values: report.Values{
			Metrics: map[string]float64{"loss": math.NaN(), "::stop-commands::x": 1, "auc|x": 0.91234567},
			Params:  map[string]string{"note": "[a](http://evil)\n![x](y)"},
		},
	}
}

func killed() report.Report {
	return report.Report{
		Run: report.Run{Experiment: "acme/iris", Name: "ci-8-train", Offline: ".mlops-track/ci-8"},
		Outcome: report.Outcome{
			Status: "KILLED", ExitCode: 143, ErrorType: "Signal", ErrorMessage: "cancelled by SIGTERM",
			Duration: 2*time.Hour + 3*time.Minute, LogTail: "epoch 4\nTerminated",
		},
		Values: report.Values{Metrics: map[string]float64{"loss": 0.5}},
	}
}

// bare is a run on a laptop.
func bare() report.Report {
	return report.Report{
		Run:     report.Run{Experiment: "Default", Name: "main-abc", ID: "4567", Store: "sqlite:///mlflow.db"},
		Outcome: report.Outcome{Status: "FINISHED", Duration: 1200 * time.Millisecond},
		Values:  report.Values{Metrics: map[string]float64{"accuracy": 0.98}, Params: map[string]string{"C": "1.0"}},
	}
}

// huge has more of everything than a page holds.
func huge() report.Report {
	r := finished()
	for i := range 500 {
		name := fmt.Sprintf("metric_%03d", i)
		r.Values.Metrics[name] = float64(i)
		r.Values.Histories[name] = curve(100, func(step int) float64 { return float64(i * step) })
		r.Values.Params[fmt.Sprintf("param_%03d", i)] = strings.Repeat("x_", 500)
		r.Warnings = append(r.Warnings, report.Warning{Text: "warning " + strings.Repeat("y", 500)})
		r.Outputs.Artifacts.Paths = append(r.Outputs.Artifacts.Paths, fmt.Sprintf("images/%03d.png", i))
	}
	r.Outputs.Artifacts.Files = len(r.Outputs.Artifacts.Paths)
	r.Outcome.LogTail = strings.Repeat("a line of the log\n", 1000)
	return r
}

func curve(n int, value func(int) float64) []report.Point {
	points := make([]report.Point, n)
	for i := range points {
		points[i] = report.Point{Step: int64(i), Value: value(i)}
	}
	return points
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
