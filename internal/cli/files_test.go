package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// writeIn writes a file below a folder.
func writeIn(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// storeOptions are those of an embedded store.
func storeOptions(t *testing.T) store.Options {
	t.Helper()
	return store.Options{URI: "sqlite:///mlflow.db", Dir: t.TempDir()}
}
