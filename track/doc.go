// Package track is the main job: run one training command as one MLflow run that tells the truth.
//
// The job is a chain of values, each built once: Inputs (what the user set), Plan (what will be done), the open run, the
// step's result, what it left, the closed run, the Outcome. Everything that can be checked is checked before the command
// starts; from then on errors are collected and nothing stops the later steps.
//
// It never reads the environment itself, never exits the process and never prints: main hands in the environment and the
// streams, and a Log takes what a person should read.
package track
