package report

import (
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// OpenMetrics renders the last values for GitLab's metrics report, which compares them with the target branch as text:
// https://docs.gitlab.com/ci/testing/metrics_reports/. Metrics sampled from the machine are left out, since they change
// with every run. Names become valid ones of https://prometheus.io/docs/specs/om/open_metrics_spec/; where two become the
// same, each carries its own as a label.
func OpenMetrics(r Report) string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(r.Values.Metrics)), sampled)
	same := map[string]int{}
	for _, name := range names {
		same[openMetricsName(name)]++
	}
	var b strings.Builder
	for _, name := range names {
		series := openMetricsName(name)
		if same[series] > 1 {
			series += `{name="` + openMetricsLabel(name) + `"}`
		}
		fmt.Fprintf(&b, "%s %s\n", series, openMetricsValue(r.Values.Metrics[name]))
	}
	return b.String() + "# EOF\n"
}

func openMetricsName(s string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, s)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// openMetricsLabel returns a label without spaces, which GitLab reads as the end of the name; a character that a label
// cannot hold becomes its number.
func openMetricsLabel(s string) string {
	var b strings.Builder
	for _, r := range s {
		if isWord(r) || strings.ContainsRune("-./:@", r) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "%%%X", r)
	}
	return b.String()
}

func openMetricsValue(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64) // NaN is NaN
}

// JUnit renders the run as test cases, which GitLab shows on the merge request:
// https://docs.gitlab.com/ci/testing/unit_test_reports/. The names stay the same from run to run, as GitLab compares them.
func JUnit(r Report) ([]byte, error) {
	step := junitCase{Class: plain(r.Run.Experiment), Name: "the step ends well", Seconds: r.Outcome.Duration.Seconds()}
	result := junitCase{Class: plain(r.Run.Experiment), Name: "the result is valid"}
	why := &junitFault{Message: plain(r.Verdict()), Type: plain(r.Outcome.ErrorType), Text: plainLines(r.Outcome.ErrorMessage)}
	suite := junitSuite{Name: "mlops-track", Tests: 2}
	switch {
	case r.Outcome.Status == "FINISHED":
	case r.Outcome.ErrorType == "InvalidResult" || r.Outcome.ErrorType == "MissingParams": // the step itself ended well
		result.Failure, suite.Failures = why, 1
	case r.Outcome.Status == "KILLED":
		step.Error, suite.Errors = why, 1
		result.Skipped, suite.Skipped = &struct{}{}, 1
	default:
		step.Failure, suite.Failures = why, 1
		step.Output = plainLines(lastLines(r.Outcome.LogTail, 50))
		result.Skipped, suite.Skipped = &struct{}{}, 1
	}
	suite.Cases = []junitCase{step, result}
	text, err := xml.MarshalIndent(junitSuites{Suites: []junitSuite{suite}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the test report: %w", err)
	}
	return append([]byte(xml.Header), append(text, '\n')...), nil
}

// plainLines is plain for a text of several lines.
func plainLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return strings.Join(lines, "\n")
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Seconds float64     `xml:"time,attr"`
	Failure *junitFault `xml:"failure"`
	Error   *junitFault `xml:"error"`
	Skipped *struct{}   `xml:"skipped"`
	Output  string      `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}
