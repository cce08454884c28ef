// Package track is the job's way through one MLflow run: plan it, open it, judge how the step ended, finish it.
//
// Each stage is a function of the one or two values that it reads and returns one value, built once: [NewPlan] decides names
// and tags, [Open] opens the run, [Judge] decides its status, [Finisher] writes, uploads, registers and closes, and returns
// the [FinishedRun]. From the step's end on errors are collected, and no later stage is left out.
//
// It reads no environment, starts no process and prints nothing: what a person should know is returned as notices. How a
// step is run is package step's, where a run is stored that of the [mlflow.Store] that is handed in.
package track
