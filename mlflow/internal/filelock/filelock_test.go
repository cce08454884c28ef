package filelock_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow/internal/filelock"
)

func TestOneHolderAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".lock")
	first, second := filelock.New(path), filelock.New(path)
	var all sync.WaitGroup
	var holders, turns atomic.Int32
	for _, l := range []*filelock.Lock{first, first, second, second} {
		all.Go(func() {
			for range 20 {
				err := l.With(t.Context(), func() error {
					if holders.Add(1) > 1 {
						t.Error("two hold the lock")
					}
					runtime.Gosched()
					holders.Add(-1)
					turns.Add(1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if turns.Load() != 80 {
		t.Errorf("%d turns, want 80", turns.Load())
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".lock")
	held := filelock.New(path)
	for name, waiting := range map[string]*filelock.Lock{"same process": held, "another": filelock.New(path)} {
		err := held.With(t.Context(), func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := waiting.With(ctx, func() error { t.Errorf("%s: two hold the lock", name); return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v, want the deadline", name, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestErrorOfTheWorkIsReturned(t *testing.T) {
	l, want := filelock.New(filepath.Join(t.TempDir(), ".lock")), errors.New("no")
	if err := l.With(t.Context(), func() error { return want }); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	if err := filelock.New(filepath.Join(t.TempDir(), "no", "lock")).With(t.Context(), nil); err == nil {
		t.Error("a lock in a missing folder is taken")
	}
}
