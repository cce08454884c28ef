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
	return interpreter(t, fmt.Sprintf("mlflow%d", line))
}

// AWSPython returns the path of the Python interpreter that has the clients of S3: boto3, MLflow, s3fs, pyarrow, polars and
// DuckDB. It fails the test when there is none.
func AWSPython(t testing.TB) string {
	t.Helper()
	return interpreter(t, "aws3")
}

// interpreter returns the Python of an environment that scripts/python-env builds.
func interpreter(t testing.TB, environment string) string {
	t.Helper()
	needs(t, "the Python environment "+environment)
	python := filepath.Join(cache(t), environment, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(cache(t), environment, "Scripts", "python.exe")
	}
	if _, err := os.Stat(python); err != nil {
		t.Fatalf("no Python environment %s: %v\nrun make test-env", environment, err)
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
