package report_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/publish/report"
)

// junit is the test report as a host reads it, with all elements that a test case has.
type junit struct {
	Cases []junitCase `xml:"testsuite>testcase"`
}

type junitCase struct {
	Class    string    `xml:"classname,attr"`
	Elements []element `xml:",any"`
}

type element struct {
	XMLName xml.Name
	Type    string    `xml:"type,attr"`
	Message string    `xml:"message,attr"`
	Text    string    `xml:",chardata"`
	Inside  []element `xml:",any"`
}

func TestJUnitGivesTextBack(t *testing.T) {
	for _, s := range []string{
		"bad rate", `</failure><testcase name="ok"/>`, "]]><!--", `" onload="x`, "&lt;b&gt; &amp; &#64;", "<?xml version='1.0'?><!DOCTYPE x>",
		"ünïcødé 🙂",
	} {
		got := readJUnit(t, report.Report{Run: report.Run{Experiment: s, Name: s}, Outcome: report.Outcome{Status: "FAILED", ExitCode: 1, ErrorType: s, ErrorMessage: s, LogTail: s}})
		want := junit{Cases: []junitCase{
			{Class: s, Elements: []element{
				{XMLName: xml.Name{Local: "failure"}, Type: s, Message: fmt.Sprintf("%s failed after 0.0 s (%s, exit code 1)", s, s), Text: s},
				{XMLName: xml.Name{Local: "system-out"}, Text: s},
			}},
			{Class: s, Elements: []element{{XMLName: xml.Name{Local: "skipped"}}}},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", s, diff)
		}
	}
}

// TestJUnitDropsWhatXMLForbids holds https://www.w3.org/TR/xml/#charsets.
func TestJUnitDropsWhatXMLForbids(t *testing.T) {
	const s = "a\x00b\x08c\x1bd\xffe\ufffef"
	got := readJUnit(t, report.Report{Outcome: report.Outcome{Status: "FAILED", ErrorType: s, ErrorMessage: s, LogTail: "a\x00b\x07c\x1b[1md\xffe\ufffef"}})
	const want = "abcd\ufffde\ufffdf"
	for _, e := range got.Cases[0].Elements {
		if e.Text != want {
			t.Errorf("%s: %q, want %q", e.XMLName.Local, e.Text, want)
		}
	}
}

func readJUnit(t *testing.T, r report.Report) junit {
	t.Helper()
	text, err := report.JUnit(r)
	if err != nil {
		t.Fatal(err)
	}
	var got junit
	if err := xml.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if strings.Contains(string(text), "\x1b") {
		t.Errorf("an escape sequence in\n%q", text)
	}
	return got
}
