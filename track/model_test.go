package track_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
	"github.com/Iyalvan/mlops-track/track"
)

// noManifest is a place of artifacts where the manifest cannot be written.
type noManifest struct{ *opened }

func (a noManifest) Upload(ctx context.Context, location string, files []artifact.File, opts artifact.Options) artifact.Result {
	r := a.opened.Upload(ctx, location, files, opts)
	r.Manifest = errDown
	return r
}

// noList is a place of artifacts that does not tell what is there.
type noList struct {
	*opened

	err error
}

func (a noList) List(context.Context, string, string) ([]artifact.Entry, error) { return nil, a.err }

func TestWhereTheModelIs(t *testing.T) {
	t.Parallel()
	const id = "m-0123"
	for _, c := range []struct {
		name   string
		path   string // model_local_path
		target string
		there  string // a file in the run's artifacts
		logged []mlflow.LoggedModel
		want   track.Model
	}{
		{name: "uploaded now", path: "out/forest", target: "forest", want: track.Model{Source: "URI/forest", Target: "forest", Path: "forest"}},
		{name: "in the run's artifacts", path: "models/best", there: "models/best/MLmodel", want: track.Model{Source: "URI/models/best", Path: "models/best"}},
		{name: "in MLflow's usual place", there: "model/MLmodel", want: track.Model{Source: "URI/model", Path: "model"}},
		{name: "logged, by name", logged: []mlflow.LoggedModel{{ID: "m-old", Name: "model"}, {ID: id, Name: "model"}, {ID: "m-x", Name: "other"}},
			want: track.Model{Source: "models:/" + id, ID: id, Path: "model"}},
		{name: "logged, by id", path: id, logged: []mlflow.LoggedModel{{ID: id, Name: "best"}, {ID: "m-x", Name: "model"}},
			want: track.Model{Source: "models:/" + id, ID: id, Path: "best"}},
		{name: "logged, by URI", path: "models:/" + id, logged: []mlflow.LoggedModel{{ID: id, Name: "best"}},
			want: track.Model{Source: "models:/" + id, ID: id, Path: "best"}},
	} {
		st := open(t)
		run := st.run(t)
		st.logModels(t, run, c.logged...)
		outputs := step.Outputs{Result: results.Result{ModelName: "forest", ModelLocalPath: c.path}, ModelTarget: c.target}
		if c.target != "" {
			outputs.Files = modelStep(t).Files
		}
		if c.there != "" {
			file := artifact.File{Path: write(t, t.TempDir(), "MLmodel"), Target: c.there}
			if r := st.Upload(t.Context(), run.ArtifactURI, []artifact.File{file}, artifact.Options{}); len(r.Failed) > 0 {
				t.Fatal(r.Failed)
			}
		}
		got := finisher(st).Finish(t.Context(), run, well(), outputs)
		c.want.Name, c.want.Version = "forest", "1"
		if rest, of := strings.CutPrefix(c.want.Source, "URI"); of {
			c.want.Source = run.ArtifactURI + rest
		}
		if diff := cmp.Diff(c.want, got.Model); diff != "" || len(got.Notices) > 0 || got.Verdict.ExitCode != 0 {
			t.Errorf("%s: notices %v, model (-want +got):\n%s", c.name, got.Notices, diff)
		}
		again := finisher(st).Finish(t.Context(), run, well(), outputs)
		if again.Model.Version != "2" {
			t.Errorf("%s: version %q of a second run", c.name, again.Model.Version)
		}
	}
}

func TestAModelThatIsMissingMakesTheResultInvalid(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t)
	st.logModels(t, run, mlflow.LoggedModel{ID: "m-x", Name: "other"})
	if r := st.Upload(t.Context(), run.ArtifactURI, []artifact.File{{Path: write(t, t.TempDir(), "x"), Target: "plots/x"}}, artifact.Options{}); len(r.Failed) > 0 {
		t.Fatal(r.Failed)
	}
	for _, path := range []string{"", "plots", "nowhere"} {
		outputs := step.Outputs{Result: results.Result{ModelName: "forest", ModelLocalPath: path}}
		got := finisher(st).Finish(t.Context(), run, well(), outputs)
		if got.Verdict.ErrorType != "InvalidResult" || got.Run.Status != mlflow.Failed || got.Model != (track.Model{}) {
			t.Errorf("model_local_path %q: %+v", path, got)
		}
		if len(got.Notices) != 1 || got.Notices[0].Severity != notice.Error || got.Notices[0].Hint == "" {
			t.Errorf("model_local_path %q: notices %+v", path, got.Notices)
		}
	}
}

func TestWhichModelsAreRegistered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		register  string
		onDefault bool
		result    step.Result
		want      string // version
		notices   []string
	}{
		{name: "auto", register: "auto", want: "1"},
		{name: "on the default branch", register: "default-branch", onDefault: true, want: "1"},
		{name: "on another branch", register: "default-branch",
			notices: []string{`warning: model "forest" is not registered: this is not the default branch`}},
		{name: "never", register: "never", onDefault: true},
		{name: "of a step that failed", register: "auto", result: step.Result{ExitCode: 1}},
	} {
		st := open(t)
		f := finisher(st)
		f.RegisterModel, f.OnDefault = c.register, c.onDefault
		got := f.Finish(t.Context(), st.run(t), c.result, modelStep(t))
		if got.Model.Version != c.want || len(got.Faults) > 0 || len(got.Uploaded) != 2 {
			t.Errorf("%s: %+v", c.name, got)
		}
		if diff := cmp.Diff(c.notices, texts(got.Notices)); diff != "" {
			t.Errorf("%s: notices (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestAModelOfWhichAFileIsMissingIsNotRegistered(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]int{"a file of the model": 1, "another file": 0} {
		st := open(t)
		outputs := modelStep(t)
		if err := os.Remove(outputs.Files[file].Path); err != nil {
			t.Fatal(err)
		}
		got := finisher(st).Finish(t.Context(), st.run(t), well(), outputs)
		if (got.Model.Version == "1") != (file == 0) || got.Verdict.Status != mlflow.Finished {
			t.Errorf("%s is missing: %+v", name, got)
		}
		if want := `register model: model "forest" is not registered: not all of its files were uploaded`; file == 1 && faults(got)[0] != want {
			t.Errorf("%s is missing: faults %q", name, faults(got))
		}
	}
}

func TestAStoreThatCannotBeAskedForTheModel(t *testing.T) {
	t.Parallel()
	ask := func(change func(*opened, *track.Finisher)) track.FinishedRun {
		st := open(t)
		f := finisher(st)
		change(st, &f)
		return f.Finish(t.Context(), st.run(t), well(), step.Outputs{Result: results.Result{ModelName: "forest"}})
	}
	for name, change := range map[string]func(*opened, *track.Finisher){
		"logged models": func(st *opened, _ *track.Finisher) { st.fail["LoggedModels"] = errDown },
		"artifacts":     func(st *opened, f *track.Finisher) { f.Artifacts = noList{st, errDown} },
	} {
		got := ask(change)
		if diff := cmp.Diff([]string{"find the model: the store is down"}, faults(got)); diff != "" || got.Verdict.Status != mlflow.Finished {
			t.Errorf("%s: %s, faults (-want +got):\n%s", name, got.Verdict.Status, diff)
		}
	}
	got := ask(func(st *opened, f *track.Finisher) { f.Artifacts = noList{st, mlflow.ErrNotFound} })
	if got.Verdict.ErrorType != "InvalidResult" || len(got.Faults) > 0 {
		t.Errorf("without artifacts: %+v", got)
	}
}
