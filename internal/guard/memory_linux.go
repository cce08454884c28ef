package guard

import (
	"os"
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
	for from, to := 0, 0; to < len(environ); to++ {
		if environ[to] != 0 {
			continue
		}
		if !kept(environ[from:to]) {
			clear(environ[from:to])
		}
		from = to + 1
	}
}

func kept(entry []byte) bool {
	for _, name := range keptVariables {
		if len(entry) > len(name) && string(entry[:len(name)]) == name && entry[len(name)] == '=' {
			return true
		}
	}
	return false
}

// HideArgument overwrites a text in the command line that other processes see of this one (/proc/PID/cmdline).
func HideArgument(text string) {
	args, _ := initialMemory()
	for len(args) >= len(text) && text != "" {
		if string(args[:len(text)]) != text {
			args = args[1:]
			continue
		}
		for i := range len(text) {
			args[i] = '*'
		}
		args = args[len(text):]
	}
}

// initialMemory returns the memory in which the system passed arguments and environment to this process; nil where it does not say
// where they are, as /proc is missing.
func initialMemory() (args, environ []byte) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil || len(os.Args) == 0 || os.Args[0] == "" {
		return nil, nil
	}
	bounds, ok := fields(stat, 48) // of the arguments and of the environment: arg_start, arg_end, env_start, env_end in proc_pid_stat(5)
	if !ok {
		return nil, nil
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

// fields returns four numbers of a line as in proc_pid_stat(5), whose fields are counted from 1.
func fields(stat []byte, first int) (numbers [4]uintptr, ok bool) {
	field := 2
	for _, c := range stat {
		switch {
		case c == ')': // ends the name of the program, field 2, which may hold anything
			field, numbers = 2, [4]uintptr{}
		case c == ' ':
			field++
		case field < first || field >= first+len(numbers):
		case c >= '0' && c <= '9':
			numbers[field-first] = numbers[field-first]*10 + uintptr(c-'0')
		}
	}
	return numbers, field >= first+len(numbers)
}
