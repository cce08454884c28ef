//go:build !linux

package regularfile

import "os"

func kernelFiles(*os.File) (system string, ok bool) { return "", false }
