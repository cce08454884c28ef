// Package mlflowtest makes a tracking server misbehave. A real one stands behind it, so that what a failed request did or
// did not do can be read back from it; or one in memory, Memory, where a test needs no Python.
//
// Memory holds state and answers in the shapes of MLflow 3 (https://mlflow.org/docs/latest/rest-api.html), errors with
// their error_code included. Unlike MLflow's databases it keeps a point of a metric that comes twice, so that a test sees it.
package mlflowtest
