package settings_test

import (
	"fmt"

	"github.com/Iyalvan/mlops-track/settings"
)

// A flag wins over the setting's own variable, and that over the variable of MLflow.
func ExampleParse() {
	flags := map[string]string{"experiment": "cars"}
	env := map[string]string{"MLOPS_EXPERIMENT": "trucks", "MLFLOW_TRACKING_URI": "https://mlflow.example.com"}
	s, err := settings.Parse(settings.Sources{
		Set:     func(name string) (string, bool) { v, ok := flags[name]; return v, ok },
		Env:     func(name string) string { return env[name] },
		Command: []string{"python", "train.py"},
		Dir:     "/work",
	})
	fmt.Println(s.Run.Experiment, s.Store.TrackingURI, s.Step.StopGrace, err)
	// Output: cars https://mlflow.example.com 5s <nil>
}
