//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/term"
)

// prepare puts the command into a process group of its own and returns true. If standard input is a terminal it stays in
// ours: only the terminal's foreground group may read from it, and the terminal sends Ctrl-C to all of that group.
func prepare(child *exec.Cmd, stdin *os.File) (group bool) {
	group = stdin == nil || !term.IsTerminal(int(stdin.Fd()))
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: group}
	return group
}

func forward(child *os.Process, group bool, sig os.Signal) {
	switch {
	case group:
		if s, ok := sig.(syscall.Signal); ok {
			_ = syscall.Kill(-child.Pid, s)
		}
	case sig == os.Interrupt || sig == syscall.SIGQUIT: // the terminal has sent it already
	default:
		_ = child.Signal(sig)
	}
}

func kill(child *os.Process, group bool) {
	if group {
		_ = syscall.Kill(-child.Pid, syscall.SIGKILL)
		return
	}
	_ = child.Kill()
}

// exitWait is how long workers that end by themselves, such as those of joblib, may take.
const exitWait = time.Second

// survivors reports whether processes of the group of a command that has ended are still running after exitWait.
func survivors(pid int) bool {
	for end := time.Now().Add(exitWait); groupAlive(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return true
		}
	}
	return false
}

// groupAlive first reaps those of the group that ended as our children: as zombies they would count.
func groupAlive(pid int) bool {
	for {
		if ended, err := syscall.Wait4(-pid, nil, syscall.WNOHANG, nil); err != nil || ended <= 0 {
			return syscall.Kill(-pid, 0) == nil
		}
	}
}

func exitCode(state *os.ProcessState) (int, syscall.Signal) {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), status.Signal()
	}
	return state.ExitCode(), 0
}
