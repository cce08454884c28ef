package publish_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/comment"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/track"
)

// desk is a job on GitHub with files for its outputs and a log.
type desk struct {
	publish.Publisher

	dir string
	log *bytes.Buffer
}

func newDesk(t *testing.T, secrets ...string) desk {
	t.Helper()
	d := desk{dir: t.TempDir(), log: &bytes.Buffer{}}
	d.Secrets = redact.New(secrets...)
	d.Console = console.New(d.log, d.Secrets, nil)
	d.Summary = func(render func(int) string) error { return outputs.WriteSummary(d.file("summary"), render) }
	d.Outputs = func(values []outputs.Value) error { return outputs.WriteGitHub(d.file("output"), values) }
	d.Files = settings.Files{
		Outputs: d.file("dotenv"), Report: d.file("report.json"), Summary: d.file("summary.md"), Metrics: d.file("metrics.txt"), JUnit: d.file("junit.xml"),
	}
	d.CI = ciinfo.Info{
		Provider: ciinfo.GitHub, Pipeline: ciinfo.Pipeline{Name: "train", RunID: "41", Attempt: 1},
		Job: ciinfo.Job{Name: "main", URL: "https://github.com/acme/model/job/1", MatrixLabel: "py=3.12"}, Head: ciinfo.Head{SHA: "0123456789abcdef"},
		Change: ciinfo.Change{ID: "7"},
	}
	d.Thread.Settings = settings.Comment{When: "auto", Mode: "update"}
	return d
}

func (d desk) file(name string) string { return filepath.Join(d.dir, name) }

func (d desk) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(d.file(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// contains checks a text for several others.
func contains(t *testing.T, what, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s lacks %q:\n%s", what, w, text)
		}
	}
}

// onGitHub opens pull request 7 of a GitHub in memory.
func (d *desk) onGitHub(t *testing.T) *hosttest.GitHub {
	g := hosttest.NewGitHub(t, "acme/model")
	g.SetToken("token", hosttest.Account{Login: "github-actions[bot]", App: true})
	g.SetRequest(7, hosttest.Request{Head: "0123456789abcdef"})
	d.Thread.Number = "7"
	d.Thread.Open = func(number string, c settings.Comment) (publish.Request, error) {
		if number != "7" {
			return nil, errors.New("there is no request " + number)
		}
		return comment.NewGitHub(comment.GitHubOptions{
			HTTP: g.Client(), APIURL: "https://ghe.example.com/api/v3", Token: c.GitHubToken, Repository: "acme/model", Number: 7,
		})
	}
	d.Thread.Settings.GitHubToken = "token"
	return g
}

// ended is a run that failed, with something of everything.
func ended() publish.Ended {
	start := time.UnixMilli(1_700_000_000_000)
	e := publish.Ended{ExitCode: 3, Experiment: "acme/model", Place: publish.Place{RunURL: "https://mlflow.example.com/#/runs/0123", Store: "https://mlflow.example.com"}}
	e.Step.Start, e.Step.End, e.Step.Tail = start, start.Add(90*time.Second), "Traceback: boom"
	e.Run = track.FinishedRun{
		Run: mlflow.Run{
			ID: "0123", Name: "train-main", ExperimentID: "5", ArtifactURI: "mlflow-artifacts:/5/0123/artifacts",
			Params: map[string]string{"depth": "3"}, Metrics: map[string]mlflow.Metric{"loss": {Key: "loss", Value: 0.5}},
		},
		Verdict:   track.Verdict{Status: mlflow.Failed, ErrorType: "ValueError", ErrorMessage: "boom"},
		Uploads:   artifact.Result{Files: 2, Bytes: 2048},
		Uploaded:  []string{"model/MLmodel", "notes.txt"},
		Model:     track.Model{Name: "net", Version: "4"},
		OwnParams: []string{"depth"},
	}
	e.Notices = []notice.Notice{notice.Warn("metric \"x\" was skipped", "give it a number"), notice.Fail("the verdict's own", "")}
	return e
}

// A run is told in the log, the job summary, each file, the outputs and the comment.
func TestPublish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		g := d.onGitHub(t)
		d.Publish(t.Context(), ended())
		contains(t, "log", d.log.String(), "mlops-track: train-main failed after 1 min 30 s (ValueError, exit code 3)", "loss", "0.5", "comment created: https://")
		comments := g.Comments(7)
		if len(comments) != 1 {
			t.Fatalf("%d comments", len(comments))
		}
		contains(t, "comment", comments[0].Body, "<!-- mlops-track: train / main / acme/model -->", "py=3.12", "ValueError", "net version 4")
		contains(t, "summary", d.read(t, "summary"), "train-main", "boom", "was skipped")
		if strings.Contains(d.read(t, "summary"), "the verdict's own") {
			t.Error("an error is told twice: by the verdict and as a warning")
		}
		contains(t, "summary-file", d.read(t, "summary.md"), "train-main", "depth")
		contains(t, "metrics-report", d.read(t, "metrics.txt"), "loss")
		contains(t, "junit-report", d.read(t, "junit.xml"), "<failure")
		contains(t, "report-file", d.read(t, "report.json"), `"change":"7"`, "0123456789abcdef", "train / main / acme/model")
		for _, line := range []string{
			"MLOPS_OUT_RUN_ID=0123", "MLOPS_OUT_STATUS=FAILED", "MLOPS_OUT_EXIT_CODE=3", `MLOPS_OUT_METRICS={"loss":0.5}`, `MLOPS_OUT_PARAMS={"depth":"3"}`,
			"MLOPS_OUT_MODEL_NAME=net", "MLOPS_OUT_MODEL_VERSION=4", "MLOPS_OUT_EXPERIMENT_ID=5", "MLOPS_OUT_COMMENT_URL=https://",
		} {
			contains(t, "dotenv", d.read(t, "dotenv"), line)
		}
		contains(t, "output", d.read(t, "output"), "run-id", "comment-url")
		if n := strings.Count(d.read(t, "output"), "run-id"); n != 1 {
			t.Errorf("run-id is written %d times", n)
		}
		if strings.Contains(d.read(t, "dotenv"), "OFFLINE_PATH") {
			t.Error("an output without a value is written")
		}
	})
}

// Without a CI system and without files only the log tells.
func TestPublishToTheLogOnly(t *testing.T) {
	t.Parallel()
	for want, place := range map[string]publish.Place{
		"stored offline in /x/.mlops-track; upload it later: mlops-track sync": {Offline: "/x/.mlops-track", Upload: "mlops-track sync", View: "no"},
		"view run: mlops-track ui": {View: "mlops-track ui"},
	} {
		d := newDesk(t)
		d.Summary, d.Outputs, d.Files = nil, nil, settings.Files{}
		e := ended()
		e.Place = place
		d.Publish(t.Context(), e)
		contains(t, "log", d.log.String(), want)
		if written, err := os.ReadDir(d.dir); err != nil || len(written) > 0 || strings.Contains(d.log.String(), "warning") {
			t.Errorf("written %v, %v:\n%s", written, err, d.log)
		}
	}
}

// TestPublishHidesWhatTheStoreHas takes secrets out of what the step logged itself, by its own MLflow client.
func TestPublishHidesWhatTheStoreHas(t *testing.T) {
	t.Parallel()
	d := newDesk(t, `s3cr"t/value`)
	e := publish.Ended{
		Place: publish.Place{RunURL: "https://x/?q=s3cr%22t%2Fvalue", Store: `s3cr"t/value`},
		Run: track.FinishedRun{
			Verdict: track.Verdict{Status: mlflow.Failed, ErrorMessage: `no s3cr"t/value`},
			Run: mlflow.Run{
				ID: "0123", Name: `s3cr"t/value`, ArtifactURI: "ftp://u:s3cr%22t%2Fvalue@host/x",
				Params:  map[string]string{"own": `with s3cr"t/value`, `s3cr"t/value`: "x"},
				Metrics: map[string]mlflow.Metric{`loss s3cr"t/value`: {Value: 1}},
			},
			Uploaded: []string{`s3cr"t/value`},
		},
		Notices: []notice.Notice{notice.Warn(`s3cr"t/value`, `s3cr"t/value`)},
	}
	e.Step.Tail = `s3cr"t/value`
	d.Publish(t.Context(), e)
	for _, name := range []string{"output", "summary", "dotenv", "report.json", "summary.md", "metrics.txt", "junit.xml"} {
		text := d.read(t, name)
		for _, form := range []string{`s3cr"t`, `s3cr\"t`, "s3cr%22t", "s3cr&#34;t"} {
			if strings.Contains(text+d.log.String(), form) {
				t.Errorf("%s or the log holds %s:\n%s\n%s", name, form, text, d.log)
			}
		}
		if (name == "output" || name == "dotenv") && !strings.Contains(text, `"own":"with ***"`) {
			t.Errorf("%s lacks the rest of what was logged:\n%s", name, text)
		}
	}
}

// What cannot be written is told and stops nothing.
func TestPublishWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Summary = func(func(int) string) error { return hint.With(errors.New("summary is full"), "make room") }
	d.Outputs = func([]outputs.Value) error { return errors.New("outputs are full") }
	for _, file := range []*string{&d.Files.Outputs, &d.Files.Report, &d.Files.Summary, &d.Files.Metrics, &d.Files.JUnit} {
		*file = filepath.Join(d.dir, "file", "below") // a file is no folder
	}
	if err := os.WriteFile(filepath.Join(d.dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.Publish(t.Context(), ended())
	contains(t, "log", d.log.String(), "warning: summary is full", "hint: make room", "warning: outputs are full", "warning: write summary-file",
		"warning: write metrics-report", "warning: write junit-report", "warning: write report-file")
}

// A dotenv file takes 5 KB: what is left out is named, each output once.
func TestPublishLeavesLongOutputsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.onGitHub(t)
		e := ended()
		e.Run.Run.Params = map[string]string{"long": strings.Repeat("x", 6000)}
		d.Publish(t.Context(), e)
		if n := strings.Count(d.log.String(), "outputs-file: omitted params"); n != 1 {
			t.Errorf("it is told %d times that params are left out:\n%s", n, d.log)
		}
	})
}

// A job whose run could not be opened has status and exit code as outputs.
func TestNotStarted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.NotStarted(mlflow.Killed, 143)
	for _, name := range []string{"output", "dotenv"} {
		contains(t, name, d.read(t, name), "KILLED", "143")
	}
	if strings.Contains(d.read(t, "dotenv"), "RUN_ID") {
		t.Error("there is a run id")
	}
}

// The account id is an output. If it is to be hidden, only GitHub gets it, whose runner masks it.
func TestAccountOutput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secrets        []string
		provider       ciinfo.Provider
		output, dotenv bool
	}{
		"open":             {nil, ciinfo.GitHub, true, true},
		"hidden on GitHub": {[]string{"123456789012"}, ciinfo.GitHub, true, false},
		"hidden elsewhere": {[]string{"123456789012"}, ciinfo.Azure, false, false},
	} {
		d := newDesk(t, c.secrets...)
		d.CI.Provider = c.provider
		e := ended()
		e.Account = "123456789012"
		d.Publish(t.Context(), e)
		for file, want := range map[string]bool{"output": c.output, "dotenv": c.dotenv} {
			if got := strings.Contains(d.read(t, file), "123456789012"); got != want {
				t.Errorf("%s: %s has the account: %t, want %t\n%s", name, file, got, want, d.read(t, file))
			}
		}
		if strings.Contains(d.read(t, "summary")+d.read(t, "report.json")+d.log.String(), "123456789012") {
			t.Errorf("%s: the account is in summary, report or log", name)
		}
	}
}

// The outputs have the names of the documentation, comment-url last.
func TestOutputNames(t *testing.T) {
	t.Parallel()
	want := "run-id run-name run-url experiment-id status exit-code metrics params artifact-uri model-name model-version offline-path aws-account-id comment-url"
	if got := strings.Join(publish.OutputNames(), " "); got != want {
		t.Errorf("outputs %s, want %s", got, want)
	}
}

// Numbers that JSON does not have are strings in the output metrics; a run without metrics or params has empty objects.
func TestNumbersInOutputs(t *testing.T) {
	t.Parallel()
	nan, inf := mlflow.Metric{Value: math.NaN()}, mlflow.Metric{Value: math.Inf(1)}
	d := newDesk(t)
	e := ended()
	e.Run.Run.Metrics = map[string]mlflow.Metric{"a": {Value: 1e-9}, "b": nan, "c": inf}
	e.Run.Run.Params = nil
	d.Publish(t.Context(), e)
	contains(t, "dotenv", d.read(t, "dotenv"), `MLOPS_OUT_METRICS={"a":1e-9,"b":"NaN","c":"Infinity"}`, `MLOPS_OUT_PARAMS={}`)
}
