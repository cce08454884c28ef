package step

import "os"

// SignalName is the name of a signal as the system has it.
func SignalName(sig os.Signal) string { return sig.String() }
