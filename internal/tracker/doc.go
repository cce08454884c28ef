// Package tracker says which process of which machine opened a run, and whether that process is gone, so that a run whose tracker was killed
// can be closed by the next one.
//
// Where it cannot know it says that the process is there: on another machine, in another container or PID namespace, and on systems that do
// not tell when a process was started.
package tracker
