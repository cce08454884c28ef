package process

import (
	"strconv"
	"strings"
)

// countOOM returns how often the kernel has killed for memory in our control group, 0 where that cannot be read.
func countOOM() int {
	return field(controlFile("memory", "memory.events", "memory.oom_control"), "oom_kill")
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
