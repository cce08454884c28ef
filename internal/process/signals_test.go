//go:build unix

package process

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A command that has died of a signal, or has failed in the group of the terminal, was cancelled if the signal comes to us a moment later.
func TestJudgeSignals(t *testing.T) {
	t.Parallel()
	const never = time.Hour
	usr1 := []os.Signal{syscall.SIGUSR1}
	for name, c := range map[string]struct {
		code    int
		group   bool
		notices []os.Signal
		came    os.Signal     // to us
		after   time.Duration // the command's end
		want    os.Signal
		waits   time.Duration
	}{
		"died, ours comes late":             {130, true, nil, syscall.SIGINT, 150 * time.Millisecond, syscall.SIGINT, 150 * time.Millisecond},
		"died, ours comes too late":         {143, true, nil, syscall.SIGTERM, 250 * time.Millisecond, nil, ownSignalTime},
		"died, another one comes to us":     {129, true, nil, syscall.SIGTERM, 10 * time.Millisecond, syscall.SIGTERM, 10 * time.Millisecond},
		"died, none comes":                  {143, true, nil, syscall.SIGTERM, never, nil, ownSignalTime},
		"failed by itself":                  {1, true, nil, syscall.SIGTERM, never, nil, 0},
		"failed when ours was there":        {1, true, nil, syscall.SIGTERM, 0, syscall.SIGTERM, 0},
		"failed on the terminal":            {1, false, nil, syscall.SIGINT, 150 * time.Millisecond, syscall.SIGINT, 150 * time.Millisecond},
		"succeeded":                         {0, false, nil, syscall.SIGINT, 0, nil, 0},
		"killed":                            {137, true, nil, syscall.SIGTERM, 10 * time.Millisecond, nil, 0},
		"a fault of its own":                {139, true, nil, syscall.SIGTERM, 10 * time.Millisecond, nil, 0},
		"died of a notice that we passed":   {138, true, usr1, syscall.SIGTERM, never, syscall.SIGUSR1, 0},
		"died of a notice, ours comes late": {138, true, nil, syscall.SIGUSR1, 10 * time.Millisecond, syscall.SIGUSR1, 10 * time.Millisecond},
		"failed after a notice":             {3, true, usr1, syscall.SIGTERM, never, nil, 0},
		"died, a notice comes late":         {143, true, nil, syscall.SIGUSR1, 10 * time.Millisecond, nil, ownSignalTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal, 1)
				if c.after == 0 {
					signals <- c.came
				} else if c.after != never {
					time.AfterFunc(c.after, func() { signals <- c.came })
				}
				r := Result{ExitCode: c.code, Notices: c.notices}
				began := time.Now()
				r.judgeSignals(c.group, signals)
				if waited := time.Since(began); r.Interrupt != c.want || waited != c.waits {
					t.Errorf("cancelled by %v after %s, want %v after %s", r.Interrupt, waited, c.want, c.waits)
				}
			})
		})
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for sig, want := range map[os.Signal]bool{
		os.Interrupt: true, syscall.SIGTERM: true, syscall.SIGHUP: true, syscall.SIGQUIT: true, syscall.SIGABRT: true, syscall.SIGSEGV: true,
		syscall.SIGUSR1: false, syscall.SIGUSR2: false, syscall.SIGALRM: false, syscall.SIGXCPU: false,
	} {
		if Ends(sig) != want {
			t.Errorf("%v asks to end: %t, want %t", sig, !want, want)
		}
	}
}

type noSignal struct{}

func (noSignal) String() string { return "none" }
func (noSignal) Signal()        {}

func TestSignalCode(t *testing.T) {
	t.Parallel()
	if n := SignalCode(syscall.SIGTERM); n != 143 {
		t.Errorf("SIGTERM gives %d", n)
	}
	if n := SignalCode(noSignal{}); n != 128 {
		t.Errorf("a signal of no system gives %d", n)
	}
}
