package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// countOOM returns how often the kernel has killed for memory in our control group, 0 where that cannot be read.
// https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.events) and cgroup-v1/memory.html (memory.oom_control).
func countOOM() int {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(own)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // hierarchy:controllers:path
		if len(parts) != 3 {
			continue
		}
		root, file := "/sys/fs/cgroup", "memory.events"
		if parts[1] != "" {
			root, file = "/sys/fs/cgroup/memory", "memory.oom_control"
			if !strings.Contains(","+parts[1]+",", ",memory,") {
				continue
			}
		}
		// In a container the path may be the host's, while its own group is mounted at the root.
		for _, dir := range []string{filepath.Join(root, parts[2]), root} {
			if text, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
				return field(string(text), "oom_kill")
			}
		}
	}
	return 0
}

func field(text, name string) int {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	return 0
}
