package track

import "os"

// signalName is the name of a signal as the system has it.
func signalName(sig os.Signal) string { return sig.String() }
