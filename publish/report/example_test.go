package report_test

import (
	"fmt"
	"time"

	"github.com/Iyalvan/mlops-track/publish/report"
)

func ExampleMarkdown() {
	fmt.Println(report.Markdown(report.Report{
		Run:     report.Run{Name: "main-24b79a7", ID: "4567", Experiment: "iris", Store: "sqlite:///mlflow.db"},
		Outcome: report.Outcome{Status: "FINISHED", Duration: 13 * time.Second},
		Values: report.Values{
			Metrics:  map[string]float64{"accuracy": 0.98},
			Baseline: &report.Baseline{Name: "main-1234567", Metrics: map[string]float64{"accuracy": 0.97}},
		},
	}))
	// Output:
	// ### ✅ `main-24b79a7` finished in 13 s
	//
	// | metric | last value | baseline | change |
	// | --- | --- | --- | --- |
	// | `accuracy` | 0.98 | 0.97 | +0.01 (+1.0 %) |
	//
	// <sub>baseline: `main-1234567`</sub>
	//
	// Run `4567` in `sqlite:///mlflow.db` in experiment `iris`
	//
	// <sub>13 s</sub>
}

// What a training wrote is text, and does nothing in a comment.
func ExampleMarkdown_untrusted() {
	fmt.Println(report.Markdown(report.Report{
		Run: report.Run{Name: "train", ID: "4567", Store: "sqlite:///mlflow.db", Experiment: "iris"},
		Outcome: report.Outcome{
			Status: "FAILED", ExitCode: 1, ErrorType: "ValueError", ErrorMessage: "<script> @everyone", Duration: time.Second,
		},
	}))
	// Output:
	// ### ❌ `train` failed after 1.0 s (ValueError, exit code 1)
	//
	// > &#60;script&#62; &#64;&#8203;everyone
	//
	// Run `4567` in `sqlite:///mlflow.db` in experiment `iris`
	//
	// <sub>1.0 s</sub>
}

func ExampleNumber() {
	fmt.Println(report.Number(0.91234567), report.Number(3e-7), report.Number(1000))
	// Output:
	// 0.912346 3e-07 1000
}

func ExampleHuman() {
	fmt.Println(report.Human(1200*time.Millisecond), "and", report.Human(2*time.Hour+3*time.Minute))
	// Output:
	// 1.2 s and 2 h 3 min
}

func ExampleSize() {
	fmt.Println(report.Size(326), "and", report.Size(1_500_000))
	// Output:
	// 326 B and 1.5 MB
}
