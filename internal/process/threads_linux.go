package process

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// threadLimit returns how many threads the user, or the control group, may have; of the group's, those that are left.
func threadLimit() int {
	limit := uint64(math.MaxInt32)
	var user unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NPROC, &user) == nil {
		limit = min(limit, user.Cur)
	}
	most, err := strconv.ParseUint(strings.TrimSpace(controlFile("pids", "pids.max", "pids.max")), 10, 64)
	if err != nil { // "max", or no such group
		return int(limit)
	}
	used, _ := strconv.ParseUint(strings.TrimSpace(controlFile("pids", "pids.current", "pids.current")), 10, 64)
	return int(min(limit, most-min(most, used)))
}
