package mlflow

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ValidText returns a text as every store and all who read it accept it: bytes that are not UTF-8, and NUL, which databases reject, become
// U+FFFD. One value that is not UTF-8 makes MLflow fail to read a whole embedded store.
func ValidText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// ValidPath returns the path of an artifact as every store accepts it: each byte that is not UTF-8 becomes _x and two hexadecimal digits, so
// that two files keep two names.
func ValidPath(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	var valid strings.Builder
	for len(path) > 0 {
		r, size := utf8.DecodeRuneInString(path)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&valid, "_x%02X", path[0])
		} else {
			valid.WriteString(path[:size])
		}
		path = path[size:]
	}
	return valid.String()
}
