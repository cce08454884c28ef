package artifact_test

import (
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow/artifact"
)

// Not parallel: it looks at the memory of the process.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	const size, limit = 200 << 20, 32 << 20
	name := filepath.Join(t.TempDir(), "big.bin")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, rand.Reader, size); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	want := hashFile(t, name)
	places(t, func(t *testing.T, p place) {
		if p.s3 {
			return // its parts take memory, which TestLargeFilesGoInPartsAndLittleMemory looks at
		}
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var peak atomic.Uint64
		var calls int
		got := artifact.Upload(t.Context(), p.repo, []artifact.File{{Path: name, Target: "big.bin"}}, artifact.Options{
			Progress: func(artifact.Progress) {
				if calls++; calls%100 == 0 {
					var now runtime.MemStats
					runtime.ReadMemStats(&now)
					peak.Store(max(peak.Load(), now.HeapInuse))
				}
			},
		})
		if got.Files != 1 || got.Bytes != size {
			t.Fatalf("%d files, %d bytes; failed: %v", got.Files, got.Bytes, got.Failed)
		}
		if grown := int64(peak.Load()) - int64(before.HeapInuse); grown > limit {
			t.Errorf("the heap grew by %d MiB", grown>>20)
		}
		if read(t, p.repo, "big.bin") != want {
			t.Error("the file reads back as something else")
		}
	})
}
