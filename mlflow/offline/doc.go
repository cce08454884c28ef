// Package offline stores runs locally while a tracking server is unreachable, and uploads them later.
//
// [Store] is the only place that handles an unreachable server: a tracking store that continues locally. It writes to a folder
// with a local store of the same format as the embedded one, and one note per run with its server and experiment:
//
//	.mlops-track/mlflow.db, mlartifacts/   the store
//	.mlops-track/kept/<run id>.json        runs that wait for their upload
//	.mlops-track/sent/<run id>.json        runs that were uploaded
//
// [Upload] only adds what the server lacks, so it can be repeated after any interruption.
package offline
