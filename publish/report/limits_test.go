package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/publish/report"
)

func TestErrorsStayShort(t *testing.T) {
	const valid = `{"schema":1,"status":"FINISHED","exit_code":0,"duration_ms":5,"artifacts":{"files":0,"bytes":0},"more":{},"origin":{`
	long := strings.Repeat("1", 100_000)
	for text, want := range map[string]string{
		valid + `"run":` + long + `}}`:                       "origin.run",
		valid + `"ended":"` + long + `"}}`:                   "origin.ended",
		valid + `"ended":"yesterday"}}`:                      `origin.ended: "yesterday" is not a time`,
		valid + `"` + strings.Repeat("x", 100_000) + `":1}}`: `report.origin: unknown field "xxx`,
	} {
		_, err := report.Parse(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%.160s\nerror %.400v, want a short one with %q", text, err, want)
		}
	}
}

func TestWriteLeavesOutWhatParseRefuses(t *testing.T) {
	const day = 24 * time.Hour
	for _, r := range []report.Report{
		{Origin: report.Origin{Change: "refs/pull/1/merge"}},
		{Origin: report.Origin{Head: "HEAD"}},
		{Origin: report.Origin{Run: -1, Attempt: -1}},
		{Origin: report.Origin{Run: 1<<63 - 1}},
		{Outcome: report.Outcome{Duration: 2000 * day}},
		{Outcome: report.Outcome{Duration: -day}},
		{Outputs: report.Outputs{Artifacts: report.Artifacts{Files: -1, Bytes: -1, Failed: -1}}},
	} {
		r.Outcome.Status = "FAILED"
		var b bytes.Buffer
		if err := report.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		if _, err := report.Parse(&b); err != nil {
			t.Errorf("%+v: %v", r.Origin, err)
		}
	}
}

func TestLinksToNoServerThatCannotBeRead(t *testing.T) {
	r := report.Report{Run: report.Run{URL: "https://evil%zz/"}}.LinksTo("https://mlflow%zz")
	if r.Run.URL != "" {
		t.Errorf("link %q is kept", r.Run.URL)
	}
}
