// Package mlflow holds the values of an MLflow tracking store and the rules that every store shares: what a run, a metric
// and a batch are, which keys and lengths are allowed, and how a run is changed.
//
// It does no I/O. The stores are its subpackages: rest is the client of a tracking server, sqlite and filestore write the
// embedded stores themselves, artifact moves files, and store picks the right one for a tracking URI.
//
// Followed documents: the REST API of MLflow (https://mlflow.org/docs/latest/rest-api.html) and, where it is silent, what
// MLflow 2.9.2 and 3.17.2 were seen to do.
package mlflow
