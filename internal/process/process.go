package process

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Command is what to run.
type Command struct {
	Args   []string // program and arguments; a program with a slash is relative to Dir
	Dir    string
	Env    []string
	Stdin  *os.File
	Stdout *os.File
	Stderr *os.File
	Grace  time.Duration // between the first forwarded signal and SIGKILL to the group
	Filter Filter        // may be nil
}

// Filter filters the end of standard error that Result.Tail holds. It is closed when the command has ended; a surviving
// process of its group may still write at that time.
type Filter func(io.Writer) io.WriteCloser

// Result is how the command ended.
type Result struct {
	ExitCode  int // as the shell gives it; never negative
	Start     time.Time
	End       time.Time
	NotRun    error          // the command could not be started: not found (127) or not executable (126)
	Signal    syscall.Signal // that ended the command; 0 if it exited
	Interrupt os.Signal      // the signal that cancelled the command; nil if there was none
	Notices   []os.Signal    // signals that were forwarded without a cancel, such as SIGUSR1
	Forced    bool           // SIGKILL was sent after the grace
	OOM       bool           // the kernel killed for memory in our control group while the command ran
	Survivors bool           // processes of its group are still running
	Tail      string         // the end of its standard error; empty if that is a terminal
}

// Run runs cmd until it ends. Signals that arrive are forwarded to its group. The first one that asks to end (see Ends) also calls
// interrupted, at once and on its own goroutine, and starts the grace period; a second one ends the grace period. If a signal is there before the
// command was started, it is not started.
func Run(cmd Command, signals <-chan os.Signal, interrupted func(os.Signal)) Result {
	if sig := pending(signals); sig != nil {
		return notStarted(sig)
	}
	streams, err := connect(cmd.Stdout, cmd.Stderr, cmd.Filter)
	if err != nil {
		return notRun(err)
	}
	defer streams.close()
	child := &exec.Cmd{
		Args: cmd.Args, Dir: cmd.Dir, Env: cmd.Env,
		Stdin: cmd.Stdin, Stdout: streams.stdout, Stderr: streams.stderr,
	}
	if child.Path, err = find(cmd); err != nil {
		return notRun(err)
	}
	group := prepare(child, cmd.Stdin)
	oom := countOOM()
	adoptOrphans()
	defer reserveThreads()()
	res := Result{Start: time.Now()}
	ended, err := Start(child)
	if err != nil {
		return notRun(err)
	}
	streams.started()

	res.attend(child.Process, group, cmd.Grace, signals, ended, interrupted)
	res.End = time.Now()
	res.ExitCode, res.Signal = exitCode(child.ProcessState)
	res.judgeSignals(group, signals)
	res.Survivors = group && survivors(child.Process.Pid)
	res.Tail = streams.drain()
	// A shell that reports a killed child exits with 137 itself.
	res.OOM = res.ExitCode == 128+int(syscall.SIGKILL) && !res.Forced && countOOM() > oom
	return res
}

// Start starts a child which does not outlive us, if the system can help that (see dieWithUs), on a thread that lasts as long as the child does: the
// system takes the end of that thread for our death. The channel is closed when the child has ended.
func Start(child *exec.Cmd) (<-chan struct{}, error) {
	if child.SysProcAttr == nil {
		child.SysProcAttr = &syscall.SysProcAttr{}
	}
	dieWithUs(child.SysProcAttr)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := child.Start()
		started <- err
		if err == nil {
			_ = child.Wait() // the process state says more than the error
			close(ended)
		}
	}()
	return ended, <-started
}

// attend waits for the end of the command and forwards signals.
func (r *Result) attend(child *os.Process, group bool, grace time.Duration,
	signals <-chan os.Signal, ended <-chan struct{}, interrupted func(os.Signal),
) {
	others := followOthers(group)
	defer others.stop()
	var timeout <-chan time.Time
	for {
		select {
		case <-ended:
			if r.Interrupt != nil && group {
				kill(child, group) // what ignored the signal must not outlive a cancelled job
			}
			return
		case sig := <-others.came:
			others.forward(child, sig)
		case sig := <-signals:
			if !Ends(sig) {
				r.notice(sig)
				forward(child, group, sig)
				continue
			}
			if r.Interrupt != nil {
				r.Forced = true
				kill(child, group)
				continue
			}
			r.Interrupt = sig
			go interrupted(sig)
			forward(child, group, sig)
			timeout = time.After(grace)
		case <-timeout:
			r.Forced = true
			kill(child, group)
		}
	}
}

func notRun(err error) Result {
	now := time.Now()
	return Result{ExitCode: startCode(err), Start: now, End: now, NotRun: err}
}

func notStarted(sig os.Signal) Result {
	now := time.Now()
	return Result{ExitCode: SignalCode(sig), Start: now, End: now, Interrupt: sig}
}
