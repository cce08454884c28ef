package offline_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
)

var _ mlflow.Store = (*offline.Store)(nil)

// A run whose server is unreachable from the start lies in the local store with all that belongs to it.
func TestUnreachableFromTheStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), ".mlops-track")
	s := newStore(t, nowhere, dir)
	if s.Began() || s.Lost() != nil || s.Direct().Display != nowhere {
		t.Errorf("before the start: began %t, lost %v, direct %q", s.Began(), s.Lost(), s.Direct().Display)
	}
	run := start(t, s)
	if unreachable := new(mlflow.UnreachableError); !s.Began() || !errors.As(s.Lost(), &unreachable) || s.Direct().Dir != dir {
		t.Errorf("began %t, lost %v, direct in %q, want %q", s.Began(), s.Lost(), s.Direct().Dir, dir)
	}
	log(t, s, run.ID, mlflow.Batch{Metrics: []mlflow.Metric{point("loss", 1, 0.5), point("loss", 2, 0.25)}, Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	uploaded := s.Upload(t.Context(), run.ArtifactURI, []artifact.File{write(t, "model/MLmodel", "flavors: {}")}, artifact.Options{})
	if uploaded.Files != 1 || len(uploaded.Failed) > 0 {
		t.Errorf("upload: %+v", uploaded)
	}
	entries, err := s.List(t.Context(), run.ArtifactURI, "model")
	if err != nil || len(entries) != 1 || entries[0].Path != "model/MLmodel" {
		t.Errorf("list: %v, %v", entries, err)
	}
	version := mlflow.NewModelVersion{Name: "net", Source: run.ArtifactURI + "/model", RunID: run.ID, Path: "model"}
	if v, err := s.CreateModelVersion(t.Context(), version); err != nil || v.Version != "1" {
		t.Errorf("model version %v, %v", v, err)
	}
	if v, err := s.FindModelVersion(t.Context(), version); err != nil || v.Version != "1" {
		t.Errorf("found model version %v, %v", v, err)
	}
	if models, err := s.LoggedModels(t.Context(), run.ExperimentID, run.ID); err != nil || len(models) > 0 {
		t.Errorf("logged models %v, %v", models, err)
	}
	if points, err := s.MetricHistory(t.Context(), run.ID, "loss"); err != nil || len(points) != 2 {
		t.Errorf("history %v, %v", points, err)
	}
	end(t, s, run.ID, mlflow.Finished)
	got, err := s.GetRun(t.Context(), run.ID)
	if err != nil || got.ID != run.ID || got.Status != mlflow.Finished || got.Params["depth"] != "3" || got.Metrics["loss"].Value != 0.25 {
		t.Errorf("run %+v, %v", got, err)
	}
	want := []offline.Note{{RunID: run.ID, Experiment: "vision", TrackingURI: nowhere, Model: &offline.Model{Name: "net", Path: "model"}}}
	if diff := cmp.Diff(want, notes(t, dir)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}

	server := mlflowtest.StartMemory(t)
	done := mustBring(t, dir, server.URL)
	remote := server.Runs()
	if len(remote) != 1 || remote[0].ID != done.Run.ID || remote[0].Name != "train" || remote[0].User != "" && remote[0].User != "ann" ||
		remote[0].Status != mlflow.Finished || !remote[0].Start.Equal(run.Start) || remote[0].Tags["team"] != "vision" {
		t.Errorf("uploaded %+v", remote)
	}
	if done.Params != 1 || done.Points != 2 || done.Files != 1 {
		t.Errorf("done %+v", done)
	}
	files := server.Files(remote[0].ArtifactURI)
	if files["model/MLmodel"] != "flavors: {}" {
		t.Errorf("files %q", files)
	}
	versions := server.Versions("net")
	if len(versions) != 1 || versions[0].Source != remote[0].ArtifactURI+"/model" || versions[0].RunID != remote[0].ID {
		t.Errorf("versions %+v", versions)
	}
}

// A server that rejects us at the start is an error: nothing of the run would ever get there.
func TestRejectedAtTheStart(t *testing.T) {
	t.Parallel()
	for call, path := range map[string]string{"experiment": "experiments/get-by-name", "run": "runs/create", "resumed": "runs/get"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			j.proxy.Spoil(mlflowtest.Rule{Path: path, Status: http.StatusUnauthorized, Body: `{"error_code": "UNAUTHENTICATED", "message": "who are you"}`})
			experiment, err := j.EnsureExperiment(t.Context(), "vision")
			switch call {
			case "run":
				_, err = j.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: experiment.ID})
			case "resumed":
				j.Resume("0123", mlflow.NewRun{})
				_, err = j.GetRun(t.Context(), "0123")
			}
			if rejected := new(mlflow.RejectedError); !errors.As(err, &rejected) || rejected.Status != http.StatusUnauthorized {
				t.Errorf("error %v, want the 401", err)
			}
			if _, err := os.Stat(j.dir); j.Began() || j.Lost() != nil || err == nil {
				t.Errorf("began %t, lost %v, folder %v", j.Began(), j.Lost(), err)
			}
		})
	}
}

// Whatever keeps the server from answering once the run is open: what it did not take is stored offline under the same run
// id, the run is seen as a whole, and an upload completes it.
func TestUnreachableInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]mlflowtest.Rule{
		"refuses": {Refuse: true}, "hangs": {Hang: true}, "500": {Status: 500}, "503": {Status: 503}, "cut": {Cut: true},
		"401": {Status: 401}, "403": {Status: 403, Body: `{"error_code": "PERMISSION_DENIED", "message": "no more"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t)
			run := start(t, j.Store)
			log(t, j, run.ID, mlflow.Batch{
				Metrics: []mlflow.Metric{point("loss", 1, 0.5), point("auc", 9, 0.9)}, Params: []mlflow.Param{{Key: "depth", Value: "3"}},
				Tags: []mlflow.Tag{{Key: "mlops.error_type", Value: "OldError"}},
			})
			if _, err := j.GetRun(t.Context(), run.ID); err != nil {
				t.Fatal(err)
			}
			j.proxy.Spoil(fault)
			j.limit(t, 300*time.Millisecond)
			log(t, j, run.ID, mlflow.Batch{
				Metrics: []mlflow.Metric{point("loss", 2, 0.25), point("auc", 1, 0.1)}, Params: []mlflow.Param{{Key: "width", Value: "7"}},
			})
			if j.Began() || j.Lost() == nil || j.Direct().Display != j.proxy.URL {
				t.Errorf("began %t, lost %v, direct %q", j.Began(), j.Lost(), j.Direct().Display)
			}
			result := j.Upload(t.Context(), run.ArtifactURI, []artifact.File{write(t, "notes.txt", "ü")}, artifact.Options{})
			if result.Files != 1 || len(result.Failed) > 0 {
				t.Errorf("upload %+v", result)
			}
			end(t, j, run.ID, mlflow.Finished)
			if name != "cut" && j.proxy.Calls("runs/update") != 1 && name[0] == '4' {
				t.Errorf("the status was tried at the server %d times", j.proxy.Calls("runs/update"))
			}
			whole, err := j.GetRun(t.Context(), run.ID)
			if err != nil || whole.ID != run.ID || whole.Status != mlflow.Finished || whole.Name != "train" || whole.ArtifactURI != run.ArtifactURI {
				t.Errorf("run %+v, %v", whole, err)
			}
			if diff := cmp.Diff(map[string]string{"depth": "3", "width": "7"}, whole.Params); diff != "" {
				t.Errorf("params (-want +got):\n%s", diff)
			}
			if whole.Metrics["loss"].Value != 0.25 || whole.Metrics["auc"].Value != 0.9 {
				t.Errorf("metrics %v", whole.Metrics)
			}
			j.proxy.Mend()
			mustBring(t, j.dir, j.proxy.URL)
			remote := j.server.Runs()
			if len(remote) != 1 || remote[0].ID != run.ID || remote[0].Status != mlflow.Finished || remote[0].Tags["mlops.error_type"] != "" {
				t.Fatalf("uploaded %+v", remote)
			}
			if diff := cmp.Diff(map[string]string{"depth": "3", "width": "7"}, remote[0].Params); diff != "" {
				t.Errorf("params (-want +got):\n%s", diff)
			}
			if files := j.server.Files(run.ArtifactURI); files["notes.txt"] != "ü" {
				t.Errorf("files %q", files)
			}
			if name == "cut" {
				return // the server took each attempt
			}
			points := map[string][]mlflow.Metric{"loss": {point("loss", 1, 0.5), point("loss", 2, 0.25)}, "auc": {point("auc", 9, 0.9), point("auc", 1, 0.1)}}
			if diff := cmp.Diff(points, remote[0].Points); diff != "" {
				t.Errorf("points (-want +got):\n%s", diff)
			}
		})
	}
}

// The status is tried at the server also when it was given up, and the twin has it, too.
func TestStatusIsAlwaysTriedAtTheServer(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	j.Limit(t.Context(), func() {})
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/log-batch", Status: http.StatusForbidden})
	log(t, j, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	end(t, j, run.ID, mlflow.Failed)
	if remote := j.server.Runs()[0]; remote.Status != mlflow.Failed || remote.End.IsZero() {
		t.Errorf("on the server the run is %s, ended %s", remote.Status, remote.End)
	}
	twin, err := local(t, j.dir).GetRun(t.Context(), notes(t, j.dir)[0].RunID)
	if err != nil || twin.Status != mlflow.Failed {
		t.Errorf("the twin is %s, %v", twin.Status, err)
	}
	if seen, err := j.GetRun(t.Context(), run.ID); err != nil || seen.Status != mlflow.Failed {
		t.Errorf("the run is seen as %s, %v", seen.Status, err)
	}
}

// A status that the server rejects for a reason that will last is told, and the twin has it all the same: the upload would undo
// what somebody did on the server.
func TestRejectedStatus(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	j.Limit(t.Context(), func() {})
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/log-batch", Status: http.StatusForbidden})
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/update", Status: http.StatusBadRequest, Body: `{"error_code": "INVALID_PARAMETER_VALUE", "message": "deleted"}`})
	log(t, j, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	if err := j.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Killed}); err == nil || !strings.Contains(err.Error(), "deleted") {
		t.Errorf("error %v", err)
	}
	twin, err := local(t, j.dir).GetRun(t.Context(), notes(t, j.dir)[0].RunID)
	if err != nil || twin.Status != mlflow.Killed {
		t.Errorf("the twin is %s, %v", twin.Status, err)
	}
}

// Artifacts that cannot be uploaded are stored offline, while the tracking server stays in use; one that never can be is told.
func TestArtifactsThatFail(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	j.Limit(t.Context(), func() {})
	j.proxy.Spoil(mlflowtest.Rule{Path: "/plots/a.png", Status: http.StatusForbidden})
	files := []artifact.File{write(t, "plots/a.png", "aa"), {Path: filepath.Join(t.TempDir(), "gone"), Target: "gone.txt"}}
	told := 0
	result := j.Upload(t.Context(), run.ArtifactURI, files, artifact.Options{Workers: 1, Progress: func(artifact.Progress) { told++ }})
	if result.Files != 1 || len(result.Failed) > 1 || told == 0 {
		t.Errorf("upload %+v, told %d times", result, told)
	}
	if j.Lost() == nil {
		t.Error("nobody is told why something is stored offline")
	}
	log(t, j, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	end(t, j, run.ID, mlflow.Finished)
	if remote := j.server.Runs()[0]; remote.Params["depth"] != "3" || remote.Status != mlflow.Finished {
		t.Errorf("on the server: %+v", remote)
	}
	missing := j.Upload(t.Context(), run.ArtifactURI, files[1:], artifact.Options{})
	if missing.Files != 0 || len(missing.Failed) != 1 {
		t.Errorf("upload of a file that does not exist: %+v", missing)
	}
	j.proxy.Mend()
	mustBring(t, j.dir, j.proxy.URL)
	if files := j.server.Files(run.ArtifactURI); files["plots/a.png"] != "aa" {
		t.Errorf("files %q", files)
	}
}

// Once the server's time is over everything is stored offline at once, and the server is asked nothing.
func TestTimeOver(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	calls := 0
	serverTime, over := context.WithCancelCause(t.Context())
	j.Limit(serverTime, func() { calls++ })
	log(t, j, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	if calls != 1 {
		t.Errorf("progress was told %d times, want once", calls)
	}
	over(errors.New("no progress for 1s"))
	before := j.proxy.Calls("")
	log(t, j, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "width", Value: "7"}}})
	if r := j.Upload(t.Context(), run.ArtifactURI, []artifact.File{write(t, "a", "a")}, artifact.Options{}); r.Files != 1 {
		t.Errorf("upload %+v", r)
	}
	if entries, err := j.List(t.Context(), run.ArtifactURI, ""); err != nil || len(entries) != 1 {
		t.Errorf("list %v, %v", entries, err)
	}
	end(t, j, run.ID, mlflow.Finished)
	if err := j.Lost(); err == nil || !strings.Contains(err.Error(), "no progress for 1s") {
		t.Errorf("the reason is %v", err)
	}
	if after := j.proxy.Calls(""); after != before || calls != 1 {
		t.Errorf("the server got %d requests and %d progresses after its time", after-before, calls-1)
	}
}

// A context that is over is the caller's: nothing is stored offline for it.
func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.LogBatch(ctx, run.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "a", Value: "b"}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := j.UpdateRun(ctx, run.ID, mlflow.RunUpdate{Status: mlflow.Killed}); !errors.Is(err, context.Canceled) || j.Lost() != nil {
		t.Errorf("error %v, lost %v", err, j.Lost())
	}
}

// Without an offline folder errors are returned as they are.
func TestNoOfflineFolder(t *testing.T) {
	t.Parallel()
	var unreachable *mlflow.UnreachableError
	s := newStore(t, nowhere, "")
	if _, err := s.EnsureExperiment(t.Context(), "vision"); !errors.As(err, &unreachable) {
		t.Errorf("experiment: %v", err)
	}
	if _, err := s.CreateRun(t.Context(), mlflow.NewRun{}); !errors.As(err, &unreachable) || s.Lost() != nil || s.Began() {
		t.Errorf("run: %v, lost %v", err, s.Lost())
	}
	s.Limit(t.Context(), func() {})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	result := s.Upload(ctx, "mlflow-artifacts:/1/x/artifacts", []artifact.File{write(t, "a", "a")}, artifact.Options{})
	if len(result.Failed) != 1 || !errors.As(result.Failed[0].Err, &unreachable) {
		t.Errorf("upload %+v", result)
	}
}

// The first reason with advice is told.
func TestReason(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	j.limit(t, 200*time.Millisecond)
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/log-batch", Refuse: true})
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/update", Status: 401, Times: 1})
	log(t, j, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	if hint.Of(j.Lost()) != "" {
		t.Fatalf("lost %v", j.Lost())
	}
	j.Limit(t.Context(), func() {})
	end(t, j, run.ID, mlflow.Finished)
	if !strings.Contains(hint.Of(j.Lost()), "MLFLOW_TRACKING_USERNAME") {
		t.Errorf("lost %v, hint %q", j.Lost(), hint.Of(j.Lost()))
	}
}

// A run that cannot be noted is an error each time, for nobody would upload it; once it can be, there is one.
func TestNoteThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "offline")
	s := newStore(t, nowhere, dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kept"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := s.CreateRun(t.Context(), mlflow.NewRun{Name: "train", Start: time.Now()})
		if unreachable := new(mlflow.UnreachableError); err == nil || !strings.Contains(err.Error(), "write the note of the stored run") || !errors.As(err, &unreachable) || s.Began() {
			t.Errorf("error %v, began %t", err, s.Began())
		}
	}
	if err := os.Remove(filepath.Join(dir, "kept")); err != nil {
		t.Fatal(err)
	}
	run, err := s.CreateRun(t.Context(), mlflow.NewRun{Name: "train", Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.SearchRuns(t.Context(), mlflow.RunSearch{})
	if n := notes(t, dir); err != nil || len(all) != 1 || len(n) != 1 || n[0].RunID != run.ID {
		t.Errorf("runs %v, %v, notes %v", all, err, n)
	}
}

// An offline folder that cannot be made is told beside why it is needed.
func TestOfflineFolderThatCannotBeMade(t *testing.T) {
	t.Parallel()
	file := write(t, "", "").Path
	s := newStore(t, nowhere, filepath.Join(file, "offline"))
	_, err := s.CreateRun(t.Context(), mlflow.NewRun{})
	if unreachable := new(mlflow.UnreachableError); !errors.As(err, &unreachable) || !strings.Contains(err.Error(), "store the run offline") || !strings.Contains(hint.Of(err), "offline-dir") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}

	j := newJob(t)
	run := start(t, j.Store)
	if err := os.WriteFile(j.dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	j.Limit(t.Context(), func() {})
	j.proxy.Spoil(mlflowtest.Rule{Status: 403})
	if err := j.LogBatch(t.Context(), run.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "a", Value: "b"}}}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("log: %v", err)
	}
	if err := j.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Failed}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("update: %v", err)
	}
	if r := j.Upload(t.Context(), run.ArtifactURI, []artifact.File{write(t, "a", "a")}, artifact.Options{}); len(r.Failed) != 1 {
		t.Errorf("upload: %+v", r)
	}
}

// Many goroutines write, read and upload while the server becomes unreachable. Run with -race.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	run := start(t, j.Store)
	j.Limit(t.Context(), func() {})
	j.proxy.Spoil(mlflowtest.Rule{Skip: 40, Status: 403})
	var all sync.WaitGroup
	for worker := range int64(8) {
		file := write(t, "f"+string(rune('0'+worker)), "content")
		all.Go(func() {
			for step := range int64(8) {
				if err := j.LogBatch(t.Context(), run.ID, mlflow.Batch{Metrics: []mlflow.Metric{point("loss", worker*100+step, 1)}}); err != nil {
					t.Error(err)
				}
				if got, err := j.GetRun(t.Context(), run.ID); err != nil || got.ID != run.ID {
					t.Errorf("run %q, %v", got.ID, err)
				}
			}
			if r := j.Upload(t.Context(), run.ArtifactURI, []artifact.File{file}, artifact.Options{}); r.Files != 1 {
				t.Errorf("upload %+v", r)
			}
			_, _ = j.Began(), j.Lost()
			_ = j.Direct()
			if err := j.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: time.UnixMilli(1)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	j.proxy.Mend()
	mustBring(t, j.dir, j.proxy.URL)
	remote := j.server.Runs()
	steps := map[int64]int{}
	for _, p := range remote[0].Points["loss"] {
		steps[p.Step]++
	}
	if len(remote) != 1 || len(steps) != 64 || slices.Max(slices.Collect(maps.Values(steps))) != 1 || remote[0].Status != mlflow.Finished {
		t.Errorf("%d runs, %d steps: %v", len(remote), len(steps), steps)
	}
	if files := j.server.Files(run.ArtifactURI); len(files) != 8 {
		t.Errorf("files %v", files)
	}
}
