package process

import (
	"os"
	"slices"
	"syscall"
	"time"
)

// ownSignalTime is how long a command that a signal has ended waits for the same signal to come to us: a Ctrl-C goes to both at once, and on a
// busy machine its death is seen first.
const ownSignalTime = 200 * time.Millisecond

// notice remembers a signal that was forwarded without a cancel.
func (r *Result) notice(sig os.Signal) {
	if !slices.Contains(r.Notices, sig) {
		r.Notices = append(r.Notices, sig)
	}
}

// judgeSignals finds the signal that cancelled a command which has ended, if that was not seen before: one that came together with its end,
// or a notice of which it died.
func (r *Result) judgeSignals(group bool, signals <-chan os.Signal) {
	if r.Interrupt != nil || r.ExitCode == 0 {
		return
	}
	wait, died := time.Duration(0), os.Signal(syscall.Signal(r.ExitCode-128)) // a shell that reports a killed child exits with this code itself
	if !group || r.ExitCode > 128 && fromOutside(died) {                      // in the terminal's group any code may come of a Ctrl-C
		wait = ownSignalTime
	}
	r.Interrupt = r.awaitOwn(signals, died, wait)
}

// awaitOwn returns the signal that cancelled a command: the next one that comes in time and asks to end, or the one that it died of, if that
// was sent to us, too.
func (r *Result) awaitOwn(signals <-chan os.Signal, died os.Signal, wait time.Duration) os.Signal {
	timeout := time.After(wait)
	for !slices.Contains(r.Notices, died) {
		sig := pending(signals)
		if sig == nil {
			select {
			case sig = <-signals:
			case <-timeout:
				return nil
			}
		}
		if Ends(sig) {
			return sig
		}
		r.notice(sig)
	}
	return died
}

// pending returns a signal that is there already, else nil.
func pending(signals <-chan os.Signal) os.Signal {
	select {
	case sig := <-signals:
		return sig
	default:
		return nil
	}
}

// SignalCode returns the exit code of a program that a signal has ended.
func SignalCode(sig os.Signal) int {
	if s, ok := sig.(syscall.Signal); ok {
		return 128 + int(s)
	}
	return 128
}
