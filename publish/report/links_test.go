package report_test

import (
	"testing"

	"github.com/Iyalvan/mlops-track/publish/report"
)

// TestLinksToKnownPlaces: on a server where many have pages only those of the repository are known.
func TestLinksToKnownPlaces(t *testing.T) {
	for link, stays := range map[string]bool{
		"https://github.com/o/r":                             true,
		"https://github.com/o/r/actions/runs/7":              true,
		"https://GitHub.com/o/r/pull/7?x=1#y":                true,
		"https://mlflow.example.com/#/experiments/1":         true,
		"https://github.com/mallory/r":                       false,
		"https://github.com/o/r-evil/actions":                false,
		"https://github.com/o/r/../../mallory/r":             false,
		"https://github.com/o/r/%2e%2e/%2E%2e/mallory/r":     false,
		`https://github.com/o/r/..\..\mallory`:               false,
		"https://github.com/o/r/%5c..%5c..%5cmallory":        false,
		"https://github.com@evil.example/o/r":                false,
		"https://x:y@github.com/o/r":                         false,
		"https://github.com.evil.example/o/r":                false,
		"http://github.com/o/r":                              false,
		"https://github.com:8443/o/r":                        false,
		"https://mlflow.example.com.evil.example/":           false,
		"javascript:alert(1)//https://github.com/o/r":        false,
		"https://evil.example/?https://github.com/o/r/pull/": false,
	} {
		r := report.Report{
			Run: report.Run{URL: link}, Job: report.Job{URL: link, CommitURL: link}, Outputs: report.Outputs{ModelURL: link},
			Values: report.Values{Baseline: &report.Baseline{RunURL: link}},
		}.LinksTo("https://mlflow.example.com", "https://github.com/o/r", "", "sqlite:///mlflow.db")
		want := ""
		if stays {
			want = link
		}
		for _, got := range []string{r.Run.URL, r.Job.URL, r.Job.CommitURL, r.Outputs.ModelURL, r.Values.Baseline.RunURL} {
			if got != want {
				t.Errorf("%q becomes %q, want %q", link, got, want)
				break
			}
		}
	}
}
