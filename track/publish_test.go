package track

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// TestPublishHidesWhatTheStoreHas takes secrets out of what the step logged itself, by its own MLflow client.
func TestPublishHidesWhatTheStoreHas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	secrets := redact.New(`s3cr"t/value`)
	var log bytes.Buffer
	host := Host{
		Environ: []string{"GITHUB_OUTPUT=" + file("output"), "GITHUB_STEP_SUMMARY=" + file("summary")},
		Console: console.New(&log, secrets, false), Secrets: secrets,
	}
	out := Outcome{RunURL: "https://x/?q=s3cr%22t%2Fvalue", Store: `s3cr"t/value`, Step: StepResult{Result: process.Result{Tail: `s3cr"t/value`}}}
	out.Status, out.ErrorMessage = mlflow.Failed, `no s3cr"t/value`
	out.Run = mlflow.Run{
		ID: "0123", Name: `s3cr"t/value`, ArtifactURI: "ftp://u:s3cr%22t%2Fvalue@host/x",
		Params:  map[string]string{"own": `with s3cr"t/value`, `s3cr"t/value`: "x"},
		Metrics: map[string]mlflow.Metric{`loss s3cr"t/value`: {Value: 1}},
	}
	publish(watch(t.Context(), nil), Plan{Inputs: Inputs{OutputsFile: file("dotenv")}}, host, out)
	for _, name := range []string{"output", "summary", "dotenv"} {
		text, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{`s3cr"t`, `s3cr\"t`, "s3cr%22t", "s3cr&#34;t"} {
			if strings.Contains(string(text)+log.String(), form) {
				t.Errorf("%s or the log holds %s:\n%s\n%s", name, form, text, log.String())
			}
		}
		if name != "summary" && !strings.Contains(string(text), `"own":"with ***"`) {
			t.Errorf("%s lacks the rest of what was logged:\n%s", name, text)
		}
	}
}
