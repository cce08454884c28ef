// Package offline stores runs that a tracking server could not take, and uploads them later.
//
// [Store] is the one answer to an unreachable server: a tracking store that continues locally. What it stores lies in a folder
// with a local store of the same format as the embedded one, and one note a run that says where the run belongs:
//
//	.mlops-track/mlflow.db, mlartifacts/   the store
//	.mlops-track/kept/<run id>.json        runs that wait for their upload
//	.mlops-track/sent/<run id>.json        runs that were uploaded
//
// [Upload] only adds what the server lacks, so it can be repeated after any interruption.
package offline
