package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

func TestOwn(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"7/meta.yaml", "data/x"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	database := []string{".x.db.lock", "x.db", "x.db-journal", "x.db-shm", "x.db-wal"}
	for _, c := range []struct {
		uri, location string
		inside        string // relative to dir
		want          []string
	}{
		{uri: "sqlite:///x.db", want: append([]string{"mlartifacts"}, database...)},
		{uri: "sqlite:///x.db", location: "mlruns/7/r/artifacts", want: append([]string{"mlartifacts", "mlruns", "mlruns/7"}, database...)},
		{uri: "sqlite:///x.db", inside: "mlartifacts/work", want: database},
		{uri: "file:mlruns", location: dir + "/mlruns/7/r/artifacts", want: []string{"mlruns", "mlruns/7"}},
		{uri: ".", inside: ".", location: dir + "/7/r/artifacts", want: []string{".mlops-track.lock", ".mlops-track.open", ".trash", "7", "models"}},
		{uri: "http://127.0.0.1:1", location: "file://" + dir + "/mlruns/7/r/artifacts", want: []string{"mlruns", "mlruns/7"}},
		{uri: "http://127.0.0.1:1", location: "mlflow-artifacts:/7/r/artifacts"},
		{uri: "http://127.0.0.1:1", location: dir + "/custom/r/artifacts", want: []string{"custom"}},
		{uri: "http://127.0.0.1:1", location: dir + "/custom"},
	} {
		target, err := store.Describe(store.Options{URI: c.uri, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, path := range target.Own(filepath.Join(dir, c.inside), mlflow.RunRef{ID: "r", ExperimentID: "7", ArtifactURI: c.location}) {
			relative, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, relative)
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, slices.Compact(got)); diff != "" {
			t.Errorf("own files of %s with artifacts at %q (-want +got):\n%s", c.uri, c.location, diff)
		}
	}
}
