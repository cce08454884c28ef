// Package results reads the results of a training step: its result file, its live metrics file, and the artifacts that both the
// user's setting and the result name.
//
// Nothing in here stops the job. What is wrong becomes a Problem, and everything that is valid is still returned. All
// that comes from the step is bounded: size and depth of the result, length of a line, number of files. No path is followed
// out of the allowed folders. The package sends nothing anywhere: points of live metrics are passed to a function.
//
// The two file formats are described in docs of this project; numbers and words are read as Python's json module writes
// them (https://docs.python.org/3/library/json.html#infinite-and-nan-number-values), keys and lengths are those of MLflow.
package results
