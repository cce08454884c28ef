package storetest

import (
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Run runs the suite on stores that open returns. open may return a store that holds other runs and experiments
// already, and the same one each time; it fails the test when there is none, and closes by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) mlflow.Store) {
	cases := []struct {
		name string
		test func(t *testing.T, s fixture)
	}{
		{"ExperimentIsFoundAgain", experimentIsFoundAgain},
		{"ExperimentRaceHasOneWinner", experimentRace},
		{"NewRunIsRunning", newRunIsRunning},
		{"RunNameInTagAndField", runNameInBoth},
		{"RunOfUnknownExperiment", runOfUnknownExperiment},
		{"UpdateLeavesZeroFields", updateLeavesZeroFields},
		{"StatusesAndEnd", statusesAndEnd},
		{"Rename", rename},
		{"UnknownRun", unknownRun},
		{"SearchByTags", searchByTags},
		{"SearchByStatus", searchByStatus},
		{"SearchOrderAndLimit", searchOrderAndLimit},
		{"BatchOverEveryLimit", batchOverEveryLimit},
		{"EmptyBatch", emptyBatch},
		{"KeysAndValues", keysAndValues},
		{"LongestValues", longestValues},
		{"ParamClash", paramClash},
		{"RepeatsChangeNothing", repeatsChangeNothing},
		{"TagOverwrites", tagOverwrites},
		{"OddNumbers", oddNumbers},
		{"HistoryOrder", historyOrder},
		{"LatestPoint", latestPoint},
		{"ConcurrentWriters", concurrentWriters},
		{"LoggedModelsOfPlainRun", loggedModelsOfPlainRun},
		{"ModelVersions", modelVersions},
		{"FindModelVersion", findModelVersion},
		{"OverContext", overContext},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.test(t, fixture{open(t)}) })
	}
}

// fixture is a store with the steps that cases share.
type fixture struct{ mlflow.Store }

var serial atomic.Int64

// fresh returns a name that no other case and no other process uses.
func fresh(prefix string) string {
	return fmt.Sprintf("%s-%s-%d", prefix, strconv.FormatInt(time.Now().UnixNano(), 36), serial.Add(1))
}

func (f fixture) experiment(t *testing.T) mlflow.Experiment {
	t.Helper()
	e, err := f.EnsureExperiment(t.Context(), fresh("suite"))
	if err != nil {
		t.Fatalf("ensure experiment: %v", err)
	}
	return e
}

func (f fixture) run(t *testing.T) mlflow.Run {
	t.Helper()
	return f.runIn(t, f.experiment(t).ID)
}

func (f fixture) runIn(t *testing.T, experimentID string, tags ...mlflow.Tag) mlflow.Run {
	t.Helper()
	r, err := f.CreateRun(t.Context(), mlflow.NewRun{
		ExperimentID: experimentID, Name: fresh("run"), User: "ci", Start: time.Now(), Tags: tags,
	})
	if err != nil {
		t.Fatalf("create run: %v", err)
	}
	return r
}

func (f fixture) get(t *testing.T, id string) mlflow.Run {
	t.Helper()
	r, err := f.GetRun(t.Context(), id)
	if err != nil {
		t.Fatalf("get run: %v", err)
	}
	return r
}

func (f fixture) log(t *testing.T, id string, b mlflow.Batch) {
	t.Helper()
	if err := f.LogBatch(t.Context(), id, b); err != nil {
		t.Fatalf("log batch: %v", err)
	}
}

func (f fixture) history(t *testing.T, id, key string) []mlflow.Metric {
	t.Helper()
	points, err := f.MetricHistory(t.Context(), id, key)
	if err != nil {
		t.Fatalf("metric history: %v", err)
	}
	return points
}

func (f fixture) update(t *testing.T, id string, u mlflow.RunUpdate) {
	t.Helper()
	if err := f.UpdateRun(t.Context(), id, u); err != nil {
		t.Fatalf("update run: %v", err)
	}
}

// equal compares values as stores keep them: times to the millisecond, NaN equal to NaN, and an infinity equal to the
// largest number, which is what a server with an SQL database answers.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, sameNumbers, sameTimes, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

var sameTimes = cmp.Comparer(func(a, b time.Time) bool {
	return a.IsZero() == b.IsZero() && (a.IsZero() || a.UnixMilli() == b.UnixMilli())
})

var sameNumbers = cmp.Comparer(func(a, b float64) bool {
	finite := func(v float64) float64 {
		if math.IsInf(v, 0) {
			return math.Copysign(math.MaxFloat64, v)
		}
		return v
	}
	return finite(a) == finite(b) || math.IsNaN(a) && math.IsNaN(b)
})
