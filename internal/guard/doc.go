// Package guard is what this process does for itself before anything else: it catches signals, and it takes its environment to where other
// processes cannot read it.
//
// All of that happens while packages are initialised, because main begins milliseconds later than the process does, and a signal or a reader
// may come in between. Go initialises the packages in the order of their paths, as soon as what they import is ready
// (https://go.dev/ref/spec#Program_initialization), so this one imports only what is first: not even package strings. Only main imports it.
package guard
