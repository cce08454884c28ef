package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// TestParamsCostTheSameInALargeRun measures what a batch allocates, which is what it reads: not more when the run has many params.
func TestParamsCostTheSameInALargeRun(t *testing.T) {
	const batch, large = 50, 5000
	s := open(t, t.TempDir())
	run, err := s.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	add := func(n int) {
		params := make([]mlflow.Param, n)
		for i := range params {
			params[i] = mlflow.Param{Key: fmt.Sprintf("p%d", next), Value: "v"}
			next++
		}
		if err := s.LogBatch(t.Context(), run.ID, mlflow.Batch{Params: params}); err != nil {
			t.Fatal(err)
		}
	}
	add(batch)
	small := testing.AllocsPerRun(5, func() { add(batch) })
	add(large)
	if after := testing.AllocsPerRun(5, func() { add(batch) }); after > 2*small {
		t.Errorf("%d params take %.0f allocations after %d params, and %.0f at the start", batch, after, next, small)
	}
}
