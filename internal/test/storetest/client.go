package storetest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
)

//go:embed testdata/client.py
var clientScript []byte

// Client is a real MLflow client on an embedded store.
type Client struct {
	Line int    // of MLflow: 2 or 3
	URI  string // tracking URI
	Lock string // lock file for the first opening; empty: none
	Dir  string // where it runs; empty: here
}

// Run runs a command of testdata/client.py and returns what it prints.
func (c Client) Run(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := c.Start(t, args...)()
	if err != nil {
		t.Fatalf("MLflow %d %q: %v", c.Line, args, err)
	}
	return out
}

// Start starts a command of testdata/client.py; the result waits for it.
func (c Client) Start(t *testing.T, args ...string) func() ([]byte, error) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "client.py")
	if err := os.WriteFile(script, clientScript, 0o600); err != nil {
		t.Fatal(err)
	}
	lock := c.Lock
	if lock == "" {
		lock = "-"
	}
	cmd := exec.CommandContext(t.Context(), testenv.Python(t, c.Line), append([]string{script, lock, c.URI}, args...)...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), "MLFLOW_ALLOW_FILE_STORE=true", "MLFLOW_TRACKING_URI="+c.URI, "CI=true",
		"GIT_PYTHON_REFRESH=quiet")
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() ([]byte, error) {
		err := cmd.Wait()
		if err != nil {
			t.Logf("MLflow %d %q wrote:\n%s", c.Line, args, &log)
		}
		return out.Bytes(), err
	}
}

// dumped is what the command dump prints.
type dumped struct {
	Experiment struct{ ID, Name, Location, Stage string }

	ID, Name, Status, User, Artifacts, Stage string
	Start, End                               int64
	Params, Tags                             map[string]string
	Latest                                   map[string]dumpedPoint
	History                                  map[string][]dumpedPoint
	Found                                    []string
}

type dumpedPoint struct {
	Value           string
	Timestamp, Step int64
}

func (p dumpedPoint) metric(t *testing.T, key string) mlflow.Metric {
	t.Helper()
	v, err := strconv.ParseFloat(p.Value, 64)
	if err != nil {
		t.Fatal(err)
	}
	return mlflow.Metric{Key: key, Value: v, Timestamp: p.Timestamp, Step: p.Step}
}

// reading is a run and its metric history as MLflow reads them.
type reading struct {
	experiment mlflow.Experiment
	run        mlflow.Run
	history    map[string][]mlflow.Metric
	rest       dumped
}

// dump returns what a command that dumps runs prints.
func (c Client) dump(t *testing.T, command string, runIDs ...string) []reading {
	t.Helper()
	var all []reading
	for text := json.NewDecoder(bytes.NewReader(c.Run(t, append([]string{command}, runIDs...)...))); text.More(); {
		var d dumped
		if err := text.Decode(&d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d.reading(t))
	}
	if len(all) != len(runIDs) {
		t.Fatalf("MLflow %d dumps %d runs of %d", c.Line, len(all), len(runIDs))
	}
	return all
}

func (d dumped) reading(t *testing.T) reading {
	t.Helper()
	r := reading{
		experiment: mlflow.Experiment{ID: d.Experiment.ID, Name: d.Experiment.Name, ArtifactLocation: d.Experiment.Location},
		run: mlflow.Run{
			ID: d.ID, Name: d.Name, ExperimentID: d.Experiment.ID, Status: mlflow.Status(d.Status),
			Start: time.UnixMilli(d.Start), ArtifactURI: d.Artifacts,
			Params: d.Params, Tags: d.Tags, Metrics: map[string]mlflow.Metric{},
		},
		history: map[string][]mlflow.Metric{},
		rest:    d,
	}
	if d.End != 0 {
		r.run.End = time.UnixMilli(d.End)
	}
	for key, p := range d.Latest {
		r.run.Metrics[key] = p.metric(t, key)
	}
	for key, points := range d.History {
		for _, p := range points {
			r.history[key] = append(r.history[key], p.metric(t, key))
		}
	}
	return r
}
