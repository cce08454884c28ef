package report_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/publish/report"
)

// TestFileCarriesEveryField fails for a field that full does not set, and then for one that the file forgets.
func TestFileCarriesEveryField(t *testing.T) {
	want := full()
	for _, field := range unset(reflect.ValueOf(want), "Report") {
		t.Errorf("%s is not set: give it a value in full", field)
	}
	if diff := cmp.Diff(want, reread(t, want)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// full has a value in every field, each told from the others.
func full() report.Report {
	return report.Report{
		Run: report.Run{
			Experiment: "acme/iris", Name: "ci-7", ID: "0123", URL: "https://mlflow.example.com/run",
			Store: "https://mlflow.example.com", Offline: ".mlops-track/ci-7",
		},
		Outcome: report.Outcome{
			Status: "FAILED", ExitCode: 3, ErrorType: "ValueError", ErrorMessage: "bad rate", Duration: 75 * time.Second,
			LogTail: "epoch 1\n\tepoch 2",
		},
		Job: report.Job{
			URL: "https://ci.example/job", Commit: "abcdef0", CommitURL: "https://ci.example/commit", Machine: "linux/amd64, 4 CPUs", Foreign: report.FromFile,
		},
		Values: report.Values{
			Metrics: map[string]float64{"loss": 0.1, "up": math.Inf(1), "down": math.Inf(-1)}, Params: map[string]string{"C": "1.0"},
			OwnParams: []string{"C"}, Histories: map[string][]report.Point{"loss": {{Step: 1, Value: 0.5}, {Step: 2, Value: 0.1}}},
			Baseline: &report.Baseline{Name: "main-1", RunURL: "https://mlflow.example.com/baseline", Metrics: map[string]float64{"loss": 0.2}},
		},
		Outputs: report.Outputs{
			Artifacts: report.Artifacts{Files: 4, Bytes: 5, Failed: 6, Paths: []string{"model/MLmodel"}}, Model: "iris version 2",
			ModelURL: "https://mlflow.example.com/model",
		},
		Warnings: []report.Warning{{Text: "a param was set twice", Next: "give yours a prefix"}},
		More:     report.More{Metrics: 7, Params: 8, Warnings: 9},
		Origin: report.Origin{
			Change: "12", Head: strings.Repeat("ab", 20), Key: "train", Section: "python: 3.12", Place: report.Place{Step: "__run_2", Job: "77", Family: "pipeline 5"}, Run: 13, Attempt: 14,
			Ended: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		},
	}
}

// unset names the fields without a value. Of a list or a map, one entry stands for all.
func unset(v reflect.Value, path string) (fields []string) {
	if v.IsZero() {
		return []string{path}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return unset(v.Elem(), path)
	case reflect.Slice:
		if v.Len() == 0 {
			return []string{path}
		}
		return unset(v.Index(0), path+"[]")
	case reflect.Map:
		if v.Len() == 0 {
			return []string{path}
		}
		return unset(v.MapIndex(v.MapKeys()[0]), path+"[]")
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				fields = append(fields, unset(value, path+"."+field.Name)...)
			}
		}
	}
	return fields
}
