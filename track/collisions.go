package track

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// withoutCollisions returns the params and metrics of the result that the run does not have yet, with a warning for those
// it has. What is there wins.
func withoutCollisions(run mlflow.Run, params []mlflow.Param, metrics []mlflow.Metric) (
	[]mlflow.Param, []mlflow.Metric, []console.Note, []string,
) {
	var notes []console.Note
	var all []string
	params, taken := split(params, func(p mlflow.Param) string { return p.Key }, run.Params)
	if len(taken) > 0 {
		notes = append(notes, collision("param", taken))
		all = append(all, taken...)
	}
	metrics, taken = split(metrics, func(m mlflow.Metric) string { return m.Key }, run.Metrics)
	if len(taken) > 0 {
		notes = append(notes, collision("metric", taken))
		all = append(all, taken...)
	}
	slices.Sort(all)
	return params, metrics, notes, all
}

// split parts what the run has from what it has not; the keys it has come back sorted, each once.
func split[T, V any](list []T, key func(T) string, has map[string]V) (free []T, taken []string) {
	for _, item := range list {
		if _, ok := has[key(item)]; ok {
			taken = append(taken, key(item))
		} else {
			free = append(free, item)
		}
	}
	slices.Sort(taken)
	return free, slices.Compact(taken)
}

func collision(kind string, keys []string) console.Note {
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = "'" + k + "'"
	}
	return console.Note{
		Text: fmt.Sprintf("%s collision detected: [%s]", kind, strings.Join(quoted, ", ")),
		Hint: fmt.Sprintf("the run's own value is kept; give yours a prefix, as in custom.%s", keys[0]),
	}
}
