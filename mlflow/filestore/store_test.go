package filestore_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/filestore"
)

// open opens mlruns in a folder and closes it with the test.
func open(t *testing.T, folder string) *filestore.Store {
	t.Helper()
	s, err := filestore.Open(t.Context(), filepath.Join(folder, "mlruns"), filestore.Options{RelativeTo: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	return s
}

func TestStore(t *testing.T) {
	folder := t.TempDir()
	storetest.Run(t, func(t *testing.T) mlflow.Store { return open(t, folder) })
}
