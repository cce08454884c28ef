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

// Without returns an environment without the variables that drop names.
func Without(environ []string, drop func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return drop(name)
	})
}
