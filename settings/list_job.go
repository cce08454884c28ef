package settings

// jobSettings are those about the run and its step.
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
		{Name: "on-tracking-error", Default: "keep", Choices: []string{"keep", "fail"}, Help: "when the server is unreachable: `keep` stores everything offline and training continues; `fail`"},
		{Name: "offline-dir", Default: ".mlops-track", Help: "folder for what an unreachable server could not take"},
		{Name: "finish-timeout", Kind: Duration, Default: "60s", Help: "how long finalization may wait for the server without progress"},
		{Name: "stop-grace", Kind: Duration, Default: "5s", Help: "time between the signal passed on to the step and SIGKILL to its group"},
		{Name: "outputs-file", Help: "where outputs go as dotenv, besides `GITHUB_OUTPUT`"},
		{Name: "pass-env", Kind: Lines, Help: "variables that the step gets although they would be removed, one a line"},
		{Name: "redact", Kind: Lines, Help: "patterns removed from all that is written, besides the known secrets, one regular expression a line"},
		{Name: "dry-run", Kind: Switch, Default: "false", Help: "print the plan, run nothing"},
		{Name: "matrix", Kind: JSON, Otherwise: "filled in by the action and setup", Help: "the matrix cell of this job, `${{ toJSON(matrix) }}`"},
		{Name: "job-id", Otherwise: "filled in by the action and setup", Help: "the check run of this job, `${{ job.check_run_id }}`"},
	}
}
