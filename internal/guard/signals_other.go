//go:build unix && !linux

package guard

import "os"

// systemSignals returns nothing: no other signals of this system end a program.
func systemSignals() []os.Signal { return nil }
