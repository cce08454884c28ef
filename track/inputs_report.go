package track

import "github.com/Iyalvan/mlops-track/publish/comment"

// ReportInputs say where the report goes besides the log.
type ReportInputs struct {
	Comment     string // auto, always, never
	Mode        comment.Mode
	Key         string // empty: chosen by the plan
	GitHubToken string
	GitLabToken string

	// Files, absolute; empty: none.
	File, Summary, Metrics, JUnit string
}

func (p *parser) report() ReportInputs {
	return ReportInputs{
		Comment:     p.text("comment"),
		Mode:        comment.Mode(p.text("comment-mode")),
		Key:         p.text("comment-key"),
		GitHubToken: p.text("github-token"),
		GitLabToken: p.text("gitlab-token"),
		File:        p.path("report-file"),
		Summary:     p.path("summary-file"),
		Metrics:     p.path("metrics-report"),
		JUnit:       p.path("junit-report"),
	}
}
