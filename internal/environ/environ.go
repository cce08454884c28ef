// Package environ looks variables up in an environment that is handed on as NAME=value lines.
package environ

import (
	"slices"
	"strings"
)

// Get returns the value of a variable, empty if it is not set. The last entry of a name counts, as in exec.
func Get(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
