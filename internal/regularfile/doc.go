// Package regularfile opens files that another program named or wrote, so that neither opening nor reading them can wait or
// have an effect: a named pipe, a device, a socket, and what a kernel makes up under /proc are rejected.
//
// It does not bound how much is read; that is the caller's.
package regularfile
