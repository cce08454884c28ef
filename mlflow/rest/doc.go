// Package rest is the client of an MLflow tracking server, 2.9 to 3.17, as an mlflow.Store.
//
// It makes no requests of its own and never logs credentials. It reads no environment variable; hints name
// the variables of MLflow's own client (https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html),
// because that is where the caller has the values from.
//
// # Retries
//
// There is one path for all requests, Client.Do. An attempt ends when nothing was sent for Options.Timeout, or the answer was not
// there whole by then. It is repeated as long as the context lasts, so the caller decides by the deadline of the context how long
// an unreachable server is waited for. What may pass is told by two tables: retry.CauseOf for what got no answer, and classes.go
// for statuses. An answer that is not MLflow's is a rejection, also one with status 200. Between attempts it waits, twice as long each time and less a
// random part, or as long as Retry-After says; where the context would end during the wait, it gives up at once.
//
// A call that must not be made twice is not repeated unless it surely was not done. CreateRun then looks for the run by
// the tag mlops.job.id, and CreateModelVersion for the version by run and source, before it tries again.
//
// # Signatures
//
// With Options.Sign each attempt is signed for AWS, with keys and time of its own, and so is the request that a redirect on
// the same origin asks for. If keys are not available, they are requested again as long as the
// context lasts.
//
// # Credentials
//
// They go to the origin of the tracking URI alone, as do the workspace and the headers of Options: no redirect takes them along, and
// a request to another origin, such as an artifact service that the server names or a presigned URL, has none. A redirect
// that changes the method, or from https to http, is an error.
//
// # Limits
//
// An answer has at most 32 MiB, a metric's history 256 MiB, which is read point by point, an error answer 64 KiB. Files are read as
// streams.
//
// # Errors
//
// An unreachable server is a *mlflow.UnreachableError, one that rejects the request a *mlflow.RejectedError with what to do about it.
// An error that is both mlflow.ErrNotFound and a *mlflow.RejectedError is one about something that does not exist.
package rest
