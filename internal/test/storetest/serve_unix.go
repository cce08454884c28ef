//go:build !windows

package storetest

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// Serve starts the MLflow UI of a line in a folder, as a user does who looks at what a CI job left, and returns its
// URL. backend may be relative to the folder.
func Serve(t *testing.T, line int, folder, backend string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = l.Close()
	python := testenv.Python(t, line)
	cmd := exec.Command(python, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1", "--port", port,
		"--backend-store-uri", backend)
	var log bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &log, &log
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(python)+":"+os.Getenv("PATH"),
		"MLFLOW_ALLOW_FILE_STORE=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false", "CI=true", "GIT_PYTHON_REFRESH=quiet")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its workers end with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the MLflow %d server wrote:\n%s", line, &log)
		}
	})
	url := "http://" + address
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get(url + "/health")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return url
			}
		}
	}
	t.Fatalf("the MLflow %d server does not answer", line)
	return ""
}
