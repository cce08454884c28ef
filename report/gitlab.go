package report

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// OpenMetrics renders the metrics as GitLab's metrics report, which a merge request compares with that of its target branch.
// https://docs.gitlab.com/ci/testing/metrics_reports/
func OpenMetrics(r Report) string {
	var b strings.Builder
	taken := map[string]bool{}
	for _, key := range metricKeys(r) {
		name := metricName(key)
		for i := 2; taken[name]; i++ {
			name = fmt.Sprintf("%s_%d", metricName(key), i)
		}
		taken[name] = true
		fmt.Fprintf(&b, "%s %s\n", name, openMetricsNumber(r.Metrics[key]))
	}
	return b.String() + "# EOF\n"
}

// metricName keeps what OpenMetrics takes in a name.
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md#abnf
func metricName(key string) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && isAlphanumeric(r) || r == '_' || r == ':' {
			return r
		}
		return '_'
	}, key)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

func openMetricsNumber(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return Number(v)
}

type testSuites struct {
	XMLName xml.Name  `xml:"testsuites"`
	Suite   testSuite `xml:"testsuite"`
}

type testSuite struct {
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     string   `xml:"time,attr"`
	Case     testCase `xml:"testcase"`
}

type testCase struct {
	Name      string   `xml:"name,attr"`
	ClassName string   `xml:"classname,attr"`
	Time      string   `xml:"time,attr"`
	Failure   *failure `xml:"failure"`
	Skipped   *failure `xml:"skipped"`
	Log       string   `xml:"system-err,omitempty"`
}

type failure struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit renders the outcome as a test report, which GitLab shows in the merge request without any token.
// https://docs.gitlab.com/ci/testing/unit_test_reports/
func JUnit(r Report) ([]byte, error) {
	seconds := fmt.Sprintf("%.3f", r.Duration.Seconds())
	c := testCase{Name: printable(r.RunName), ClassName: printable(r.Experiment), Time: seconds}
	s := testSuite{Name: "mlops-track", Tests: 1, Time: seconds}
	switch why := printable(r.ErrorMessage); r.Status {
	case "FINISHED":
	case "KILLED":
		s.Skipped, c.Skipped = 1, &failure{Message: why}
	default:
		s.Failures, c.Failure = 1, &failure{Type: printable(r.ErrorType), Message: lastLine(why), Text: why}
		c.Log = printable(r.LogTail)
	}
	s.Case = c
	text, err := xml.MarshalIndent(testSuites{Suite: s}, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// printable drops what XML has no way to write.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
}
