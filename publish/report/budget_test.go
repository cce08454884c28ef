package report_test

import (
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/publish/report"
)

// sections are the parts of a page by a text that only they have, in the order in which they are left out.
var sections = []struct{ name, text string }{
	{"folded params", "param_499"},
	{"tables under the curves", "Points of the curve"},
	{"folded metrics", "more metric"},
	{"curves", "xychart-beta"},
	{"own params", "`max_iter`"},
	{"log", "a line of the log"},
	{"warnings", "⚠️"},
	{"run link", "[Open the run](<https://mlflow.example.com/"},
	{"verdict", "finished in 1 min 15 s"},
}

func TestSectionsAreLeftOutInOrder(t *testing.T) {
	r := huge()
	left := 0 // sections that are left out so far
	for limit := report.MaxNote; limit > 300; limit = limit * 4 / 5 {
		text := report.Comment(r, limit)
		if len(text) > limit {
			t.Fatalf("%d bytes, at most %d", len(text), limit)
		}
		for i, s := range sections {
			if strings.Contains(text, s.text) {
				if i < left {
					t.Errorf("limit %d: %s are there, %s are not", limit, s.name, sections[left-1].name)
				}
				continue
			}
			left = max(left, i+1)
		}
		if metrics, curves := strings.Contains(text, "`metric_499`"), strings.Contains(text, "xychart-beta"); !metrics && !strings.Contains(text, "metrics") ||
			!curves && !strings.Contains(text, "curves") {
			t.Errorf("limit %d: not told what is left out: %.300q", limit, text[max(len(text)-300, 0):])
		}
	}
	if want := len(sections) - 2; left != want {
		t.Errorf("%d sections were left out, want %d", left, want)
	}
}

func TestLogInSight(t *testing.T) {
	r := failed()
	text := report.Comment(r, report.MaxComment)
	for _, want := range []string{
		"### ❌ `ci-7-train` failed after 1 min 15 s (ValueError, exit code 1)\n", "<details open><summary>Last lines of the log</summary>",
		"epoch 3\nTraceback\n", "The whole output: [log of the job](<https://gitlab.example.com/acme/iris/-/jobs/9>)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"epoch 1", "[31m"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q in\n%s", unwanted, text)
		}
	}
	if strings.Contains(report.Comment(finished(), report.MaxComment), "Last lines") {
		t.Error("the log of a run that finished is in sight")
	}
}

func TestBaselineOnlyWhereThereIsOne(t *testing.T) {
	if text := report.Markdown(finished()); !strings.Contains(text, "| `loss` | 0.1 | 0.2 | -0.1 (-50.0 %) |") || !strings.Contains(text, "| `tiny` | 3e-07 |  |  |") {
		t.Errorf("no comparison in\n%s", text)
	}
	if text := report.Markdown(bare()); strings.Contains(text, "baseline") || strings.Contains(text, "curve") {
		t.Errorf("a comparison with nothing in\n%s", text)
	}
}
