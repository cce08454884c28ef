package publish

import (
	"bytes"
	"fmt"

	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// writeReports writes the report into the files that the user asked for.
func (p Publisher) writeReports(r report.Report) {
	for _, f := range []struct {
		setting, file string
		render        func(report.Report) ([]byte, error)
	}{
		{"summary-file", p.Files.Summary, func(r report.Report) ([]byte, error) { return []byte(p.Secrets.Text(report.Markdown(r))), nil }},
		{"metrics-report", p.Files.Metrics, func(r report.Report) ([]byte, error) { return []byte(report.OpenMetrics(r)), nil }},
		{"junit-report", p.Files.JUnit, report.JUnit},
		{"report-file", p.Files.Report, func(r report.Report) ([]byte, error) {
			var b bytes.Buffer
			err := report.Write(&b, r)
			return b.Bytes(), err
		}},
	} {
		if f.file == "" {
			continue
		}
		text, err := f.render(r)
		if err == nil {
			err = outputs.WriteFile(f.file, string(text))
		}
		if err != nil {
			p.Console.Warn(fmt.Sprintf("write %s: %v", f.setting, err), "")
		}
	}
}
