//go:build unix

package cli

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
)

// What a signal does depends on how far the job has come, and on whether it asks to end.
func TestPhases(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		phase             phase
		signal            syscall.Signal
		ends, reachesStep bool
		code              int // for a command that returned 3
	}{
		"a cancel at the start":              {starting, syscall.SIGTERM, true, true, 143},
		"a cancel while the run is opened":   {opening, syscall.SIGQUIT, true, true, 131},
		"a cancel of the step":               {running, syscall.SIGTERM, true, true, 3},
		"a cancel while the run is finished": {finishing, syscall.SIGTERM, true, true, 3},
		"a notice at the start":              {starting, syscall.SIGUSR1, true, true, 138},
		"a notice while the run is opened":   {opening, syscall.SIGUSR2, true, true, 140},
		"a notice for the step":              {running, syscall.SIGUSR1, false, true, 3},
		"a notice that comes too late":       {finishing, syscall.SIGUSR1, false, false, 3},
		"a fault that was sent to us":        {running, syscall.SIGSEGV, true, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal)
				watched, w := watch(t.Context(), signals)
				defer w.stop()
				w.enter(c.phase)
				signals <- c.signal
				synctest.Wait()
				ended, reached, code := watched.Err() != nil, len(w.forward) == 1, w.exitCode(watched, 3)
				if ended != c.ends || reached != c.reachesStep || code != c.code {
					t.Errorf("ended %t, reached the step %t, exit code %d; want %t, %t, %d", ended, reached, code, c.ends, c.reachesStep, c.code)
				}
			})
		})
	}
}
