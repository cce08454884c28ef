package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/sqlite"
)

// open opens mlflow.db in a folder, with artifacts beside it, and closes it with the test.
func open(t *testing.T, folder string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(folder, "mlflow.db"), sqlite.Options{
		ArtifactRoot: filepath.Join(folder, "mlartifacts"), RelativeTo: folder,
	})
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
