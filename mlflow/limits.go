package mlflow

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of MLflow (mlflow/utils/validation.py, the same in 2.9 and 3.17 unless said). Lengths count characters.
const (
	MaxBatchMetrics = 1000
	MaxBatchParams  = 100
	MaxBatchTags    = 100
	MaxBatchItems   = 1000       // metrics, params and tags together
	MaxRequestBytes = 900 * 1024 // MLflow states 1 MB; the rest is room for JSON around the values
	MaxKeyLength    = 250
	MaxParamLength  = 6000
	MaxTagLength    = 5000 // 8000 in MLflow 3; the lower one is used so that every server accepts it
)

// CheckKey returns what is wrong with the key of a param, metric or tag. Letters of any language, digits and "_-. /:" are
// allowed. MLflow 2.9 rejects the colon.
func CheckKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("the key is empty")
	case utf8.RuneCountInString(key) > MaxKeyLength:
		return fmt.Errorf("key %q is longer than %d characters", shorten(key), MaxKeyLength)
	case path.Clean(key) != key || strings.HasPrefix(key, "/") || key == "." || strings.HasPrefix(key, ".."):
		return fmt.Errorf("key %q is not a plain path", key)
	}
	for _, r := range key {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-. /:", r) {
			return fmt.Errorf("key %q contains %q; letters, digits and \"_-. /:\" are allowed", key, r)
		}
	}
	return nil
}

// Truncate cuts a value to at most limit characters, as MLflow does, and reports whether it did.
func Truncate(value string, limit int) (string, bool) {
	if len(value) <= limit || utf8.RuneCountInString(value) <= limit {
		return value, false
	}
	n := 0
	for i := range value {
		if n == limit {
			return value[:i], true
		}
		n++
	}
	return value, false
}

// Split cuts a batch into as few batches as possible, each within MLflow's limits for one request. The order within a kind
// does not change.
func Split(b Batch) []Batch {
	var out []Batch
	for !b.Empty() {
		var one Batch
		items, room := MaxBatchItems, MaxRequestBytes
		one.Tags, b.Tags = take(b.Tags, MaxBatchTags, &items, &room, func(t Tag) int { return jsonLen(t.Key) + jsonLen(t.Value) })
		one.Params, b.Params = take(b.Params, MaxBatchParams, &items, &room, func(p Param) int { return jsonLen(p.Key) + jsonLen(p.Value) })
		one.Metrics, b.Metrics = take(b.Metrics, MaxBatchMetrics, &items, &room, func(m Metric) int { return jsonLen(m.Key) + 64 })
		out = append(out, one)
	}
	return out
}

// take moves items from the front of all into a request that has room for so many items and bytes.
func take[T any](all []T, limit int, items, room *int, size func(T) int) (taken, rest []T) {
	const around = 48 // bytes of JSON around one item
	n := 0
	for n < len(all) && n < limit && *items > 0 {
		bytes := size(all[n]) + around
		if bytes > *room && *room < MaxRequestBytes { // an item larger than a whole request goes alone
			break
		}
		*room -= bytes
		*items--
		n++
	}
	return all[:n:n], all[n:]
}

// jsonLen returns an upper bound of the bytes of s in JSON as encoding/json writes it.
func jsonLen(s string) int {
	n := 2
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20, c == '"', c == '\\', c == '<', c == '>', c == '&', c >= 0x80:
			n += 6
		default:
			n++
		}
	}
	return n
}

func shorten(s string) string {
	const keep = 40
	if cut, ok := Truncate(s, keep); ok {
		return cut + "..."
	}
	return s
}
