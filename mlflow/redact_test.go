package mlflow_test

import (
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func TestRedactURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"https://mlflow.example.com/ml":                   "https://mlflow.example.com/ml",
		"https://ci:s3cret@mlflow.example.com:8443/ml":    "https://ci:***@mlflow.example.com:8443/ml",
		"https://token@mlflow.example.com":                "https://token@mlflow.example.com",
		"postgresql+psycopg2://u:p@ss/w:rd@db:5432/x":     "postgresql+psycopg2://u:***@db:5432/x",
		"mysql://db/x?password=s3cret&charset=utf8":       "mysql://db/x?***",
		"mssql+pyodbc:///?odbc_connect=DRIVER%3DX%3BPWD=": "mssql+pyodbc:///?***",
		"sqlite:///mlflow.db":                             "sqlite:///mlflow.db",
		"./mlruns":                                        "./mlruns",
		`{"a": "https://u:p@host"}`:                       `{"a": "https://u:p@host"}`,
		"":                                                "",
	} {
		if got := mlflow.RedactURI(uri); got != want {
			t.Errorf("RedactURI(%q) = %q, want %q", uri, got, want)
		}
	}
}
