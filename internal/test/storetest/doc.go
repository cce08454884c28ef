// Package storetest is the suite that every mlflow.Store passes: the embedded ones and the client of a real tracking
// server. It holds them to what the interface promises and to nothing else.
package storetest
