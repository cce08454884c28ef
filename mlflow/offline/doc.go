// Package offline stores runs that an unreachable server could not take, and uploads them later.
//
// A folder holds a local store of the same format as the embedded one, and one note a run that says where it belongs:
//
//	.mlops-track/mlflow.db, mlartifacts/   the store
//	.mlops-track/kept/<run id>.json        runs that still wait
//	.mlops-track/sent/<run id>.json        runs that were delivered
//
// Delivery only adds what the server does not have, so it can be repeated after any interruption.
package offline
