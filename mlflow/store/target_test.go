package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/mlflow/store"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "work")
	child := func(uri string) map[string]string { return map[string]string{"MLFLOW_TRACKING_URI": uri} }
	folder := func(path string) map[string]string {
		return map[string]string{"MLFLOW_TRACKING_URI": "file://" + path, "MLFLOW_ALLOW_FILE_STORE": "true"}
	}
	for uri, want := range map[string]store.Target{
		"https://ci:s3cret@host/ml": {ChildEnv: child("https://ci:s3cret@host/ml"), Display: "https://ci:***@host/ml", Dir: dir},
		"sqlite:///mlflow.db": {
			ChildEnv: child("sqlite:///" + dir + "/mlflow.db"), LockPath: dir + "/.mlflow.db.lock",
			Display: "sqlite:///mlflow.db", Path: dir + "/mlflow.db", Dir: dir,
		},
		"sqlite:///out/../runs/x.db": {
			ChildEnv: child("sqlite:///" + dir + "/runs/x.db"), LockPath: dir + "/runs/.x.db.lock",
			Display: "sqlite:///out/../runs/x.db", Path: dir + "/runs/x.db", Dir: dir + "/runs",
		},
		"sqlite:////data/m%20l.db": {
			ChildEnv: child("sqlite:////data/m%20l.db"), LockPath: "/data/.m%20l.db.lock",
			Display: "sqlite:////data/m%20l.db", Path: "/data/m%20l.db", Dir: "/data",
		},
		"./mlruns":            {ChildEnv: folder(dir + "/mlruns"), Display: "./mlruns", Path: dir + "/mlruns", Dir: dir},
		"file:mlruns":         {ChildEnv: folder(dir + "/mlruns"), Display: "file:mlruns", Path: dir + "/mlruns", Dir: dir},
		"file:///data/my%20x": {ChildEnv: folder("/data/my x"), Display: "file:///data/my%20x", Path: "/data/my x", Dir: "/data"},
		"postgresql+psycopg2://u:s3cret@db/x": {
			ChildEnv: child("postgresql+psycopg2://u:s3cret@db/x"), Display: "postgresql+psycopg2://u:***@db/x", Dir: dir,
		},
		trackingServer: {ChildEnv: child(trackingServer), Plugin: "sagemaker-mlflow", Display: trackingServer, Dir: dir},
	} {
		got, err := store.Describe(store.Options{URI: uri, Dir: dir})
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(store.Target{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", uri, diff)
		}
	}
	for _, uri := range []string{
		"", "s3://bucket/x", "databricks", "databricks://profile", "oracle://u:s3cret@db/x",
		"sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///x.db?mode=ro", "file://host/x",
	} {
		got, err := store.Describe(store.Options{URI: uri, Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "sqlite") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %+v, %v", uri, got, err)
		}
	}
}
