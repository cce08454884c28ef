//go:build !linux

package process

import "syscall"

// dieWithUs does nothing: the system cannot tell a command that its parent was killed.
func dieWithUs(*syscall.SysProcAttr) {}
