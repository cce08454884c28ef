package settings

// jobSettings are those about the run and its step.
func jobSettings() []Setting {
	return []Setting{
		{Name: "run", ActionOnly: true, Help: "the training step, a script as in a workflow's `run:`"},
		{Name: "shell", ActionOnly: true, Default: "bash", Help: "how the script runs: `bash` (`-eo pipefail`), `sh`, `python`, or a template with `{0}`"},
		{Name: "working-directory", Default: ".", Help: "folder where the step runs"},
		{Name: "experiment", Otherwise: "`owner/repository` in CI, else `Default`", Ecosystem: []string{"MLFLOW_EXPERIMENT_NAME"}, Help: "experiment name"},
		{Name: "run-name", Otherwise: "`<run-prefix>-<job>-<sha7>`; on a laptop `<branch>-<sha7>-<time>`", Ecosystem: []string{"MLFLOW_RUN_NAME"}, Help: "MLflow run name"},
		{Name: "run-prefix", Otherwise: "`ci-<pipeline run id>` in CI", Help: "first part of a generated run name"},
		{Name: "tags", Kind: Lines, Help: "`key=value`, one per line, or a JSON object; `--tag key=value` adds one"},
		{Name: "tracking-uri", Default: "sqlite:///mlflow.db", Ecosystem: []string{"MLFLOW_TRACKING_URI"}, Help: "any MLflow tracking URI"},
		{Name: "autolog", Kind: Switch, Default: "true", Help: "enable MLflow autolog inside Python training without editing it"},
		{Name: "autolog-config", Kind: JSON, Help: "JSON object of `mlflow.autolog` keyword arguments; `flavors` adds libraries that are not for training"},
		{Name: "result-file", Otherwise: "a new temporary file", Help: "file to which the step writes its result; the step finds the path in `MLOPS_RESULT`"},
		{Name: "metrics-file", Otherwise: "a new temporary file", Help: "file for live metrics, JSON Lines; the step finds the path in `MLOPS_METRICS`"},
		{Name: "artifacts", Kind: Lines, Help: "globs, one per line, uploaded in addition to the artifacts of the result; `!glob` excludes files, `path => folder` sets the folder in the run"},
		{Name: "register-model", Default: "auto", Choices: []string{"auto", "default-branch", "never"}, Help: "when to add a model version: `auto` if the result names a model, `default-branch` only on the default branch, `never`"},
		{Name: "on-tracking-error", Default: "keep", Choices: []string{"keep", "fail"}, Help: "when the server is unreachable: `keep` stores the run offline and the training continues; `fail` makes the job fail"},
		{Name: "offline-dir", Default: ".mlops-track", Help: "folder for runs that are stored offline"},
		{Name: "start-timeout", Kind: Duration, Default: "30s", Help: "how long opening the run may take before the server counts as unreachable; without a connection, 6 s"},
		{Name: "finish-timeout", Kind: Duration, Default: "60s", Help: "how long finalization may wait for the server without progress; `0`: without a limit"},
		{Name: "stop-grace", Kind: Duration, Default: "5s", Help: "time between the signal forwarded to the step and SIGKILL to its process group"},
		{Name: "outputs-file", Help: "dotenv file for the outputs, in addition to those of the CI system"},
		{Name: "pass-env", Kind: Lines, Help: "names of variables that stay in the step's environment although they would be removed, one per line"},
		{Name: "redact", Kind: Lines, Help: "regular expressions, one per line; what they match is removed from all output, in addition to the known secrets"},
		{Name: "dry-run", Kind: Switch, Default: "false", Help: "print the plan and run nothing"},
		{Name: "matrix", Kind: JSON, Otherwise: "set by the action and by setup", Help: "matrix cell of this job as a JSON object, on GitHub `${{ toJSON(matrix) }}`"},
		{Name: "job-id", Otherwise: "set by the action and by setup", Help: "id of this job's check run, `${{ job.check_run_id }}`"},
	}
}
