package settings

// reportSettings are those about the report and the comment on the pull or merge request.
func reportSettings() []Setting {
	return []Setting{
		{Name: "comment", Default: "auto", Choices: []string{"auto", "always", "never"}, Help: "a comment with the report: `auto` on a pull or merge request; `always` warns where there can be none; `never`"},
		{Name: "comment-mode", Default: "update", Choices: []string{"update", "hide-and-new", "delete-and-new", "new"}, Help: "what happens to the comment of an earlier run: `update` it, or a new one and `hide-and-new`, `delete-and-new`, or just `new`"},
		{Name: "comment-key", Otherwise: "workflow, job and experiment", Help: "which comment is updated in place; the jobs of a matrix share it"},
		{Name: "github-token", Secret: true, Otherwise: "the job's own", Ecosystem: []string{"GITHUB_TOKEN", "GH_TOKEN"}, Help: "who comments on GitHub; needs `pull-requests: write`"},
		{Name: "gitlab-token", Secret: true, Otherwise: "the job's own, which may not write", Ecosystem: []string{"GITLAB_TOKEN"}, Help: "who comments on GitLab: a project access token with the scope `api`"},
		{Name: "report-file", Help: "where the report goes as JSON, for `mlops-track report --from`"},
		{Name: "summary-file", Help: "where the report goes as Markdown, besides the job summary"},
		{Name: "metrics-report", Help: "where the metrics go as a metrics report of GitLab"},
		{Name: "junit-report", Help: "where the outcome goes as JUnit XML"},
	}
}
