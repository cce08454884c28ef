package tracker

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// initialNamespace is the PID namespace of processes in no container (PROC_PID_INIT_INO in
// https://github.com/torvalds/linux/blob/master/include/uapi/linux/nsfs.h).
const initialNamespace = "4026531836"

func boot() string { return firstLine("/proc/sys/kernel/random/boot_id") }

// machine needs no id to tell machines apart within a boot, whose id is random: containers have none.
func machine() string {
	id := firstLine("/etc/machine-id")
	if id == "" {
		id = boot()
	}
	return machineHash(id)
}

func namespace() string {
	link, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return "unknown"
	}
	return strings.Trim(strings.TrimPrefix(link, "pid:"), "[]")
}

// look reads when a process was started, in ticks since the boot (proc_pid_stat(5), field 22). A process that has ended and is not waited for
// is absent. Where /proc hides processes of others the signal 0 finds them.
func look(pid int) (start string, there presence) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return "", absent
		}
		return "", unknown
	}
	const state, started = 0, 19 // after the name, which may hold anything, in brackets
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) <= started {
		return "", unknown
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return fields[started], absent
	}
	return fields[started], present
}

func firstLine(file string) string {
	text, err := os.ReadFile(file) //nolint:gosec // fixed names
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}
