package track

import (
	"slices"
	"strings"
)

// Kind is the form of a setting's value.
type Kind int

// The kinds of settings.
const (
	Text     Kind = iota
	Lines         // several values, one a line; the flag may be repeated
	Switch        // true or false
	Duration      // as Go writes it: 5s, 2m
	JSON          // one JSON object
	Number        // a whole number
)

// Setting is one thing a user can set, under one name everywhere: action input and flag "tracking-uri", environment
// variable MLOPS_TRACKING_URI.
type Setting struct {
	Name       string
	Kind       Kind
	Default    string   // the value when nothing is set
	Otherwise  string   // how the default comes about when it is not a fixed value
	Ecosystem  []string // variables of MLflow, CI and AWS that are read after the MLOPS_ one
	Choices    []string // the values taken, where they are few
	ActionOnly bool
	Help       string
}

// Env is the name of the setting's own environment variable.
func (s Setting) Env() string {
	return "MLOPS_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// Input is the name of the variable in which a GitHub runner passes the action input.
// https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#inputs
func (s Setting) Input() string {
	return "INPUT_" + strings.ToUpper(strings.ReplaceAll(s.Name, " ", "_"))
}

// Settings lists every setting that is built, in the order of the documentation.
func Settings() []Setting {
	return slices.Concat(jobSettings(), reportSettings(), awsSettings())
}

func jobSettings() []Setting {
	return []Setting{
		{Name: "run", ActionOnly: true, Help: "the training step, a script as in a workflow's `run:`"},
		{Name: "shell", ActionOnly: true, Default: "bash", Help: "how the script runs: `bash` (`-eo pipefail`), `sh`, `python`, or a template with `{0}`"},
		{Name: "working-directory", Default: ".", Help: "where the step runs"},
		{Name: "experiment", Otherwise: "`owner/repository` in CI, else `Default`", Ecosystem: []string{"MLFLOW_EXPERIMENT_NAME"}, Help: "experiment name"},
		{Name: "run-name", Otherwise: "`<run-prefix>-<job>-<sha7>`; on a laptop `<branch>-<sha7>-<time>`", Ecosystem: []string{"MLFLOW_RUN_NAME"}, Help: "MLflow run name"},
		{Name: "run-prefix", Otherwise: "`ci-<pipeline run id>` in CI", Help: "first part of a generated run name"},
		{Name: "tags", Kind: Lines, Help: "`key=value`, one a line, or a JSON object; `--tag key=value` adds one"},
		{Name: "tracking-uri", Default: "sqlite:///mlflow.db", Ecosystem: []string{"MLFLOW_TRACKING_URI"}, Help: "any MLflow tracking URI"},
		{Name: "autolog", Kind: Switch, Default: "true", Help: "enable MLflow autolog inside Python training without editing it"},
		{Name: "autolog-config", Kind: JSON, Help: "JSON object of `mlflow.autolog` keyword arguments"},
		{Name: "result-file", Otherwise: "a fresh temporary file", Help: "where the step writes its result; the step finds the path in `MLOPS_RESULT`"},
		{Name: "metrics-file", Otherwise: "a fresh temporary file", Help: "live metrics, JSON Lines; the step finds the path in `MLOPS_METRICS`"},
		{Name: "artifacts", Kind: Lines, Help: "globs, one a line, uploaded besides those of the result; `!glob` excludes, `path => target` places"},
		{Name: "register-model", Default: "auto", Choices: []string{"auto", "default-branch", "never"}, Help: "`auto`: when the result names a model; `default-branch`: only there; `never`"},
		{Name: "on-tracking-error", Default: "keep", Choices: []string{"keep", "fail"}, Help: "a server that is away: `keep` everything locally and go on, or `fail`"},
		{Name: "offline-dir", Default: ".mlops-track", Help: "folder for what a server that is away could not take"},
		{Name: "finish-timeout", Kind: Duration, Default: "60s", Help: "how long the ending may wait for the server without progress"},
		{Name: "stop-grace", Kind: Duration, Default: "5s", Help: "time between the signal passed on to the step and SIGKILL to its group"},
		{Name: "outputs-file", Help: "where outputs go as dotenv, besides `GITHUB_OUTPUT`"},
		{Name: "pass-env", Kind: Lines, Help: "variables that are kept for the step although they would be taken out, one a line"},
		{Name: "redact", Kind: Lines, Help: "patterns removed from all that is written, besides the known secrets, one regular expression a line"},
		{Name: "dry-run", Kind: Switch, Default: "false", Help: "print the plan, run nothing"},
		{Name: "matrix", Kind: JSON, Otherwise: "the action and setup fill it in", Help: "the matrix cell of this job, `${{ toJSON(matrix) }}`"},
		{Name: "job-id", Otherwise: "the action and setup fill it in", Help: "the check run of this job, `${{ job.check_run_id }}`"},
	}
}

// unbuilt names the settings of the interface that later versions bring. Setting one is an error: it must not look as
// if it had worked.
func unbuilt() []string {
	return []string{
		"baseline", "fail-if", "relay", "system-metrics", "metrics", "gate-mode", "model-alias", "promote-if",
	}
}
