// Package server starts the user's own mlflow server on a loopback port, for a database that only MLflow itself can open. It
// installs nothing and never upgrades a database: it runs the mlflow that the environment names, and tells what is missing.
package server
