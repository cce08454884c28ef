package track

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// publish tells everybody: the closing table in the log, the job summary, files, outputs, the comment. What cannot be written is
// told and changes nothing. The comment comes last: it may take the longest.
func publish(in *interrupts, p Plan, host Host, out Outcome) {
	r := redact.Deep(host.Secrets, reportOf(p, out, host))
	if out.Refused == nil {
		host.Console.Block(report.Terminal(r))
		host.Console.Say("%s", r.Verdict())
		if out.Offline != "" {
			host.Console.Say("kept in %s; %s", out.Offline, deliverLater(p))
		}
		if r.RunURL == "" && out.Offline == "" && !p.CI.InCI() {
			host.Console.Say("to look at it: %s", lookCommand(p))
		}
		if file := host.Getenv("GITHUB_STEP_SUMMARY"); file != "" {
			warn(host, outputs.WriteSummary(file, func(limit int) string { return report.Comment(r, limit) }))
		}
		writeReports(p, host, r)
	}
	values := cleanOutputs(outputValues(out), out, host.Secrets)
	left := writeOutputs(p, host, values, values)
	tellLeftOut(host, left)
	if out.Refused != nil {
		return
	}
	ctx, _, cancel := in.after(keepBudget+p.extraTime(), p.FinishTimeout)
	defer cancel()
	out.CommentURL = p.Thread(host).Post(ctx, host.Console, r.Origin.Key, section(r))
	if out.CommentURL != "" {
		late := outputs.Value{Name: commentURL, Text: host.Secrets.Text(out.CommentURL)}
		more := writeOutputs(p, host, []outputs.Value{late}, append(values, late))
		tellLeftOut(host, slices.DeleteFunc(more, func(name string) bool { return slices.Contains(left, name) })) // the others were told
	}
}

// commentURL is the output that is known last.
const commentURL = "comment-url"

// writeOutputs writes outputs for later steps and jobs: GitHub's file gets the new ones, the dotenv file is written with all. It
// returns those that the latter has no room for.
func writeOutputs(p Plan, host Host, fresh, all []outputs.Value) (left []string) {
	if file := host.Getenv("GITHUB_OUTPUT"); file != "" {
		warn(host, outputs.WriteGitHub(file, fresh))
	}
	if p.OutputsFile != "" {
		var err error
		left, err = outputs.WriteDotenv(p.OutputsFile, all)
		warn(host, err)
	}
	return left
}

func tellLeftOut(host Host, left []string) {
	if len(left) > 0 {
		host.Console.Warn("outputs-file: left out "+strings.Join(left, ", "), "dotenv takes one line a value, 20 values and 5 KB; the run has them all")
	}
}

// lookCommand is what shows a run whose store has no page of its own.
func lookCommand(p Plan) string {
	if p.TrackingURI == "sqlite:///mlflow.db" {
		return "mlops-track ui"
	}
	return "mlops-track ui --tracking-uri " + quoted(store.Redact(p.TrackingURI))
}

func warn(host Host, err error) {
	if err != nil {
		host.Console.Warn(err.Error(), "")
	}
}

// OutputNames are the outputs that a job can have.
func OutputNames() []string {
	var names []string
	for _, v := range allOutputs(Outcome{}) {
		names = append(names, v.Name)
	}
	return names
}

// outputValues are the outputs that have a value, in the order of the documentation.
func outputValues(out Outcome) []outputs.Value {
	return slices.DeleteFunc(allOutputs(out), func(v outputs.Value) bool { return v.Text == "" })
}

// cleanOutputs takes out the secrets; those of JSON before its quotes hide them. What the store and we made up stays as it is.
func cleanOutputs(values []outputs.Value, out Outcome, secrets *redact.Redactor) []outputs.Value {
	for i, v := range values {
		switch v.Name {
		case "run-id", "experiment-id", "status", "exit-code", "model-version":
		case "metrics":
			values[i].Text = metricsJSON(redact.Deep(secrets, out.Run.Metrics))
		case "params":
			values[i].Text = toJSON(redact.Deep(secrets, out.Run.Params))
		default:
			values[i].Text = secrets.Text(v.Text)
		}
	}
	return values
}

func allOutputs(out Outcome) []outputs.Value {
	return []outputs.Value{
		{Name: "run-id", Text: out.Run.ID},
		{Name: "run-name", Text: out.Run.Name},
		{Name: "run-url", Text: out.RunURL},
		{Name: "experiment-id", Text: out.Run.ExperimentID},
		{Name: "status", Text: string(out.Status)},
		{Name: "exit-code", Text: fmt.Sprint(out.ExitCode)},
		{Name: "metrics", Text: metricsJSON(out.Run.Metrics)},
		{Name: "params", Text: toJSON(out.Run.Params)},
		{Name: "artifact-uri", Text: out.Run.ArtifactURI},
		{Name: "model-name", Text: out.Model.Name},
		{Name: "model-version", Text: out.Model.Version},
		{Name: commentURL, Text: out.CommentURL},
		{Name: "offline-path", Text: out.Offline},
	}
}

// metricsJSON writes the last values; what is no JSON number is a string, as the result file takes it.
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

func reportOf(p Plan, out Outcome, host Host) report.Report {
	r := report.Report{
		Status: string(out.Status), ExitCode: out.ExitCode, ErrorType: out.ErrorType, ErrorMessage: out.ErrorMessage,
		Experiment: p.Experiment, RunName: first(out.Run.Name, p.RunName), RunID: out.Run.ID, RunURL: out.RunURL,
		Store: out.Store, Kept: out.Offline, Commit: p.CI.ShortSHA(), Duration: out.Step.elapsed(),
		JobURL: first(p.CI.JobURL, p.CI.PipelineRunURL), Machine: machine(), OwnParams: out.Named, Histories: out.Histories,
		Params: out.Run.Params, Metrics: make(map[string]float64, len(out.Run.Metrics)), LogTail: out.Step.Tail,
		Artifacts: report.Artifacts{Files: out.Artifacts.Files, Bytes: out.Artifacts.Bytes, Failed: len(out.Artifacts.Failed)},
	}
	r.CommitURL, r.Artifacts.Paths, r.Origin = p.CI.CommitURL(), out.Uploaded, p.origin(out)
	for key, m := range out.Run.Metrics {
		r.Metrics[key] = m.Value
	}
	for _, w := range host.Console.Warnings() {
		r.Warnings = append(r.Warnings, report.Warning{Text: w.Text, Next: w.Hint})
	}
	if out.Model.Name != "" {
		r.Model = fmt.Sprintf("%s version %s", out.Model.Name, out.Model.Version)
	}
	return r
}

// origin is where the report belongs.
func (p Plan) origin(out Outcome) report.Origin {
	return report.Origin{
		Change: p.CI.ChangeID, Head: p.CI.HeadSHA, Key: commentKey(p.Report, p.CI.PipelineName, p.CI.JobName, p.Experiment),
		Section: p.CI.MatrixLabel, Run: p.CI.RunNumber(), Attempt: p.CI.Attempt, Ended: out.Step.End,
	}
}

// machine is what the job ran on.
func machine() string {
	return fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// jsonList writes a list as one line.
func jsonList(list []string) string {
	text, err := json.Marshal(list)
	if err != nil { // strings always pass
		return ""
	}
	return string(text)
}
