package server

import "github.com/Iyalvan/mlops-track/internal/hint"

// advice is what to do about errors in a server's log that a retry would meet again.
func advice() hint.Table {
	return hint.Table{
		{Words: "No module named|Can't load plugin", Advice: "install the driver for the tracking URI in the same Python as mlflow"},
		{Words: "password authentication failed|Access denied for user", Advice: "check user and password in the tracking URI"},
	}
}
