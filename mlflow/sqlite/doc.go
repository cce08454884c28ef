// Package sqlite writes an MLflow tracking store that is one SQLite file, without Python: the default when no tracking
// URI is set.
//
// It creates the tables of MLflow 2.9.2 (schema.sql), so that this and every newer MLflow opens the file, and names every
// column it reads or writes, so that it goes on working when a newer MLflow has upgraded the file meanwhile. What goes
// into the rows follows mlflow/store/tracking/sqlalchemy_store.py of 2.9.2 and 3.17.2.
//
// It never deletes a row, and it does not change the journal mode of a file.
package sqlite
