package track

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/notice"
)

// split separates what the run has from what it lacks; the keys it has come back sorted, each once.
func split[T, V any](list []T, key func(T) string, has map[string]V) (lacking []T, taken []string) {
	for _, item := range list {
		if _, ok := has[key(item)]; ok {
			taken = append(taken, key(item))
		} else {
			lacking = append(lacking, item)
		}
	}
	slices.Sort(taken)
	return lacking, slices.Compact(taken)
}

// collision returns the warning about keys of a kind, param or metric, that the run has already; none without keys.
func collision(kind string, keys []string) []notice.Notice {
	if len(keys) == 0 {
		return nil
	}
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = "'" + k + "'"
	}
	return []notice.Notice{notice.Warn(
		fmt.Sprintf("%s collision detected: [%s]", kind, strings.Join(quoted, ", ")),
		fmt.Sprintf("the run's value is not changed; add a prefix to yours, as in custom.%s", keys[0]),
	)}
}
