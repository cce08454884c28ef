// Package track takes a job through one MLflow run: plan it, open it, judge how the step ended, finish it.
//
// Each stage is a function of the one or two values that it reads and returns one value, built once: [NewPlan] decides names
// and tags, [Open] opens the run, [Judge] decides its status, [Finisher] writes, uploads, registers and closes, and returns
// the [FinishedRun]. After the step errors are collected, and no later stage is skipped.
//
// It reads no environment, starts no process and prints nothing: what a person should know is returned as notices. Package
// step runs the step, and the [mlflow.Store] that the caller passes stores the run.
package track
