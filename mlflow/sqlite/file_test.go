package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/sqlite"
)

func TestOpenMakesOneStoreInARace(t *testing.T) {
	folder := t.TempDir()
	ids := make([]string, 12)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			s, err := sqlite.Open(t.Context(), filepath.Join(folder, "mlflow.db"), sqlite.Options{ArtifactRoot: folder})
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
		if id != "1" {
			t.Fatalf("experiments are %q, want 1 in all", ids)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	write := func(name, content string) func(t *testing.T, folder string) string {
		return func(t *testing.T, folder string) string {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	script := func(query string) func(t *testing.T, folder string) string {
		return func(t *testing.T, folder string) string {
			path := filepath.Join(folder, "made.db")
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(query); err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	cases := []struct {
		name string
		make func(t *testing.T, folder string) string
		want string
	}{
		{"Text", write("notes.db", strings.Repeat("this is no database\n", 100)), "not a database"},
		{"Folder", func(_ *testing.T, folder string) string { return folder }, "unable to open"},
		{"MissingFolder", func(_ *testing.T, folder string) string {
			return filepath.Join(folder, "no", "mlflow.db")
		}, "no such file"},
		{"AnotherProgram", script(`CREATE TABLE pictures (id INTEGER)`), "another program"},
		{"OldMLflow", script(`CREATE TABLE experiments (experiment_id INTEGER);
			CREATE TABLE runs (run_uuid TEXT)`), "older than MLflow 2.9"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := c.make(t, t.TempDir())
			_, err := sqlite.Open(t.Context(), path, sqlite.Options{ArtifactRoot: t.TempDir()})
			_, ok := errors.AsType[*mlflow.RejectedError](err)
			if !ok || hint.Of(err) == "" {
				t.Fatalf("open: %v, want a RejectedError with a hint", err)
			}
			if text := err.Error(); !strings.Contains(text, c.want) || !strings.Contains(text, path) {
				t.Errorf("error is %q, want %q and %q in it", text, c.want, path)
			}
		})
	}
}

func TestDeletedIsRefused(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	e, err := s.EnsureExperiment(t.Context(), "gone")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	client(2, folder).Run(t, "delete", e.ID)

	_, ensureErr := s.EnsureExperiment(t.Context(), "gone")
	_, createErr := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.Now()})
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
	runs, err := s.SearchRuns(t.Context(), mlflow.RunSearch{ExperimentID: e.ID, Tags: []mlflow.Tag{{Key: mlflow.RunNameTag, Value: r.Name}}})
	if err != nil || len(runs) > 0 {
		t.Errorf("search finds deleted runs: %v %v", runs, err)
	}
}

func TestLockIsWaitedForUntilTheContextEnds(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	other := flock.New(sqlite.LockPath(filepath.Join(folder, "mlflow.db")))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.EnsureExperiment(ctx, "late"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("under another's lock: %v, want the deadline", err)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EnsureExperiment(t.Context(), "late"); err != nil {
		t.Errorf("after the unlock: %v", err)
	}
}

// A writer that knows nothing of our lock holds SQLite's own.
func TestForeignWriterIsWaitedForUntilTheContextEnds(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	db, err := sql.Open("sqlite", filepath.Join(folder, "mlflow.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.EnsureExperiment(ctx, "late"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("under another's transaction: %v, want the deadline", err)
	}
	done := make(chan error)
	go func() {
		_, err := s.EnsureExperiment(t.Context(), "late")
		done <- err
	}()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("after the transaction: %v", err)
	}
}

// locations returns column of table by id, as they are in the file.
func locations(t *testing.T, folder, query string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, "mlflow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var id, location string
		if err := rows.Scan(&id, &location); err != nil {
			t.Fatal(err)
		}
		found[id] = location
	}
	return found
}

func TestCloseMakesLocationsRelative(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	run := func(experiment string, status mlflow.Status, tags ...mlflow.Tag) mlflow.Run {
		t.Helper()
		e, err := s.EnsureExperiment(t.Context(), experiment)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.Now(), Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.UpdateRun(t.Context(), r.ID, mlflow.RunUpdate{Status: status}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	done, busy := run("ended", mlflow.Finished), run("busy", mlflow.Running)
	beside := run("busy", mlflow.Killed)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(folder, "mlartifacts")
	experiments := locations(t, folder, "SELECT experiment_id, artifact_location FROM experiments")
	runs := locations(t, folder, "SELECT run_uuid, artifact_uri FROM runs")
	for what, at := range map[string][2]string{
		"experiment Default": {experiments["0"], "mlartifacts/0"},
		"ended experiment":   {experiments["1"], "mlartifacts/1"},
		"busy experiment":    {experiments["2"], root + "/2"},
		"ended run":          {runs[done.ID], "mlartifacts/1/" + done.ID + "/artifacts"},
		"busy run":           {runs[busy.ID], root + "/2/" + busy.ID + "/artifacts"},
		"run beside it":      {runs[beside.ID], "mlartifacts/2/" + beside.ID + "/artifacts"},
	} {
		if at[0] != at[1] {
			t.Errorf("%s is at %q, want %q", what, at[0], at[1])
		}
	}

	// A next session, of which the child creates runs by itself.
	s = open(t, folder)
	parent := run("ended", mlflow.Finished)
	if parent.ArtifactURI != root+"/1/"+parent.ID+"/artifacts" {
		t.Errorf("a run in an experiment with a relative location has its artifacts at %q", parent.ArtifactURI)
	}
	if old, err := s.GetRun(t.Context(), done.ID); err != nil || old.ArtifactURI != root+"/1/"+done.ID+"/artifacts" {
		t.Errorf("a run of an earlier session is read as at %q, %v", old.ArtifactURI, err)
	}
	other := open(t, folder)
	child, err := other.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: "2", Start: time.Now(), Tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: parent.ID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{child.ID, busy.ID} {
		if err := other.UpdateRun(t.Context(), id, mlflow.RunUpdate{Status: mlflow.Finished}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	runs = locations(t, folder, "SELECT run_uuid, artifact_uri FROM runs")
	if got, want := runs[child.ID], "mlartifacts/2/"+child.ID+"/artifacts"; got != want {
		t.Errorf("the child run is at %q, want %q", got, want)
	}
	if got := runs[busy.ID]; !filepath.IsAbs(got) {
		t.Errorf("another session's run is at %q, want it as it was", got)
	}
}

func TestRemoteLocationStays(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	e, err := s.EnsureExperiment(t.Context(), "remote")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(folder, "mlflow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE experiments SET artifact_location = 's3://bucket/a?region=x'
		WHERE experiment_id = ?`, e.ID); err != nil {
		t.Fatal(err)
	}
	r, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("s3://bucket/a/%s/artifacts?region=x", r.ID); r.ArtifactURI != want {
		t.Errorf("artifacts are at %q, want %q", r.ArtifactURI, want)
	}
}

func BenchmarkSession(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mlflow.db")
	for b.Loop() {
		s, err := sqlite.Open(b.Context(), path, sqlite.Options{ArtifactRoot: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		r, err := s.CreateRun(b.Context(), mlflow.NewRun{ExperimentID: "0", Start: time.Now()})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.LogBatch(b.Context(), r.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "a", Value: "b"}}}); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func Benchmark100000Points(b *testing.B) {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "mlflow.db"), sqlite.Options{ArtifactRoot: b.TempDir()})
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
		if err := s.LogBatch(b.Context(), r.ID, batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
