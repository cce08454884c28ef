package process

import (
	"os"
	"os/exec"
	"syscall"
)

// prepare leaves the command in our console group, where Ctrl-C reaches both.
func prepare(*exec.Cmd, *os.File) (group bool) { return false }

func forward(*os.Process, bool, os.Signal) {}

func kill(child *os.Process, _ bool) { _ = child.Kill() }

func survivors(int) bool { return false }

func exitCode(state *os.ProcessState) (int, syscall.Signal) { return state.ExitCode(), 0 }
