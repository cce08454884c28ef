package offline_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/offline"
)

// stored makes an offline folder with a run that has a child, artifacts and a model, and closes it.
func stored(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "offline")
	s := offline.New(opened(t, nowhere), offline.Options{Dir: dir, TrackingURI: nowhere, Experiment: "vision", StartTimeout: startTimeout})
	run := start(t, s)
	log(t, s, run.ID, mlflow.Batch{
		Metrics: []mlflow.Metric{point("loss", 1, 0.5), point("loss", 2, math.NaN()), point("loss", 3, math.Inf(1)), point("auc", 1, 0.75)},
		Params:  []mlflow.Param{{Key: "depth", Value: "3"}, {Key: "width", Value: "7"}},
	})
	child, err := s.Direct().CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: run.ExperimentID, Name: "fold", Start: time.UnixMilli(1), Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: run.ID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	log(t, s, child.ID, mlflow.Batch{Metrics: []mlflow.Metric{point("loss", 1, 0.125)}})
	end(t, s, child.ID, mlflow.Finished)
	files := []artifact.File{write(t, "model/MLmodel", "flavors: {}"), write(t, "model/data/w.bin", "\x00\xff"), write(t, "notes.txt", "ü")}
	if r := s.Upload(t.Context(), run.ArtifactURI, files, artifact.Options{}); r.Files != 3 {
		t.Fatalf("upload %+v", r)
	}
	if _, err := s.CreateModelVersion(t.Context(), mlflow.NewModelVersion{
		Name: "net", Source: run.ArtifactURI + "/model", RunID: run.ID, Path: "model",
	}); err != nil {
		t.Fatal(err)
	}
	end(t, s, run.ID, mlflow.Finished)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// holdsStored checks that the server has what stored made, each thing once.
func holdsStored(t *testing.T, server *mlflowtest.Memory) {
	t.Helper()
	runs := server.Runs()
	if len(runs) != 2 {
		t.Fatalf("%d runs: %+v", len(runs), runs)
	}
	run, child := runs[0], runs[1]
	if run.Name != "train" || run.Status != mlflow.Finished || run.End.UnixMilli() != 1_700_000_009_000 || run.Tags["team"] != "vision" ||
		run.Tags["mlops.kept.registered"] != "1" {
		t.Errorf("run %+v", run)
	}
	if child.Name != "fold" || child.Status != mlflow.Finished || child.Tags[mlflow.ParentRunTag] != run.ID || len(child.Points["loss"]) != 1 {
		t.Errorf("child %+v", child)
	}
	if diff := cmp.Diff(map[string]string{"depth": "3", "width": "7"}, run.Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	want := map[string][]mlflow.Metric{ // SQL stores hold an infinity as the largest number, which reads as one
		"loss": {point("loss", 1, 0.5), point("loss", 2, math.NaN()), point("loss", 3, math.Inf(1))}, "auc": {point("auc", 1, 0.75)},
	}
	if diff := cmp.Diff(want, run.Points, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
	files := map[string]string{"model/MLmodel": "flavors: {}", "model/data/w.bin": "\x00\xff", "notes.txt": "ü"}
	if diff := cmp.Diff(files, server.Files(run.ArtifactURI)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	versions := []mlflowtest.Version{{Name: "net", Version: "1", Source: run.ArtifactURI + "/model", RunID: run.ID}}
	if diff := cmp.Diff(versions, server.Versions("net")); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// An upload that is interrupted at each of its requests, before the server does what was asked or before its answer comes,
// and repeated, brings each thing once.
func TestInterruptedUpload(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"before": false, "answer lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := stored(t)
			for passed := 0; ; passed++ {
				dir := filepath.Join(t.TempDir(), "offline")
				if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
					t.Fatal(err)
				}
				server := mlflowtest.StartMemory(t)
				proxy := mlflowtest.New(t, server.URL)
				if lost {
					proxy.Spoil(mlflowtest.Rule{Skip: passed, Lose: true, Times: 1})
				}
				proxy.Spoil(mlflowtest.Rule{Skip: passed, Status: 403, Body: `{"error_code": "PERMISSION_DENIED", "message": "no more"}`})
				_, err := bring(t, dir, proxy.URL)
				if err == nil {
					if passed < 20 {
						t.Errorf("the upload took %d requests only", passed)
					}
					return
				}
				proxy.Mend()
				mustBring(t, dir, proxy.URL)
				holdsStored(t, server)
				if t.Failed() {
					t.Fatalf("after %d requests that passed", passed)
				}
			}
		})
	}
}

// An upload that is interrupted at each request, each time one later, comes to its end.
func TestUploadThatIsInterruptedAgainAndAgain(t *testing.T) {
	t.Parallel()
	dir, server := stored(t), mlflowtest.StartMemory(t)
	for passed := 0; ; passed++ {
		proxy := mlflowtest.New(t, server.URL)
		proxy.Spoil(mlflowtest.Rule{Skip: passed, Status: 403})
		if _, err := bring(t, dir, proxy.URL); err == nil {
			break
		}
	}
	holdsStored(t, server)
	if left := notes(t, dir); len(left) > 0 {
		t.Errorf("%v still wait", left)
	}
	sent, err := filepath.Glob(filepath.Join(dir, "sent", "*.json"))
	if err != nil || len(sent) != 1 {
		t.Fatalf("sent %v, %v", sent, err)
	}
	if text, err := os.ReadFile(sent[0]); err != nil || !strings.Contains(string(text), server.Runs()[0].ID) {
		t.Errorf("the note %s does not name the run on the server", text)
	}
}

// A folder whose job was killed before it closed the store, and which was moved since, has its artifacts all the same.
func TestUploadOfAMovedFolder(t *testing.T) {
	t.Parallel()
	dir, moved := filepath.Join(t.TempDir(), "offline"), filepath.Join(t.TempDir(), "elsewhere")
	s := newStore(t, nowhere, dir)
	run := start(t, s)
	if r := s.Upload(t.Context(), run.ArtifactURI, []artifact.File{write(t, "plots/a.png", "aa")}, artifact.Options{}); r.Files != 1 {
		t.Fatalf("upload %+v", r)
	}
	if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "mlartifacts")); err != nil {
		t.Fatal(err)
	}
	server := mlflowtest.StartMemory(t)
	done := mustBring(t, moved, server.URL)
	if files := server.Files(done.Run.ArtifactURI); files["plots/a.png"] != "aa" {
		t.Errorf("files %q", files)
	}
}

// execute changes the database of an offline folder.
func execute(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "mlflow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// A model that an MLflow 3 client logged into the local store becomes a folder of the run's artifacts.
func TestUploadOfALoggedModel(t *testing.T) {
	t.Parallel()
	dir := stored(t)
	model := filepath.Join(dir, "mlartifacts", "1", "models", "m-1", "artifacts")
	if err := os.MkdirAll(model, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(model, "MLmodel"), []byte("logged"), 0o600); err != nil {
		t.Fatal(err)
	}
	execute(t, dir, `CREATE TABLE logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, source_run_id, lifecycle_stage)`,
		fmt.Sprintf(`INSERT INTO logged_models VALUES ('m-1', '1', 'forest', 'mlartifacts/1/models/m-1/artifacts', 1, '%s', 'active')`, notes(t, dir)[0].RunID))
	server := mlflowtest.StartMemory(t)
	done := mustBring(t, dir, server.URL)
	if files := server.Files(done.Run.ArtifactURI); files["forest/MLmodel"] != "logged" || len(files) != 4 {
		t.Errorf("files %q", files)
	}
}

// A store may come from a job that need not be trusted: it uploads no folder of this machine, and registers nothing that is not
// the run's.
func TestHostileFolder(t *testing.T) {
	t.Parallel()
	secret := filepath.Dir(write(t, "", "secret").Path)
	for name, change := range map[string]func(t *testing.T, dir string){
		"absolute": func(t *testing.T, dir string) { execute(t, dir, `UPDATE runs SET artifact_uri = '`+secret+`'`) },
		"relative": func(t *testing.T, dir string) {
			execute(t, dir, `UPDATE runs SET artifact_uri = '../../../../../../..`+secret+`'`)
		},
		"file URI": func(t *testing.T, dir string) { execute(t, dir, `UPDATE runs SET artifact_uri = 'file://`+secret+`'`) },
		"in between": func(t *testing.T, dir string) {
			execute(t, dir, `UPDATE runs SET artifact_uri = '/mlartifacts/../../..`+secret+`'`)
		},
		"bucket": func(t *testing.T, dir string) { execute(t, dir, `UPDATE runs SET artifact_uri = 's3://bucket/x'`) },
		"link": func(t *testing.T, dir string) {
			plant(t, dir, func(at string) error { return os.Symlink(secret+"/file", at+"/file") })
		},
		"link to a folder": func(t *testing.T, dir string) {
			plant(t, dir, func(at string) error { return os.Symlink(secret, at+"/folder") })
		},
		"loop": func(t *testing.T, dir string) {
			plant(t, dir, func(at string) error { return os.Symlink("..", at+"/up") })
		},
		"linked root": func(t *testing.T, dir string) {
			plant(t, dir, func(at string) error { return errors.Join(os.RemoveAll(at), os.Symlink(secret, at)) })
		},
		"relative link": func(t *testing.T, dir string) {
			plant(t, dir, func(at string) error { return errors.Join(os.RemoveAll(at), os.Symlink("..", at)) })
		},
		"linked parent": func(t *testing.T, dir string) {
			plant(t, dir, func(at string) error {
				above := filepath.Dir(filepath.Dir(at))
				return errors.Join(os.Rename(above, dir+"/moved"), os.Symlink(dir+"/moved", above))
			})
		},
		"pipe": func(t *testing.T, dir string) {
			plant(t, dir, func(at string) error { return exec.CommandContext(t.Context(), "mkfifo", at+"/file").Run() })
		},
		"model": func(t *testing.T, dir string) {
			n := notes(t, dir)[0]
			n.Model.Path = "../../other/artifacts/model"
			if err := offline.Write(dir, n); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, server := stored(t), mlflowtest.StartMemory(t)
			change(t, dir)
			if _, err := bring(t, dir, server.URL); err == nil {
				t.Error("the upload succeeded")
			}
			files, models := server.Files(server.Runs()[0].ArtifactURI), server.Versions("net")
			if slices.Contains(slices.Collect(maps.Values(files)), "secret") || len(models) > 0 || len(files) > 3 {
				t.Errorf("files %q, models %v", files, models)
			}
		})
	}
}

// plant changes the folder with the artifacts of the stored run.
func plant(t *testing.T, dir string, change func(at string) error) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "mlartifacts", "*", notes(t, dir)[0].RunID, "artifacts"))
	if err != nil || len(found) != 1 {
		t.Fatalf("artifacts %q, %v", found, err)
	}
	if err := change(found[0]); err != nil {
		t.Fatal(err)
	}
}

// A note that names a run of somebody else does not change it, whether that is of another job or of none.
func TestRunOfAnotherJob(t *testing.T) {
	t.Parallel()
	for name, tags := range map[string][]mlflow.Tag{
		"none": nil, "another": {{Key: mlflow.JobIDTag, Value: "job-2"}}, "empty": {{Key: mlflow.JobIDTag, Value: ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, server := stored(t), mlflowtest.StartMemory(t)
			to := opened(t, server.URL)
			victim, err := to.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Name: "victim", Start: time.UnixMilli(1), Tags: tags})
			if err != nil {
				t.Fatal(err)
			}
			n := notes(t, dir)[0]
			n.ServerRunID = victim.ID
			if err := offline.Write(dir, n); err != nil {
				t.Fatal(err)
			}
			_, err = bring(t, dir, server.URL)
			if err == nil || !strings.Contains(err.Error(), "not of the same job") || len(notes(t, dir)) != 1 {
				t.Errorf("error %v, notes %v", err, notes(t, dir))
			}
			if runs := server.Runs(); len(runs) != 1 || runs[0].Status != mlflow.Running || len(runs[0].Params) > 0 || runs[0].Tags["team"] != "" {
				t.Errorf("runs %+v", runs[0])
			}
		})
	}
}

// Two uploads of one folder at a time bring each run once.
func TestTwoUploadsAtATime(t *testing.T) {
	t.Parallel()
	dir, server := stored(t), mlflowtest.StartMemory(t)
	n := notes(t, dir)[0]
	var all errgroup.Group
	for range 4 {
		from, to := local(t, dir), opened(t, server.URL)
		all.Go(func() error {
			_, err := offline.Upload(t.Context(), from, offline.Target{Store: to}, n)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	holdsStored(t, server)
}

// A run whose job still writes is uploaded as far as it has come, and waits for the next upload.
func TestUploadOfARunThatHasNotEnded(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "offline")
	s, server := newStore(t, nowhere, dir), mlflowtest.StartMemory(t)
	run := start(t, s)
	log(t, s, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "depth", Value: "3"}}})
	done, err := bring(t, dir, server.URL)
	if left := notes(t, dir); err != nil || !done.Open || len(left) != 1 || left[0].ServerRunID != done.Run.ID {
		t.Fatalf("%+v, %v; notes %+v", done, err, left)
	}
	log(t, s, run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "width", Value: "7"}}})
	end(t, s, run.ID, mlflow.Finished)
	mustBring(t, dir, server.URL)
	if runs := server.Runs(); len(runs) != 1 || runs[0].Status != mlflow.Finished || len(runs[0].Params) != 2 {
		t.Errorf("runs %+v", runs)
	}
}

// A store that is a link may lie anywhere.
func TestLinkedStore(t *testing.T) {
	t.Parallel()
	dir := stored(t)
	if err := errors.Join(os.Rename(filepath.Join(dir, "mlflow.db"), dir+".db"), os.Symlink(dir+".db", filepath.Join(dir, "mlflow.db"))); err != nil {
		t.Fatal(err)
	}
	if _, err := offline.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "is not a file but a link") {
		t.Errorf("error %v", err)
	}
}

// A file that the server cannot keep is told; the run has its status there all the same, and the note stays.
func TestUploadOfAFileThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "offline")
	s := newStore(t, nowhere, dir)
	run := start(t, s)
	files := []artifact.File{write(t, "a#b.txt", "a"), write(t, "fine.txt", "f")}
	if r := s.Upload(t.Context(), run.ArtifactURI, files, artifact.Options{}); r.Files != 2 {
		t.Fatalf("upload %+v", r)
	}
	end(t, s, run.ID, mlflow.Finished)
	server := mlflowtest.StartMemory(t)
	_, err := bring(t, dir, server.URL)
	if err == nil || !strings.Contains(err.Error(), "a#b.txt") || len(notes(t, dir)) != 1 {
		t.Errorf("error %v, notes %v", err, notes(t, dir))
	}
	remote := server.Runs()[0]
	if files := server.Files(remote.ArtifactURI); remote.Status != mlflow.Finished || files["fine.txt"] != "f" {
		t.Errorf("run is %s with %q", remote.Status, files)
	}
}

// A run that the note names and that is gone from the server is made again.
func TestUploadOfARunThatIsGoneFromTheServer(t *testing.T) {
	t.Parallel()
	dir, server := stored(t), mlflowtest.StartMemory(t)
	n := notes(t, dir)[0]
	n.ServerRunID = "ffffffffffffffffffffffffffffffff"
	if err := offline.Write(dir, n); err != nil {
		t.Fatal(err)
	}
	mustBring(t, dir, server.URL)
	holdsStored(t, server)
}

// A run that the server had made though its answer was lost is found by the tag of the job.
func TestUploadFindsAnUncertainRun(t *testing.T) {
	t.Parallel()
	j := newJob(t)
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/create", Lose: true})
	j.proxy.Spoil(mlflowtest.Rule{Path: "runs/search", Refuse: true})
	run := start(t, j.Store)
	if !j.Began() || len(j.server.Runs()) != 1 {
		t.Fatalf("began %t, %d runs on the server", j.Began(), len(j.server.Runs()))
	}
	end(t, j, run.ID, mlflow.Finished)
	j.proxy.Mend()
	mustBring(t, j.dir, j.proxy.URL)
	if runs := j.server.Runs(); len(runs) != 1 || runs[0].Status != mlflow.Finished {
		t.Errorf("runs %+v", runs)
	}
}

// An upload to a server that is unreachable, or from a store that lacks the run, is an error that says so.
func TestUploadThatCannotBegin(t *testing.T) {
	t.Parallel()
	dir := stored(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := offline.Upload(ctx, local(t, dir), offline.Target{Store: opened(t, nowhere)}, notes(t, dir)[0])
	if unreachable := new(mlflow.UnreachableError); !errors.As(err, &unreachable) || len(notes(t, dir)) != 1 {
		t.Errorf("error %v", err)
	}
	server := mlflowtest.StartMemory(t)
	unknown := offline.Note{RunID: "0123", Experiment: "vision"}
	if err := offline.Write(dir, unknown); err != nil {
		t.Fatal(err)
	}
	_, err = offline.Upload(t.Context(), local(t, dir), offline.Target{Store: opened(t, server.URL)}, unknown)
	if !errors.Is(err, mlflow.ErrNotFound) || len(server.Runs()) != 0 {
		t.Errorf("error %v, runs %v", err, server.Runs())
	}
	proxy := mlflowtest.New(t, server.URL)
	proxy.Spoil(mlflowtest.Rule{Path: "experiments/get-by-name", Status: http.StatusUnauthorized})
	if err := os.Remove(filepath.Join(dir, "kept", "0123.json")); err != nil {
		t.Fatal(err)
	}
	if _, err = bring(t, dir, proxy.URL); err == nil || !strings.Contains(err.Error(), `find experiment "vision"`) {
		t.Errorf("error %v", err)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if all, err := offline.List(filepath.Join(dir, "none")); err != nil || len(all) != 0 {
		t.Errorf("notes of a folder that does not exist: %v, %v", all, err)
	}
	n := offline.Note{RunID: "b", Experiment: "vision", TrackingURI: "https://x", ServerRunID: "c"}
	if err := errors.Join(offline.Write(dir, n), offline.Write(dir, offline.Note{RunID: "a"})); err != nil {
		t.Fatal(err)
	}
	if err := offline.AddModel(dir, "b", offline.Model{Name: "net", Path: "model"}); err != nil {
		t.Fatal(err)
	}
	n.Model = &offline.Model{Name: "net", Path: "model"}
	if diff := cmp.Diff([]offline.Note{{RunID: "a"}, n}, notes(t, dir)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if err := offline.AddModel(dir, "none", offline.Model{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("model of a run without a note: %v", err)
	}
	for name, text := range map[string]string{
		"of another run": `{"run_id": "../b"}`, "too long": strings.Repeat(" ", 2<<20) + `{"run_id": "x"}`, "cut": `{"run_id": "x", "exp`, "empty": ``, "a list": `[]`, "of none": `{}`,
	} {
		file := filepath.Join(dir, "kept", "x.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := offline.List(dir); err == nil || !strings.Contains(err.Error(), "x.json") || len(all) != 2 { // the others are read
			t.Errorf("a note that is %s: %v, %v", name, all, err)
		}
	}
}
