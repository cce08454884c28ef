package cli

import "math"

// takesFiles is true: Windows says it when a file is written.
func takesFiles(string) bool { return true }

// maxOpenFiles is unlimited on Windows.
func maxOpenFiles() uint64 { return math.MaxUint64 }
