//go:build unix

package regularfile

import (
	"os"
	"syscall"
)

// nonblock makes that a path which became a pipe or a terminal since we looked is opened at once.
const nonblock = syscall.O_NONBLOCK | syscall.O_NOCTTY

// ReadNow reads what a named pipe holds at this moment. It returns 0 where that is nothing, with and without a writer.
func ReadNow(pipe *os.File, into []byte) (n int, err error) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return 0, err
	}
	var readErr error
	err = raw.Read(func(fd uintptr) bool {
		for {
			n, readErr = syscall.Read(int(fd), into)
			if readErr != syscall.EINTR {
				return true // also where there is nothing: the next call looks again
			}
		}
	})
	switch {
	case err != nil:
		return 0, err
	case readErr == syscall.EAGAIN:
		return 0, nil
	}
	return max(n, 0), readErr
}
