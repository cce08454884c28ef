package step

import (
	"maps"
	"slices"
	"strings"
)

// Smaller is an environment with fewer of our variables.
type Smaller struct {
	All     []string // NAME=value, as exec takes it
	Without []string // names of the variables that are as the step would have inherited them, sorted
}

// longVariable is the length in bytes from which a variable of ours is one that the environment can be too large for.
const longVariable = 4 << 10

// Smaller returns what to try, one after the other, where the system says that arguments and environment are too long
// (E2BIG): without the tags for further runs, without our long variables, and without all of ours. The last one is no larger than
// what this process was started with.
func (e Environment) Smaller() []Smaller {
	parent, _ := runContext(e.Set["MLFLOW_RUN_ID"], nil)
	short := e.without(func(name, _ string) bool { return name == contextVariable })
	long := e.without(func(name, value string) bool { return name == contextVariable || len(value) > longVariable })
	for _, s := range []*Smaller{&short, &long} {
		s.All = append(s.All, contextVariable+"="+parent)
	}
	return []Smaller{short, long, e.without(func(string, string) bool { return true })}
}

func (e Environment) without(drop func(name, value string) bool) Smaller {
	s := Smaller{All: slices.Clone(e.kept)}
	for _, name := range slices.Sorted(maps.Keys(e.Set)) {
		if drop(name, e.Set[name]) {
			s.Without = append(s.Without, name)
		} else {
			s.All = append(s.All, name+"="+e.Set[name])
		}
	}
	for _, entry := range e.replaced {
		if name, _, _ := strings.Cut(entry, "="); slices.Contains(s.Without, name) && name != contextVariable {
			s.All = append(s.All, entry)
		}
	}
	return s
}
