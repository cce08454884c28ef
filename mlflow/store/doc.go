// Package store opens the tracking store that an MLflow tracking URI names, and says what a program that logs there by
// itself needs to know.
//
//	http://, https://                     a tracking server
//	arn:aws:sagemaker:...                 an MLflow that SageMaker runs
//	sqlite:///path, sqlite:////path       a file, written by this program
//	path, file:path, file:///path         a folder, written by this program
//	postgresql://, mysql://, mssql://     a database, through an mlflow server of the user that lives as long as the store
//
// Relative paths start from Options.Dir. What lies in a store that was named by a relative path can be moved: its
// artifact locations are made relative when it is closed.
package store
