package server_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/server"
)

// withMLflow is the environment of a user who has MLflow of a line on PATH.
func withMLflow(t *testing.T, line int) []string {
	t.Helper()
	return append(os.Environ(), "PATH="+filepath.Dir(testenv.Python(t, line))+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestDatabaseThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, line := range []int{3, 2} {
		_, err := server.Start(t.Context(), server.Options{
			URI: "postgresql+nodriver://u:s3cret@127.0.0.1:1/x", Dir: t.TempDir(), Environ: withMLflow(t, line),
		})
		rejected, ok := errors.AsType[*mlflow.RejectedError](err)
		if !ok || strings.Contains(err.Error(), "s3cret") || !strings.Contains(rejected.Message, "nodriver") ||
			!strings.Contains(hint.Of(err), "install the driver") {
			t.Errorf("MLflow %d: %#v", line, err)
		}
	}
	_, err := server.Start(t.Context(), server.Options{URI: "mysql+pymysql://db/x", Dir: t.TempDir(), Environ: []string{"PATH=" + t.TempDir()}})
	if _, ok := errors.AsType[*mlflow.RejectedError](err); !ok || !strings.Contains(hint.Of(err), "mysql+pymysql") {
		t.Errorf("%v", err)
	}
}

// An unreachable database is given up when the context ends.
func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	_, err := server.Start(ctx, server.Options{
		URI: "postgresql+psycopg2://u:s3cret@127.0.0.1:1/x", Dir: t.TempDir(), Environ: withMLflow(t, 3),
	})
	if _, ok := errors.AsType[*mlflow.UnreachableError](err); !ok || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
}
