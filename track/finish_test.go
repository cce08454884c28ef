package track_test

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
	"github.com/Iyalvan/mlops-track/track"
)

// finisher ends runs in a store.
func finisher(st *opened) track.Finisher {
	return track.Finisher{Store: st, Artifacts: st, RegisterModel: "auto"}
}

// later is when steps end here.
var later = now.Add(time.Hour)

// well is how a step that ended well ended.
func well() step.Result { return step.Result{Start: now, End: later} }

// faults are the texts of what the store did not take.
func faults(f track.FinishedRun) []string {
	var out []string
	for _, err := range f.Faults {
		out = append(out, err.Error())
	}
	return out
}

func TestFinish(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t)
	st.log(t, run, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	outputs := step.Outputs{
		Training: captured(),
		Result: results.Result{
			Params:  []mlflow.Param{{Key: "lr", Value: "0.1"}, {Key: "depth", Value: "4"}},
			Metrics: []mlflow.Metric{{Key: "acc", Value: 0.9}},
			Tags:    []mlflow.Tag{{Key: "team", Value: "vision"}},
		},
		Files: []artifact.File{{Path: write(t, t.TempDir(), "a.txt"), Target: "figures/a.txt"}},
	}
	f := finisher(st)
	var seen []mlflow.Run
	f.Gates = func(run mlflow.Run) []track.Gate {
		seen = append(seen, run)
		return []track.Gate{{Condition: "acc > 0.95", Failed: true, Reason: "it is 0.9"}}
	}
	f.Uploading = func(artifact.Progress) {}
	got := f.Finish(t.Context(), run, well(), outputs)
	if diff := cmp.Diff(st.stored(t, run), got.Run); diff != "" {
		t.Errorf("the finished run is not the one of the store (-store +got):\n%s", diff)
	}
	if got.Run.Status != mlflow.Finished || !got.Run.End.Equal(later) || got.Run.Name != "first" {
		t.Errorf("run %+v", got.Run)
	}
	if diff := cmp.Diff(map[string]string{"lr": "0.1", "depth": "3"}, got.Run.Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	if m := got.Run.Metrics["acc"]; m.Value != 0.9 || m.Timestamp != later.UnixMilli() {
		t.Errorf("metric %+v", m)
	}
	for key, want := range map[string]string{
		"team": "vision", "mlops.status": "success", "mlops.autolog": "captured", "mlops.collisions": `["depth"]`,
	} {
		if got.Run.Tags[key] != want {
			t.Errorf("tag %s is %q, want %q", key, got.Run.Tags[key], want)
		}
	}
	if got.Verdict.ExitCode != 1 || len(seen) != 1 || seen[0].Params["depth"] != "3" || len(got.Faults) > 0 {
		t.Errorf("exit code %d, gates of %+v, faults %v", got.Verdict.ExitCode, seen, got.Faults)
	}
	want := []string{"warning: param collision detected: ['depth']", `error: gate "acc > 0.95" failed: it is 0.9`}
	if diff := cmp.Diff(want, texts(got.Notices)); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"lr", "depth"}, got.OwnParams); diff != "" {
		t.Errorf("own params (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"figures/a.txt"}, got.Uploaded); diff != "" || got.Uploads.Files != 1 {
		t.Errorf("uploads %+v, uploaded (-want +got):\n%s", got.Uploads, diff)
	}
	entries, err := st.List(t.Context(), run.ArtifactURI, "figures")
	if err != nil || len(entries) != 1 || got.Model != (track.Model{}) {
		t.Errorf("artifacts %v, error %v, model %+v", entries, err, got.Model)
	}
}

func TestARunThatItsScriptRenamedIsSetBack(t *testing.T) {
	t.Parallel()
	st := open(t)
	for chosen, want := range map[string]string{"mine": "mine", "": "of the script"} {
		run := st.run(t)
		if err := st.Opened.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Name: "of the script"}); err != nil {
			t.Fatal(err)
		}
		f := finisher(st)
		f.RunName = chosen
		if got := f.Finish(t.Context(), run, well(), step.Outputs{}); got.Run.Name != want {
			t.Errorf("with the name %q chosen the run is %q", chosen, got.Run.Name)
		}
	}
}

func TestChildrenAreClosedAtAnyDepth(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t)
	child, other := st.child(t, run), st.run(t)
	closed := st.child(t, run)
	grandchild := st.child(t, child)
	st.log(t, run, mlflow.Batch{Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: grandchild.ID}}}) // a circle
	if err := st.Opened.UpdateRun(t.Context(), closed.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: now}); err != nil {
		t.Fatal(err)
	}
	got := finisher(st).Finish(t.Context(), run, step.Result{ExitCode: 1, End: later}, step.Outputs{})
	for _, c := range []struct {
		name string
		run  mlflow.Run
		want mlflow.Status
		end  time.Time
	}{
		{"run", run, mlflow.Failed, later},
		{"child", child, mlflow.Failed, later},
		{"grandchild", grandchild, mlflow.Failed, later},
		{"child that was closed", closed, mlflow.Finished, now},
		{"other run", other, mlflow.Running, time.Time{}},
	} {
		if is := st.stored(t, c.run); is.Status != c.want || !is.End.Equal(c.end) {
			t.Errorf("%s: %s, ended %v", c.name, is.Status, is.End)
		}
	}
	if len(got.Faults) > 0 {
		t.Errorf("faults %v", got.Faults)
	}
}

func TestAChildThatCannotBeClosedKeepsNoOtherOpen(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t)
	bad, good := st.child(t, run), st.child(t, run)
	st.fail["UpdateRun "+bad.ID] = errDown
	got := finisher(st).Finish(t.Context(), run, well(), step.Outputs{})
	if st.stored(t, bad).Status != mlflow.Running || st.stored(t, good).Status != mlflow.Finished {
		t.Errorf("children %s, %s", st.stored(t, bad).Status, st.stored(t, good).Status)
	}
	if diff := cmp.Diff([]string{"close child runs: the store is down"}, faults(got)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestARunIsClosedOnceAndLast(t *testing.T) {
	t.Parallel()
	st := open(t)
	for _, result := range []step.Result{{ExitCode: 1, End: later}, {Interrupt: syscall.SIGTERM, End: later}, well()} {
		st.calls = nil
		finisher(st).Finish(t.Context(), st.run(t), result, step.Outputs{})
		if want := []string{"GetRun", "LogBatch", "UpdateRun", "SearchRuns", "GetRun"}; !slices.Equal(st.calls, want) {
			t.Errorf("after %+v the calls are %v, want %v", result, st.calls, want)
		}
	}
}

func TestAResumedRunLosesTheErrorsOfItsEarlierEnd(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t, mlflow.Tag{Key: "mlops.error_type", Value: "ValueError"})
	if got := finisher(st).Finish(t.Context(), run, well(), step.Outputs{}); got.Run.Tags["mlops.error_type"] != "" {
		t.Errorf("tags %v", got.Run.Tags)
	}
}

func TestATroubledStoreFailsNoTraining(t *testing.T) {
	t.Parallel()
	st := open(t)
	f := finisher(st)
	f.Outdated = func() bool { return true }
	got := f.Finish(t.Context(), st.run(t), well(), step.Outputs{Training: captured()})
	if got.Verdict.Status != mlflow.Finished || got.Verdict.ExitCode != 0 {
		t.Errorf("verdict with an outdated answer: %+v", got.Verdict)
	}
	f.Outdated = func() bool { return false }
	if got := f.Finish(t.Context(), st.run(t), well(), step.Outputs{Training: captured()}); got.Verdict.ErrorType != "MissingParams" {
		t.Errorf("verdict: %+v", got.Verdict)
	}
}

func TestOneBadItemDoesNotCostTheOthers(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t)
	st.log(t, run, mlflow.Batch{Params: []mlflow.Param{{Key: "lr", Value: "1"}}})
	st.fail["GetRun"] = errDown // so that the collision is not seen
	got := finisher(st).Finish(t.Context(), run, well(), step.Outputs{Result: results.Result{
		Params:  []mlflow.Param{{Key: "a", Value: "1"}, {Key: "lr", Value: "2"}, {Key: "z", Value: "3"}},
		Metrics: []mlflow.Metric{{Key: "acc", Value: 1}, {Key: "loss", Value: 2}},
	}})
	now := st.stored(t, run)
	if diff := cmp.Diff(map[string]string{"a": "1", "lr": "1", "z": "3"}, now.Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	if len(now.Metrics) != 2 || now.Tags["mlops.status"] != "success" || now.Status != mlflow.Finished {
		t.Errorf("run %+v", now)
	}
	texts := faults(got)
	if len(texts) != 2 || texts[0] != "read run: the store is down" || !strings.HasPrefix(texts[1], "log the result: ") || !strings.Contains(texts[1], `"lr"`) {
		t.Errorf("faults %q", texts)
	}
	if got.Run.ID != run.ID || got.Run.Name != "first" {
		t.Errorf("what is known of the run: %+v", got.Run)
	}
}

func TestAStoreThatRejectsWhoeverAsksIsAskedOnce(t *testing.T) {
	t.Parallel()
	st := open(t)
	st.fail["LogBatch"] = hint.With(&mlflow.RejectedError{Call: "POST runs/log-batch", Status: 403, Message: "no"}, "ask for the permission")
	got := finisher(st).Finish(t.Context(), st.run(t), well(), step.Outputs{Result: results.Result{Params: []mlflow.Param{{Key: "a"}, {Key: "b"}}}})
	n := 0
	for _, call := range st.calls {
		if call == "LogBatch" {
			n++
		}
	}
	if n != 1 || len(got.Faults) != 1 || len(got.Notices) != 1 || got.Notices[0].Hint != "ask for the permission" {
		t.Errorf("%d calls, faults %v, notices %+v", n, got.Faults, got.Notices)
	}
}

// modelStep is a step that ended well and left a file and a model.
func modelStep(t *testing.T) step.Outputs {
	t.Helper()
	dir := t.TempDir()
	return step.Outputs{
		Result:      results.Result{ModelName: "forest", ModelLocalPath: "out/forest", Params: []mlflow.Param{{Key: "lr", Value: "1"}}},
		ModelTarget: "forest",
		Files: []artifact.File{
			{Path: write(t, dir, "a.txt"), Target: "a.txt"}, {Path: write(t, dir, "forest", "MLmodel"), Target: "forest/MLmodel"},
		},
	}
}

func TestEachCallThatFailsCostsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	for call, want := range map[string][]string{
		"GetRun":             {"read run: the store is down"},
		"LogBatch":           {"log the result: the store is down"},
		"UpdateRun":          {"close run: the store is down", "close child runs: the store is down"},
		"SearchRuns":         {"close child runs: the store is down"},
		"CreateModelVersion": {`register model: model "forest" from "SOURCE": the store is down`},
	} {
		st := open(t)
		run := st.run(t)
		child := st.child(t, run)
		st.fail[call] = errDown
		got := finisher(st).Finish(t.Context(), run, well(), modelStep(t))
		for i := range want {
			want[i] = strings.ReplaceAll(want[i], "SOURCE", run.ArtifactURI+"/forest")
		}
		if diff := cmp.Diff(want, faults(got)); diff != "" {
			t.Errorf("%s fails: faults (-want +got):\n%s", call, diff)
		}
		if len(got.Notices) != len(want) || got.Verdict.Status != mlflow.Finished || got.Verdict.ExitCode != 0 || len(got.Uploaded) != 2 {
			t.Errorf("%s fails: %+v", call, got)
		}
		now := st.stored(t, run)
		for part, done := range map[string]bool{
			"LogBatch": now.Params["lr"] == "1", "UpdateRun": now.Status == mlflow.Finished, "CreateModelVersion": got.Model.Version == "1",
			"SearchRuns": call == "UpdateRun" || st.stored(t, child).Status == mlflow.Finished,
		} {
			if done == (part == call) {
				t.Errorf("%s fails: what %s does is done: %v", call, part, done)
			}
		}
	}
}

func TestFilesThatAreNotUploaded(t *testing.T) {
	t.Parallel()
	st := open(t)
	run := st.run(t)
	dir := t.TempDir()
	outputs := step.Outputs{Files: []artifact.File{{Path: write(t, dir, "there"), Target: "there"}}}
	for i := range 12 {
		outputs.Files = append(outputs.Files, artifact.File{Path: filepath.Join(dir, "gone"), Target: string(rune('a' + i))})
	}
	got := finisher(st).Finish(t.Context(), run, well(), outputs)
	if diff := cmp.Diff([]string{"there"}, got.Uploaded); diff != "" {
		t.Errorf("uploaded (-want +got):\n%s", diff)
	}
	lines := texts(got.Notices)
	if len(lines) != 11 || !strings.HasPrefix(lines[0], `warning: artifact "a" is not uploaded: stat `) || lines[10] != "warning: and 2 more artifacts are not uploaded" {
		t.Errorf("notices %q", lines)
	}
	if texts := faults(got); len(texts) != 1 || strings.Count(texts[0], "no such file") != 1 || !strings.HasPrefix(texts[0], "upload artifacts: ") {
		t.Errorf("faults %q", texts)
	}
	if got.Verdict.Status != mlflow.Finished || got.Verdict.ExitCode != 0 {
		t.Errorf("verdict %+v", got.Verdict)
	}
}

func TestAManifestThatIsNotWrittenIsTold(t *testing.T) {
	t.Parallel()
	st := open(t)
	f := finisher(st)
	f.Artifacts = noManifest{st}
	got := f.Finish(t.Context(), st.run(t), well(), modelStep(t))
	if diff := cmp.Diff([]string{"warning: write the manifest of the artifacts: the store is down"}, texts(got.Notices)); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}
