package server

import "github.com/Iyalvan/mlops-track/internal/hint"

// advice is what to do about the faults in a server's log that another try would meet again.
func advice() hint.Table {
	return hint.Table{
		{Words: "No module named|Can't load plugin", Advice: "install the driver that the tracking URI names, or names by default, beside mlflow"},
		{Words: "password authentication failed|Access denied for user", Advice: "check user and password in the tracking URI"},
	}
}
