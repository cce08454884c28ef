package ciinfo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLabel is the length of a matrix label in characters.
const maxLabel = 64

// matrixCell reads one cell of a matrix: the JSON object that GitHub's toJSON(matrix) gives, or an array of values. It
// returns the cell as compact JSON with sorted keys, and its label; both are empty for anything else.
func matrixCell(text string) (cell, label string) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // keeps 3.10 as it was written
	var value any
	if decoder.Decode(&value) != nil {
		return "", ""
	}
	var parts []string
	switch v := value.(type) {
	case map[string]any:
		parts = labelParts("", v)
	case []any:
		for _, item := range v {
			parts = append(parts, cleanLabel(fmt.Sprint(item)))
		}
	}
	if len(parts) == 0 {
		return "", ""
	}
	var compact bytes.Buffer
	encoder := json.NewEncoder(&compact)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return "", ""
	}
	return strings.TrimSpace(compact.String()), boundLabel(strings.Join(parts, ","))
}

// labelParts are the key=value pairs of an object, sorted by key; objects inside are flattened with dots.
func labelParts(prefix string, object map[string]any) []string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(object)) {
		name := prefix + cleanLabel(key)
		switch v := object[key].(type) {
		case nil:
		case map[string]any:
			parts = append(parts, labelParts(name+".", v)...)
		default:
			parts = append(parts, name+"="+cleanLabel(fmt.Sprint(v)))
		}
	}
	return parts
}

// cleanLabel keeps letters, digits and "._+-"; a run of anything else becomes one dash.
func cleanLabel(s string) string {
	dirty := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._+-", r)
	}
	return strings.Join(strings.FieldsFunc(s, dirty), "-")
}

// boundLabel shortens a label that is too long. A digest of the whole keeps two cells apart.
func boundLabel(label string) string {
	if utf8.RuneCountInString(label) <= maxLabel {
		return label
	}
	sum := sha256.Sum256([]byte(label))
	digest := "~" + hex.EncodeToString(sum[:3])
	return string([]rune(label)[:maxLabel-len(digest)]) + digest
}

// MatrixLabel is the label of a matrix cell that a run has as its tag mlops.ci.matrix; empty for what is none.
func MatrixLabel(cell string) string {
	_, label := matrixCell(cell)
	return label
}
