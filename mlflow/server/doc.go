// Package server starts the user's own mlflow server on a loopback port, for a database that only MLflow itself can open. It
// installs nothing and never upgrades a database: it runs the mlflow on PATH, and says what is missing.
package server
