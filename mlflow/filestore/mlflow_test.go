package filestore_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
)

// client is a real MLflow on the mlruns of a folder.
func client(line int, folder string) storetest.Client {
	return storetest.Client{Line: line, URI: "file://" + filepath.Join(folder, "mlruns"), Dir: folder}
}

func eachLine(t *testing.T, test func(t *testing.T, line int)) {
	for _, line := range []int{2, 3} {
		t.Run(fmt.Sprintf("MLflow%d", line), func(t *testing.T) {
			t.Parallel()
			test(t, line)
		})
	}
}

func TestMLflowReadsIt(t *testing.T) {
	eachLine(t, func(t *testing.T, line int) {
		folder := t.TempDir()
		storetest.CrossRead(t, open(t, folder), client(line, folder))
	})
}

func TestMLflowWritesAtTheSameTime(t *testing.T) {
	eachLine(t, func(t *testing.T, line int) {
		folder := t.TempDir()
		storetest.CrossWrite(t, open(t, folder), client(line, folder))
	})
}
