package process

import (
	"os"
	"path/filepath"
	"strings"
)

// controlFile returns the text of a file of our control group, empty where that cannot be read. Version 1 of control groups has a hierarchy for each
// controller.
// https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.events, pids.max) and cgroup-v1/memory.html (memory.oom_control).
func controlFile(controller, version2, version1 string) string {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(own)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // hierarchy:controllers:path
		if len(parts) != 3 {
			continue
		}
		root, file := "/sys/fs/cgroup", version2
		if parts[1] != "" {
			root, file = filepath.Join("/sys/fs/cgroup", controller), version1
			if !strings.Contains(","+parts[1]+",", ","+controller+",") {
				continue
			}
		}
		// In a container the path may be the host's, while its own group is mounted at the root.
		for _, dir := range []string{filepath.Join(root, parts[2]), root} {
			if text, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
				return string(text)
			}
		}
	}
	return ""
}
