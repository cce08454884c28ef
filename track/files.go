package track

import (
	"bytes"
	"fmt"

	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/publish/report"
)

// writeReports writes the report into the files that the user asked for.
func writeReports(p Plan, host Host, r report.Report) {
	write := func(setting, file string, text []byte, err error) {
		if err == nil {
			err = outputs.WriteFile(file, string(text))
		}
		if err != nil {
			host.Console.Warn(fmt.Sprintf("write %s: %v", setting, err), "")
		}
	}
	if file := p.Report.Summary; file != "" {
		write("summary-file", file, []byte(report.Markdown(r)), nil)
	}
	if file := p.Report.Metrics; file != "" {
		write("metrics-report", file, []byte(report.OpenMetrics(r)), nil)
	}
	if file := p.Report.JUnit; file != "" {
		text, err := report.JUnit(r)
		write("junit-report", file, text, err)
	}
	if file := p.Report.File; file != "" {
		var b bytes.Buffer
		err := report.Write(&b, r)
		write("report-file", file, b.Bytes(), err)
	}
}
