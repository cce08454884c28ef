package publish_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/settings"
)

// TestSystemWithoutComments holds that one line says that there is no comment, however many reports there are.
func TestSystemWithoutComments(t *testing.T) {
	t.Parallel()
	summary := func(func(int) string) error { return nil }
	for name, c := range map[string]struct {
		when, number string
		summary      func(func(int) string) error
		want         string
	}{
		"a summary": {"auto", "7", summary, "mlops-track: no comment: comments are for GitHub Actions and GitLab CI; the report is on the page of the job\n"},
		"none":      {"auto", "7", nil, "mlops-track: no comment: comments are for GitHub Actions and GitLab CI; the report is in this log\n"},
		"never":     {"never", "7", nil, ""},
		"no change": {"auto", "", nil, ""},
		"always": {"always", "", nil, "mlops-track: warning: no comment: comments are for GitHub Actions and GitLab CI\n" +
			"mlops-track: hint: set comment to auto; the report is in this log\n"},
	} {
		var log bytes.Buffer
		p := publish.Publisher{
			Console: console.New(&log, redact.New(), nil), Secrets: redact.New(), Summary: c.summary,
			Thread: publish.Thread{Number: c.number, Settings: settings.Comment{When: c.when}},
		}
		if err := p.Later(t.Context(), make([]report.Report, 2), time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := strings.Count(log.String(), "no comment"); n > 1 || !strings.Contains(log.String(), c.want) || n == 0 != (c.want == "") {
			t.Errorf("%s: %d lines\n%s", name, n, log.String())
		}
	}
}
