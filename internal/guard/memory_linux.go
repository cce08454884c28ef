package guard

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// keptVariables stay where other processes can read them: a runner finds the processes of a job by them, and the Go runtime has strings that
// point to its own.
var keptVariables = []string{ //nolint:gochecknoglobals // a constant
	"GODEBUG", "RUNNER_TRACKING_ID", "BUILD_ID", "JENKINS_NODE_COOKIE", "JENKINS_SERVER_COOKIE",
}

// hide makes the memory of this process unreadable for processes of the same user (PR_SET_DUMPABLE(2const): /proc/PID/environ and mem, ptrace,
// core dumps), and overwrites the environment that it was started with for those who may read it all the same. Programs that it starts
// are not concerned: exec makes them readable again.
func hide() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
	_, environ := initialMemory()
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if !kept(string(entry)) {
			clear(entry)
		}
	}
}

func kept(entry string) bool {
	for _, name := range keptVariables {
		if strings.HasPrefix(entry, name+"=") {
			return true
		}
	}
	return false
}

// HideArgument overwrites a text in the command line that other processes see of this one (/proc/PID/cmdline).
func HideArgument(text string) {
	args, _ := initialMemory()
	for text != "" {
		at := bytes.Index(args, []byte(text))
		if at < 0 {
			return
		}
		for i := range len(text) {
			args[at+i] = '*'
		}
		args = args[at+len(text):]
	}
}

// initialMemory returns the memory in which the system passed arguments and environment to this process; nil where it does not say
// where they are, as /proc is missing.
func initialMemory() (args, environ []byte) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil || len(os.Args) == 0 || os.Args[0] == "" {
		return nil, nil
	}
	afterName := string(stat[bytes.LastIndexByte(stat, ')')+1:]) // the name of a program may hold anything
	fields := strings.Fields(afterName)
	const argStart = 48 - 3 // proc_pid_stat(5) counts the fields from 1, and the third is the first one here
	if len(fields) < argStart+4 {
		return nil, nil
	}
	var bounds [4]uintptr // of the arguments, and of the environment
	for i := range bounds {
		n, err := strconv.ParseUint(fields[argStart+i], 10, 64)
		if err != nil {
			return nil, nil
		}
		bounds[i] = uintptr(n)
	}
	first := unsafe.StringData(os.Args[0]) // the runtime does not copy
	return memory(first, bounds[0], bounds[0], bounds[1]), memory(first, bounds[0], bounds[2], bounds[3])
}

// memory returns the bytes from one address to another; base is a pointer to the address at.
func memory(base *byte, at, from, to uintptr) []byte {
	if uintptr(unsafe.Pointer(base)) != at || from < at || to < from { //nolint:gosec // compared only
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(base), from-at)), to-from) //nolint:gosec // memory of this process, see above
}
