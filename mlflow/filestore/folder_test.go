package filestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/filestore"
)

func TestOpenMakesOneStoreInARace(t *testing.T) {
	folder := t.TempDir()
	ids := make([]string, 12)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			s, err := filestore.Open(t.Context(), folder, filestore.Options{})
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			e, err := s.EnsureExperiment(t.Context(), "one")
			if err = errors.Join(err, s.Close(t.Context())); err != nil {
				t.Errorf("ensure experiment: %v", err)
			}
			ids[i] = e.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		if len(id) != 18 || id != ids[0] {
			t.Fatalf("experiments are %q, want one of 18 digits", ids)
		}
	}
}

func TestOpenRefusesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mlruns")
	write(t, path, "")
	_, err := filestore.Open(t.Context(), path, filestore.Options{})
	_, ok := errors.AsType[*mlflow.RejectedError](err)
	if !ok || !strings.Contains(err.Error(), path) || hint.Of(err) == "" {
		t.Errorf("open a file: %v, want a RejectedError with a hint", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func newRun(t *testing.T, s *filestore.Store, experiment string, tags ...mlflow.Tag) mlflow.Run {
	t.Helper()
	e, err := s.EnsureExperiment(t.Context(), experiment)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.UnixMilli(5), Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDeletedIsRefused(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	r := newRun(t, s, "gone")
	client(2, folder).Run(t, "delete", r.ExperimentID)

	_, ensureErr := s.EnsureExperiment(t.Context(), "gone")
	_, createErr := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: r.ExperimentID, Start: time.Now()})
	for call, err := range map[string]error{
		"EnsureExperiment": ensureErr,
		"CreateRun":        createErr,
		"UpdateRun":        s.UpdateRun(t.Context(), r.ID, mlflow.RunUpdate{Status: mlflow.Finished}),
		"LogBatch":         s.LogBatch(t.Context(), r.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "k", Value: "v"}}}),
	} {
		_, ok := errors.AsType[*mlflow.RejectedError](err)
		if !ok || !strings.Contains(hint.Of(err), "restore") {
			t.Errorf("%s of what is deleted: %v, want a RejectedError with a hint", call, err)
		}
	}
}

// Keys become paths, so no key may lead out of the run.
func TestKeysStayInTheRun(t *testing.T) {
	s := open(t, t.TempDir())
	r := newRun(t, s, "keys")
	for _, key := range []string{"../../meta.yaml", "/etc/x", "a/../../b", "", "..", "a//b"} {
		for kind, batch := range map[string]mlflow.Batch{
			"param":  {Params: []mlflow.Param{{Key: key, Value: "x"}}},
			"tag":    {Tags: []mlflow.Tag{{Key: key, Value: "x"}}},
			"metric": {Metrics: []mlflow.Metric{{Key: key, Value: 1}}},
		} {
			err := s.LogBatch(t.Context(), r.ID, batch)
			if _, ok := errors.AsType[*mlflow.RejectedError](err); !ok {
				t.Errorf("%s %q: %v, want a RejectedError", kind, key, err)
			}
		}
	}
	for _, id := range []string{"..", "../x", "", "a/b"} {
		if _, err := s.GetRun(t.Context(), id); !errors.Is(err, mlflow.ErrNotFound) {
			t.Errorf("run %q: %v, want ErrNotFound", id, err)
		}
	}
	_, err := s.CreateModelVersion(t.Context(), mlflow.NewModelVersion{Name: "../m", Source: r.ArtifactURI, RunID: r.ID})
	if _, ok := errors.AsType[*mlflow.RejectedError](err); !ok {
		t.Errorf("model ../m: %v, want a RejectedError", err)
	}
}

func TestKeyInsideAnother(t *testing.T) {
	s := open(t, t.TempDir())
	r := newRun(t, s, "keys")
	params := []mlflow.Param{{Key: "a", Value: "1"}, {Key: "a/b", Value: "2"}}
	err := s.LogBatch(t.Context(), r.ID, mlflow.Batch{Params: params})
	if _, ok := errors.AsType[*mlflow.RejectedError](err); !ok || !strings.Contains(hint.Of(err), "a/b") {
		t.Errorf("keys a and a/b: %v, want a RejectedError with a hint", err)
	}
}

// Files as other versions, other writers and crashes leave them.
func TestReadsWhatOthersLeave(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	const id = "12e45678901234567890123456789012" // a number for a YAML 1.2 reader
	run := filepath.Join(folder, "mlruns", "0", id)
	write(t, filepath.Join(run, "meta.yaml"), `artifact_uri: file:///data/with spaces that make
  the writer fold/artifacts
end_time: null
experiment_id: '0'
from_the_future:
- a: 1
  b: [x, 'y']
lifecycle_stage: active
run_id: `+id+`
run_name: "é \e \x85 \
  folded"
start_time: 7
status: 1
tags: []
user_id: 2024-01-01
`)
	write(t, filepath.Join(run, "metrics", "loss"), "5 0.5\n6 1.0 1\n7 nan 2 data 0123\n\nbroken\nbroken line of words\n6 1 1\n8 0.1")
	write(t, filepath.Join(run, "tags", "mlflow.runName"), "é \x1b \u0085  folded")
	write(t, filepath.Join(folder, "mlruns", "0", "half"+id[4:], "params", "p"), "no meta.yaml")
	write(t, filepath.Join(folder, "mlruns", "notes", "readme.txt"), "no experiment")

	got, err := s.GetRun(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	const uri = "file:///data/with spaces that make the writer fold/artifacts"
	if got.ID != id || got.Status != mlflow.Running || got.ArtifactURI != uri {
		t.Errorf("run is %+v", got)
	}
	history, err := s.MetricHistory(t.Context(), id, "loss")
	if err != nil || len(history) != 3 || history[2].Step != 2 {
		t.Errorf("history is %v, %v; want the three whole points, each once", history, err)
	}
	if _, err := s.EnsureExperiment(t.Context(), "beside a folder that is none"); err != nil {
		t.Errorf("ensure experiment: %v", err)
	}

	if err := s.UpdateRun(t.Context(), id, mlflow.RunUpdate{Status: mlflow.Killed, End: time.UnixMilli(9)}); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("end_time: null", "end_time: 9", "status: 1", "status: 5")
	before := `artifact_uri: file:///data/with spaces that make
  the writer fold/artifacts
end_time: null
experiment_id: '0'
from_the_future:
- a: 1
  b: [x, 'y']
lifecycle_stage: active
run_id: ` + id + `
run_name: "é \e \x85 \
  folded"
start_time: 7
status: 1
tags: []
user_id: 2024-01-01
`
	after := want.Replace(before) + `run_uuid: "` + id + `"` + "\n" // which MLflow 2 cannot do without
	if diff := cmp.Diff(after, read(t, filepath.Join(run, "meta.yaml"))); diff != "" {
		t.Errorf("an update changes more than its fields:\n%s", diff)
	}
}

// MLflow truncates meta.yaml before it writes it.
func TestMetaBeingWrittenIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	r := newRun(t, s, "slow")
	meta := filepath.Join(folder, "mlruns", r.ExperimentID, r.ID, "meta.yaml")
	text := read(t, meta)
	write(t, meta, "")
	done := make(chan error)
	go func() {
		_, err := s.GetRun(t.Context(), r.ID)
		done <- err
	}()
	time.Sleep(30 * time.Millisecond) // for a first reading; without one the test shows less, but does not fail
	write(t, meta, text)
	if err := <-done; err != nil {
		t.Error(err)
	}
	write(t, meta, "")
	if _, err := s.GetRun(t.Context(), r.ID); err == nil || !strings.Contains(err.Error(), meta) {
		t.Errorf("a run with an empty meta.yaml: %v, want an error with its name", err)
	}
}

// What MLflow would read as a param, tag or metric is nothing else.
func TestNoTemporaryFileIsLeft(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	r := newRun(t, s, "clean", mlflow.Tag{Key: "a/b", Value: "c"})
	batch := mlflow.Batch{
		Params:  []mlflow.Param{{Key: "p", Value: "1"}},
		Metrics: []mlflow.Metric{{Key: "m", Value: 0.25, Timestamp: 3, Step: -1}},
	}
	for range 2 {
		if err := s.LogBatch(t.Context(), r.ID, batch); err != nil {
			t.Fatal(err)
		}
	}
	run := filepath.Join(folder, "mlruns", r.ExperimentID, r.ID)
	var files []string
	err := filepath.WalkDir(run, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(run, path)
			files = append(files, rel)
		}
		return err
	})
	want := []string{"meta.yaml", "metrics/m", "params/p", "tags/a/b", "tags/mlflow.runName"}
	if diff := cmp.Diff(want, files); err != nil || diff != "" {
		t.Errorf("files differ: %v\n%s", err, diff)
	}
	if got := read(t, filepath.Join(run, "metrics", "m")); got != "3 0.25 -1\n" {
		t.Errorf("metric is %q", got)
	}
}

func TestCloseMakesLocationsRelative(t *testing.T) {
	folder := t.TempDir()
	root := filepath.Join(folder, "mlruns")
	s := open(t, folder)
	update := func(r mlflow.Run, status mlflow.Status) {
		t.Helper()
		if err := s.UpdateRun(t.Context(), r.ID, mlflow.RunUpdate{Status: status}); err != nil {
			t.Fatal(err)
		}
	}
	done, busy, beside := newRun(t, s, "ended"), newRun(t, s, "busy"), newRun(t, s, "busy")
	child := newRun(t, open(t, folder), "ended", mlflow.Tag{Key: mlflow.ParentRunTag, Value: done.ID})
	stranger := newRun(t, open(t, folder), "ended")
	for _, r := range []mlflow.Run{done, beside, child, stranger} {
		update(r, mlflow.Finished)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	line := func(key string, path ...string) string {
		for l := range strings.Lines(read(t, filepath.Join(append([]string{root}, append(path, "meta.yaml")...)...))) {
			if value, ok := strings.CutPrefix(l, key+": "); ok {
				return strings.Trim(value, "\"\n")
			}
		}
		return ""
	}
	uri := func(r mlflow.Run) string { return line("artifact_uri", r.ExperimentID, r.ID) }
	for what, at := range map[string][2]string{
		"experiment Default": {line("artifact_location", "0"), "mlruns/0"},
		"ended experiment":   {line("artifact_location", done.ExperimentID), "mlruns/" + done.ExperimentID},
		"busy experiment":    {line("artifact_location", busy.ExperimentID), root + "/" + busy.ExperimentID},
		"ended run":          {uri(done), "mlruns/" + done.ExperimentID + "/" + done.ID + "/artifacts"},
		"its child":          {uri(child), "mlruns/" + done.ExperimentID + "/" + child.ID + "/artifacts"},
		"another's run":      {uri(stranger), root + "/" + done.ExperimentID + "/" + stranger.ID + "/artifacts"},
		"busy run":           {uri(busy), root + "/" + busy.ExperimentID + "/" + busy.ID + "/artifacts"},
		"run beside it":      {uri(beside), "mlruns/" + beside.ExperimentID + "/" + beside.ID + "/artifacts"},
	} {
		if at[0] != at[1] {
			t.Errorf("%s is at %q, want %q", what, at[0], at[1])
		}
	}
	s = open(t, folder)
	if next := newRun(t, s, "ended"); !strings.HasPrefix(next.ArtifactURI, root) {
		t.Errorf("a run in an experiment with a relative location has its artifacts at %q", next.ArtifactURI)
	}
}

func Benchmark100000Points(b *testing.B) {
	s, err := filestore.Open(b.Context(), b.TempDir(), filestore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var batch mlflow.Batch
	for i := range 100_000 {
		batch.Metrics = append(batch.Metrics, mlflow.Metric{Key: "loss", Value: float64(i) / 3, Timestamp: int64(i), Step: int64(i)})
	}
	for b.Loop() {
		r, err := s.CreateRun(b.Context(), mlflow.NewRun{ExperimentID: "0", Start: time.Now()})
		if err != nil {
			b.Fatal(err)
		}
		for range 2 {
			if err := s.LogBatch(b.Context(), r.ID, batch); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// MLflow 3 writes a meta.yaml without the run_uuid that MLflow 2 cannot do without.
func TestRunThatMLflow3WroteIsReadByMLflow2(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	r := newRun(t, s, "both")
	client(3, folder).Run(t, "rename", r.ID)
	if err := s.UpdateRun(t.Context(), r.ID, mlflow.RunUpdate{Status: mlflow.Finished, End: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if out := client(2, folder).Run(t, "dump", r.ID); !strings.Contains(string(out), `"renamed"`) {
		t.Errorf("MLflow 2 reads %s", out)
	}
}
