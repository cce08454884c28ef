package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/publish/report"
)

func TestFileBringsTheReportBack(t *testing.T) {
	for name, r := range map[string]report.Report{"finished": finished(), "failed": failed(), "killed": killed(), "bare": bare()} {
		got := reread(t, r)
		r.Job.Foreign = report.FromFile                 // whoever wrote it
		r.Outcome.LogTail, got.Outcome.LogTail = "", "" // which is cleaned
		if diff := cmp.Diff(r, got, cmp.Comparer(same), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := reread(t, failed()).Outcome.LogTail; !strings.HasPrefix(got, "epoch 3\nTraceback\n") {
		t.Errorf("log %q", got)
	}
}

func TestWhateverWasWrittenCanBeRead(t *testing.T) {
	for name, r := range map[string]report.Report{"huge": huge(), "enormous": enormous(6_000), "hostile": hostileReport(hostile)} {
		got := reread(t, r)
		if kept, all := len(got.Values.Metrics)+got.More.Metrics, len(r.Values.Metrics); kept != all {
			t.Errorf("%s: %d metrics are told of %d", name, kept, all)
		}
		if kept, all := len(got.Values.Params)+got.More.Params, len(r.Values.Params); kept != all {
			t.Errorf("%s: %d params are told of %d", name, kept, all)
		}
		checkPage(t, report.Comment(got.LinksTo("https://ci.example"), 60_000))
	}
}

func reread(t *testing.T, r report.Report) report.Report {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	got, err := report.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// enormous is over every limit of the file.
func enormous(n int) report.Report {
	r := report.Report{
		Run:     report.Run{Name: strings.Repeat("n", n), URL: "https://x.example/" + strings.Repeat("u", n)},
		Outcome: report.Outcome{Status: "FAILED", Duration: time.Second, LogTail: strings.Repeat("é", 100*n)},
		Values:  report.Values{Metrics: map[string]float64{}, Params: map[string]string{}, Histories: map[string][]report.Point{}},
		Outputs: report.Outputs{Artifacts: report.Artifacts{Files: n}},
	}
	for i := range n {
		name := fmt.Sprintf("%d %s", i, strings.Repeat("é", 300))
		r.Values.Metrics[name] = float64(i)
		r.Values.Params[name] = strings.Repeat("\"", 2000)
		r.Values.Histories[name] = []report.Point{{0, 1}, {1, 2}}
		r.Warnings = append(r.Warnings, report.Warning{Text: strings.Repeat("w", 2000)})
		r.Outputs.Artifacts.Paths = append(r.Outputs.Artifacts.Paths, name)
	}
	return r
}

func TestParseRefuses(t *testing.T) {
	valid := `{"schema":1,"status":"FINISHED","exit_code":0,"duration_ms":5,"artifacts":{"files":0,"bytes":0},"more":{}`
	if _, err := report.Parse(strings.NewReader(valid + "}")); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 2000)
	for text, want := range map[string]string{
		``:                                       "EOF",
		`[]`:                                     "not of type",
		`{"schema":2}`:                           "schema: 2 is not supported",
		`{}`:                                     "schema: 0 is not supported",
		"\xff{}":                                 "not UTF-8",
		valid:                                    "EOF",
		valid + `} {}`:                           "more than one JSON value",
		valid + `,"extra":1}`:                    `unknown field "extra"`,
		valid + `,"Model":"x"}`:                  `unknown field "Model"`,
		valid + `,"status":"FINISHED"}`:          `"status" twice`,
		valid + `,"metrics":{"a":1,"a":2}}`:      `report.metrics: "a" twice`,
		valid + `,"metrics":{"a":"1"}}`:          "metrics",
		valid + `,"metrics":{"a":1e999}}`:        "metrics",
		valid + `,"metrics":{"a":null}}`:         "report.metrics.a: null",
		valid + `,"metrics":[1]}`:                "metrics",
		valid + `,"metrics":{"` + long + `":1}}`: "metrics: 2000 characters, at most 250",
		valid + `,"params":{"a":1}}`:             "params",
		valid + `,"params":{"a":"` + long + `"}}`:                   `params["a"]: 2000 characters`,
		valid + `,"params":{"a":"\u001b[31m"}}`:                     `params["a"]: control characters`,
		valid + `,"params":{"a%s":"\u202e"}}`:                       `params["a%s"]: control characters`,
		valid + `,"run_name":"\u0000"}`:                             "run_name: control characters",
		valid + `,"run_url":"javascript:alert(1)"}`:                 "run_url",
		valid + `,"run_url":"https://user:secret@x.example/"}`:      "run_url",
		valid + `,"job_url":"ftp://x.example/"}`:                    "job_url",
		valid + `,"model_url":"//x.example"}`:                       "model_url",
		valid + `,"baseline":{"name":"b","run_url":"file:///etc"}}`: "baseline.run_url",
		valid + `,"baseline":{"name":"b","metrics":{"a":"x"}}}`:     "baseline.metrics",
		valid + `,"commit":"main"}`:                                 "commit",
		valid + `,"histories":{"a":[{"step":1.5,"value":1}]}}`:      "histories.step",
		valid + `,"histories":{"a":[{"step":1,"value":"x"}]}}`:      "histories.value",
		valid + `,"histories":{"b":[]}}`:                            `histories: "b" is not a metric`,
		valid + `,"own_params":["b"]}`:                              `own_params: "b" is not a param`,
		valid + `,"histories":{"a":[` + strings.Repeat(`{"step":1,"value":1},`, 40) + `{"step":1,"value":1}]}}`: `histories["a"]: 41 entries, at most 40`,
		valid + `,"warnings":[{"text":"a","link":"b"}]}`:                                                        `unknown field "link"`,
		valid + `,"warnings":` + strings.Repeat("[", 100_000):                                                   "nested too deep",
		strings.Repeat(`{"a":`, 100_000):                                                                        "nested too deep",
		valid + `,"model":"` + strings.Repeat("x", report.MaxFile) + `"}`:                                       "larger than 4.2 MB",
		strings.Replace(valid, `"FINISHED"`, `"DONE"`, 1) + "}":                                                 "status",
		strings.Replace(valid, `"duration_ms":5`, `"duration_ms":-5`, 1) + "}":                                  "duration_ms",
		strings.Replace(valid, `"exit_code":0`, `"exit_code":"0"`, 1) + "}":                                     "exit_code",
		strings.Replace(valid, `"files":0`, `"files":-1`, 1) + "}":                                              "artifacts.files",
	} {
		_, err := report.Parse(strings.NewReader(text))
		if err == nil {
			t.Errorf("%.200s is taken", text)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%.200s\nerror %q does not say %q", text, err, want)
		}
		if strings.ContainsAny(err.Error(), "\n\x1b\u202e") || len(err.Error()) > 1000 {
			t.Errorf("%.200s\nerror %q could steer a log", text, err)
		}
	}
}

func TestParseTellsAllFaults(t *testing.T) {
	_, err := report.Parse(strings.NewReader(
		`{"schema":1,"status":"x","exit_code":0,"duration_ms":-1,"artifacts":{"files":0,"bytes":0},"more":{},"commit":"y","run_url":"z"}`))
	for _, field := range []string{"status", "duration_ms", "commit", "run_url"} {
		if err == nil || !strings.Contains(err.Error(), field+": ") {
			t.Errorf("error %v does not name %s", err, field)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, errors.New("cut") }
func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestFileTellsWhatTheDiskSays(t *testing.T) {
	if _, err := report.Parse(broken{}); err == nil || !strings.Contains(err.Error(), "cut") {
		t.Errorf("error %v", err)
	}
	if err := report.Write(broken{}, bare()); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("error %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range []report.Report{finished(), failed(), killed(), bare(), hostileReport(hostile)} {
		var b bytes.Buffer
		if err := report.Write(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := report.Parse(bytes.NewReader(text))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %q could steer a log", err)
			}
			return
		}
		again := reread(t, r)
		if diff := cmp.Diff(r, again, cmp.Comparer(same), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(report.Outcome{}, "LogTail")); diff != "" {
			t.Errorf("another report after writing (-before +after):\n%s", diff)
		}
		checkPage(t, report.Comment(r.LinksTo("https://ci.example"), 60_000))
		checkLines(t, report.Terminal(r))
		checkGitLab(t, r)
	})
}
