//go:build !linux

package process

// threadLimit returns a limit that is never reached: what it is on this system is not known.
func threadLimit() int { return 1 << 30 }
