package testenv

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Python returns the path of the Python interpreter that has MLflow of that line, 3 or 2, and fails the test when there
// is none.
func Python(t testing.TB, line int) string {
	t.Helper()
	python := filepath.Join(cache(t), fmt.Sprintf("mlflow%d", line), "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(cache(t), fmt.Sprintf("mlflow%d", line), "Scripts", "python.exe")
	}
	if _, err := os.Stat(python); err != nil {
		t.Fatalf("no Python with MLflow %d: %v\nrun make test-env", line, err)
	}
	return python
}

// cache is the folder that scripts/cache prints.
func cache(t testing.TB) string {
	t.Helper()
	user, err := os.UserCacheDir()
	if err != nil && os.Getenv("MLOPS_TEST_CACHE") == "" {
		t.Fatalf("find the cache folder: %v", err)
	}
	return cmp.Or(os.Getenv("MLOPS_TEST_CACHE"), filepath.Join(user, "mlops-track"))
}
