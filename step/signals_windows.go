package step

import "os"

// SignalName returns the system's name of a signal.
func SignalName(sig os.Signal) string { return sig.String() }
