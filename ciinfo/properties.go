package ciinfo

import (
	"strconv"
	"strings"
)

// maxProperties is the size of a file of properties that is looked at.
const maxProperties = 4 << 20

// readProperties reads a file as Java's Properties writes it: KEY=VALUE, a backslash before special characters. A file that
// is missing or huge is as good as empty.
// https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
func readProperties(s Source, file string) map[string]string {
	properties := map[string]string{}
	if file == "" || s.ReadFile == nil {
		return properties
	}
	text, err := s.ReadFile(file)
	if err != nil || len(text) > maxProperties {
		return properties
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value := cutProperty(line)
		properties[unescapeProperty(key)] = unescapeProperty(value)
	}
	return properties
}

// cutProperty cuts a line at the first equals sign or colon that no backslash stands before.
func cutProperty(line string) (key, value string) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '=', ':':
			return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i+1:])
		}
	}
	return line, ""
}

// unescapeProperty removes the backslashes; \u0041 is the letter A.
func unescapeProperty(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		switch text[i] {
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'r':
			out.WriteByte('\r')
		case 'u':
			if code, err := strconv.ParseUint(text[i+1:min(i+5, len(text))], 16, 16); err == nil {
				out.WriteRune(rune(code))
				i = min(i+4, len(text)-1)
			}
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String()
}
