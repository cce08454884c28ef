package step_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
)

// left is a step that has ended: its working directory, and the files through which it talked.
type left struct {
	dir   string
	files step.Files
	step  settings.Step
}

func ended(t *testing.T) left {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := left{dir: filepath.Join(root, "project")}
	l.step = settings.Step{WorkingDirectory: l.dir, Command: []string{"python", "train.py"}, Autolog: settings.Autolog{Enabled: true}}
	l.files = step.NewFiles(l.step, filepath.Join(root, "work"))
	write(t, filepath.Join(l.dir, "train.py"), "")
	write(t, filepath.Join(l.files.Hook, "events.jsonl"), `{"event":"python"}`)
	return l
}

func (l left) collect(roots ...string) step.Outputs {
	return step.Collect(l.files, l.step, results.Followed{}, step.Places{Roots: roots})
}

func (l left) file(name string) string { return filepath.Join(l.dir, name) }

func TestCollect(t *testing.T) {
	l := ended(t)
	write(t, l.file("plots/a.png"), "")
	write(t, l.file("log.txt"), "")
	write(t, l.files.Result, `{"params": {"lr": 0.1}, "metrics": {"acc": 0.9}, "tags": {"team": "vision"}, "artifacts": "plots => figures"}`)
	l.step.Results.Artifacts = []string{"log.txt"}
	got := l.collect()
	want := step.Outputs{
		Training: step.Training{Enabled: true, NamesPython: true, Python: true},
		Result: results.Result{
			Params: []mlflow.Param{{Key: "lr", Value: "0.1"}}, Metrics: []mlflow.Metric{{Key: "acc", Value: 0.9}},
			Tags: []mlflow.Tag{{Key: "team", Value: "vision"}}, Artifacts: []string{"plots => figures"},
		},
		Files: []artifact.File{{Path: l.file("log.txt"), Target: "log.txt"}, {Path: l.file("plots/a.png"), Target: "figures/a.png"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func TestAStepMayLeaveNothing(t *testing.T) {
	l := ended(t)
	l.step.Autolog.Enabled, l.step.Command = false, []string{"make"}
	if diff := cmp.Diff(step.Outputs{Training: step.Training{Python: true}}, l.collect()); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	l.step.Results.File = l.file("result.json")
	l.files = step.NewFiles(l.step, l.files.Work)
	got := l.collect().Problems
	want := `the step did not write the result file "` + l.file("result.json") + `"`
	if len(got) != 1 || got[0].Severity != results.Warning || got[0].Message != want || got[0].Hint == "" {
		t.Errorf("problems of a result file that the user named and the step did not write: %+v", got)
	}
	write(t, l.file("result.json"), "{}")
	if got := l.collect().Problems; len(got) > 0 {
		t.Errorf("problems of an empty result: %+v", got)
	}
}

func TestArtifactsLieInTheRoots(t *testing.T) {
	l := ended(t)
	outside := filepath.Join(filepath.Dir(l.dir), "shared", "data.csv")
	write(t, outside, "")
	write(t, filepath.Join(l.files.Work, "own.txt"), "")
	write(t, l.files.Result, `{"artifacts": ["../shared/data.csv", "../work/own.txt"]}`)
	got := l.collect()
	if len(got.Files) != 1 || got.Files[0].Target != "own.txt" {
		t.Errorf("files %+v", got.Files)
	}
	if len(got.Problems) != 1 || got.Problems[0].Severity != results.Error || !strings.Contains(got.Problems[0].Message, "is outside of the workspace") {
		t.Errorf("problems %+v", got.Problems)
	}
	if got := l.collect(filepath.Dir(outside)); len(got.Files) != 2 || len(got.Problems) > 0 {
		t.Errorf("with the folder as a root: files %+v, problems %+v", got.Files, got.Problems)
	}
}

func TestTheModelOfAResultIsUploaded(t *testing.T) {
	l := ended(t)
	write(t, l.file("out/forest/MLmodel"), "")
	write(t, l.file("out/forest/data/model.pkl"), "")
	write(t, l.file("plain/model.pkl"), "")
	model := []artifact.File{
		{Path: l.file("out/forest/MLmodel"), Target: "forest/MLmodel"}, {Path: l.file("out/forest/data/model.pkl"), Target: "forest/data/model.pkl"},
	}
	for path, want := range map[string][]artifact.File{"out/forest": model, l.file("out/forest"): model, "plain": nil, "m-0123": nil} {
		write(t, l.files.Result, `{"model_name": "forest", "model_local_path": "`+path+`"}`)
		got := l.collect()
		if diff := cmp.Diff(want, got.Files); diff != "" || len(got.Problems) > 0 || (got.ModelTarget == "forest") != (want != nil) {
			t.Errorf("model %q goes to %q, problems %+v, files (-want +got):\n%s", path, got.ModelTarget, got.Problems, diff)
		}
	}
}

func TestProblemsOfWhatAStepLeft(t *testing.T) {
	l := ended(t)
	write(t, l.files.Result, `{"params": 1}`)
	notes := filepath.Join(l.files.Hook, "events.jsonl")
	if err := os.Remove(notes); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(notes, 0o700); err != nil {
		t.Fatal(err)
	}
	got := step.Collect(l.files, l.step, results.Followed{
		Bad: 1, BadLines: []results.BadLine{{Number: 3, Reason: "no JSON"}}, Rejected: 2, FirstRejection: errors.New("no such run"), Err: errors.New("disk full"),
	}, step.Places{}).Problems
	want := []string{
		`error: result file "` + l.files.Result + `", "params": is a number, must be an object`,
		"warning: read the events of the Python hook: it is a directory, not a regular file",
		`warning: metrics file "` + l.files.Metrics + `": line 3: no JSON`,
		`warning: metrics file "` + l.files.Metrics + `": the store rejected 2 points: no such run`,
		"warning: live metrics were not all uploaded: disk full",
	}
	if len(got) != len(want) {
		t.Fatalf("problems %+v", got)
	}
	for i, p := range got {
		if text := string(p.Severity) + ": " + p.Message; !strings.HasPrefix(text, want[i]) {
			t.Errorf("problem %q, want %q", text, want[i])
		}
	}
}
