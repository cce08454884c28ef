package filestore_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// TestPointsCostTheSameInALongFile measures what a batch allocates, which is what it reads: not more when its metric has many points, in order
// or not.
func TestPointsCostTheSameInALongFile(t *testing.T) {
	const batch, long = 100, 20_000
	for name, point := range map[string]func(i int) mlflow.Metric{
		"in order": func(i int) mlflow.Metric {
			return mlflow.Metric{Key: "loss", Value: 1, Timestamp: int64(i), Step: int64(i)}
		},
		"epochs": func(i int) mlflow.Metric {
			return mlflow.Metric{Key: "loss", Value: float64(i), Timestamp: 5, Step: int64(i % 10)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			run := newRun(t, s, "growth")
			next := 0
			add := func(n int) {
				points := make([]mlflow.Metric, n)
				for i := range points {
					points[i] = point(next)
					next++
				}
				if err := s.LogBatch(t.Context(), run.ID, mlflow.Batch{Metrics: points}); err != nil {
					t.Fatal(err)
				}
			}
			add(batch)
			short := testing.AllocsPerRun(5, func() { add(batch) })
			add(long)
			if after := testing.AllocsPerRun(5, func() { add(batch) }); after > 2*short {
				t.Errorf("%d points take %.0f allocations after %d points, and %.0f at the start", batch, after, next, short)
			}
			history, err := s.MetricHistory(t.Context(), run.ID, "loss")
			if err != nil || len(history) != next {
				t.Errorf("%d points are there, want %d (%v)", len(history), next, err)
			}
		})
	}
}

// TestPointsOfOthersAreSeen: what another process wrote meanwhile is not written again, also after the file was replaced.
func TestPointsOfOthersAreSeen(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder)
	run := newRun(t, s, "others")
	file := filepath.Join(folder, "mlruns", run.ExperimentID, run.ID, "metrics", "loss")
	log := func(steps ...int64) {
		var b mlflow.Batch
		for _, step := range steps {
			b.Metrics = append(b.Metrics, mlflow.Metric{Key: "loss", Value: 1, Timestamp: 5, Step: step})
		}
		if err := s.LogBatch(t.Context(), run.ID, b); err != nil {
			t.Fatal(err)
		}
	}
	log(1, 2)
	appendTo(t, file, "5 1 7\n5 1 3\n")
	log(2, 3, 7, 8)
	if got, want := read(t, file), "5 1 1\n5 1 2\n5 1 7\n5 1 3\n5 1 8\n"; got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
	write(t, file, "5 1 9\n")
	log(1, 9)
	if got, want := read(t, file), "5 1 9\n5 1 1\n"; got != want {
		t.Errorf("after it was replaced the file is %q, want %q", got, want)
	}
}

func appendTo(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
