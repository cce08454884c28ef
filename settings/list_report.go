package settings

// reportSettings are those about the report and the comment on the pull or merge request.
func reportSettings() []Setting {
	return []Setting{
		{Name: "comment", Default: "auto", Choices: []string{"auto", "always", "never"}, Help: "when to post a comment with the report: `auto` if there is a pull or merge request, `always` (a warning if there is none), `never`"},
		{Name: "comment-mode", Default: "update", Choices: []string{"update", "hide-and-new", "delete-and-new", "new"}, Help: "`update` the comment of an earlier run, or post a new one and hide the old one (`hide-and-new`), delete it (`delete-and-new`) or leave it (`new`)"},
		{Name: "comment-key", Otherwise: "workflow, job and experiment", Help: "key of the comment to update; the jobs of a matrix share one"},
		{Name: "comment-on", Otherwise: "the request of the job or branch", Help: "number of the pull or merge request to comment on"},
		{Name: "github-token", Secret: true, Otherwise: "the job's token", Ecosystem: []string{"GITHUB_TOKEN", "GH_TOKEN"}, Help: "token that posts the comment on GitHub; needs `pull-requests: write`"},
		{Name: "gitlab-token", Secret: true, Otherwise: "the job's token, which cannot post", Ecosystem: []string{"GITLAB_TOKEN"}, Help: "token that posts the comment on GitLab: a project access token with the scope `api`"},
		{Name: "report-file", Help: "file for the report as JSON, for `mlops-track report --from`"},
		{Name: "summary-file", Help: "file for the report as Markdown, in addition to the job summary"},
		{Name: "metrics-report", Help: "file for the metrics as a GitLab metrics report"},
		{Name: "junit-report", Help: "file for the outcome as JUnit XML"},
	}
}
