//go:build !windows

package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
)

func TestFolderCanBeMoved(t *testing.T) {
	eachLine(t, func(t *testing.T, line int) {
		folder := filepath.Join(t.TempDir(), "work #1 100%")
		if err := os.Mkdir(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		storetest.Moved(t, open(t, folder), line, folder, "sqlite:///mlflow.db")
	})
}

func TestKilledJobInMovedStore(t *testing.T) {
	t.Parallel()
	storetest.Lost(t, func(t *testing.T, folder string) storetest.Sweeper { return open(t, folder) })
}
