package store

import (
	"fmt"
	"slices"
	"sync"
)

// Renamed is which keys of params, metrics and tags held a secret, and what they are stored as. The zero value knows of none. It is
// safe for concurrent use.
type Renamed struct {
	mu    sync.Mutex
	names map[[2]string]string // by kind and key
	taken map[[2]string]int    // how many keys of a kind became the same
}

// Names returns the kinds and new names, such as "metric "loss.redacted"", sorted.
func (r *Renamed) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for of, name := range r.names {
		all = append(all, fmt.Sprintf("%s %q", of[0], name))
	}
	slices.Sort(all)
	return all
}

// name returns the new name of a key, always the same, and none that another key of its kind has got.
func (r *Renamed) name(kind, key, clean string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names, r.taken = map[[2]string]string{}, map[[2]string]int{}
	}
	of := [2]string{kind, key}
	if name, known := r.names[of]; known {
		return name
	}
	r.taken[[2]string{kind, clean}]++
	name := clean
	if n := r.taken[[2]string{kind, clean}]; n > 1 {
		name = fmt.Sprintf("%s-%d", clean, n)
	}
	r.names[of] = name
	return name
}
