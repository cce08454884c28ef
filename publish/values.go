package publish

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// commentURL is the output that is known after all others, and accountID the one that may be hidden by a setting.
const (
	commentURL = "comment-url"
	accountID  = "aws-account-id"
)

// OutputNames are the outputs that a job can have, in the order of the documentation.
func OutputNames() []string {
	var names []string
	for _, v := range allValues(Ended{}) {
		names = append(names, v.Name)
	}
	return append(names, commentURL)
}

// values returns the outputs that have a value, without secrets. Values that the store or we generated are not redacted;
// secrets in JSON are removed before its quotes hide them.
func (p Publisher) values(e Ended) []outputs.Value {
	values := slices.DeleteFunc(allValues(e), func(v outputs.Value) bool {
		return v.Text == "" || p.hidden(v) && p.CI.Provider != ciinfo.GitHub // whose runner masks outputs
	})
	for i, v := range values {
		switch v.Name {
		case "run-id", "experiment-id", "status", "exit-code", "model-version", accountID:
		case "metrics":
			values[i].Text = metricsJSON(redact.Deep(p.Secrets, e.Run.Run.Metrics))
		case "params":
			values[i].Text = toJSON(redact.Deep(p.Secrets, e.Run.Run.Params))
		default:
			values[i].Text = p.Secrets.Text(v.Text)
		}
	}
	return values
}

func allValues(e Ended) []outputs.Value {
	run := e.Run.Run
	return []outputs.Value{
		{Name: "run-id", Text: run.ID},
		{Name: "run-name", Text: run.Name},
		{Name: "run-url", Text: e.Place.RunURL},
		{Name: "experiment-id", Text: run.ExperimentID},
		{Name: "status", Text: string(e.Run.Verdict.Status)},
		{Name: "exit-code", Text: fmt.Sprint(e.ExitCode)},
		{Name: "metrics", Text: metricsJSON(run.Metrics)},
		{Name: "params", Text: toJSON(run.Params)},
		{Name: "artifact-uri", Text: run.ArtifactURI},
		{Name: "model-name", Text: e.Run.Model.Name},
		{Name: "model-version", Text: e.Run.Model.Version},
		{Name: "offline-path", Text: e.Place.Offline},
		{Name: accountID, Text: e.Account},
	}
}

// hidden reports whether a value is the account id and mask-aws-account-id made it a secret.
func (p Publisher) hidden(v outputs.Value) bool {
	return v.Name == accountID && p.Secrets.Text(v.Text) != v.Text
}

// metricsJSON writes the last values; what JSON has no number for is a string, as the result file takes it.
func metricsJSON(metrics map[string]mlflow.Metric) string {
	values := make(map[string]any, len(metrics))
	for key, m := range metrics {
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
			values[key] = report.Number(m.Value)
			continue
		}
		values[key] = m.Value
	}
	return toJSON(values)
}

// toJSON writes a map as one line; an empty map is {}.
func toJSON[V any](m map[string]V) string {
	if m == nil {
		return "{}"
	}
	text, err := json.Marshal(m)
	if err != nil { // strings and finite numbers always pass
		return ""
	}
	return string(text)
}

func (p Publisher) warnOmitted(omitted []string) {
	if len(omitted) > 0 {
		p.Console.Warn("outputs-file: omitted "+strings.Join(omitted, ", "), "a dotenv file has at most 20 values of one line each, in 5 KB; the run has them all")
	}
}
