package report_test

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/Iyalvan/mlops-track/report"
)

// hostiles are texts that would be something on the page of a forge.
func hostiles() []string {
	return []string{
		"@everyone", "#12", "octo/repo#1", "GH-1", "http://evil.example", "www.evil.example", "a@evil.example", "[a](http://evil.example)",
		"![x](http://evil.example/x.png)", "<img src=x onerror=y>", "</details>", "<!-- mlops-track: other -->", "a|b", "a\\|b", "`x`", "``` \n```",
		"*b* _i_ ~~s~~", "::set-output name=x::y", ":tada:", "e1b2c3d4e5f60718293a4b5c6d7e8f9001122334", "$x$", "!7", "~bug", "%3", "&1",
		"&lt;b&gt;", "&#60;b&#62;", "\u202eevil", "</code><b>", "--> <b>", "\n\n# big", "\r\n\r\n- x", "[x]: http://evil.example", "\"] end", "```mermaid\nx\n```",
	}
}

// hostile is a report in which everything that a training or a branch can write is one text.
func hostile(text string) report.Report {
	return report.Report{
		Status: "FAILED", ExitCode: 1, ErrorType: text, ErrorMessage: text, Experiment: text, RunName: text, RunID: text, Store: text,
		Commit: text, Machine: text, Model: text, LogTail: text + "\n" + text,
		Metrics:  map[string]float64{text: 1},
		History:  map[string][]report.Point{text: {{0, 1}, {1, 2}, {2, 3}}},
		Params:   map[string]string{text: text, "named": text},
		Named:    []string{"named"},
		Warnings: []report.Warning{{Text: text, Next: text}},
	}
}

// page renders Markdown as forges do, raw HTML included.
func page(t *testing.T, markdown string) string {
	t.Helper()
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert([]byte(markdown), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	element    = regexp.MustCompile(`</?([a-zA-Z!][a-zA-Z0-9-]*)`)
	codes      = regexp.MustCompile(`(?s)<code[^>]*>.*?</code>`)
	references = regexp.MustCompile(`[@#!$%~&][A-Za-z0-9]|:[a-z]+:|\bGH-\d|[0-9a-f]{7,}`)
)

// TestNothingOfTheTrainingBecomesPartOfThePage looks at the page as a reader gets it: no element but ours, and outside of code
// nothing that a forge would turn into a mention, a reference or an emoji.
func TestNothingOfTheTrainingBecomesPartOfThePage(t *testing.T) {
	ours := map[string]bool{
		"h3": true, "blockquote": true, "p": true, "code": true, "pre": true, "table": true, "thead": true, "tbody": true, "tr": true, "th": true,
		"td": true, "ul": true, "li": true, "br": true, "details": true, "summary": true, "sub": true,
	}
	for _, text := range append(hostiles(), strings.Join(hostiles(), " "), strings.Join(hostiles(), "\n")) {
		markdown := report.Markdown(hostile(text))
		shown := page(t, markdown)
		for _, found := range element.FindAllStringSubmatch(shown, -1) {
			if !ours[found[1]] {
				t.Errorf("%q brings an element %s:\n%s", text, found[0], shown)
			}
		}
		for _, tag := range []string{"details", "summary", "code", "table"} {
			if opened, closed := strings.Count(shown, "<"+tag), strings.Count(shown, "</"+tag); opened != closed {
				t.Errorf("%q: %d <%s> and %d ends:\n%s", text, opened, tag, closed, shown)
			}
		}
		outside := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "& ", "&quot;", `"`).Replace(codes.ReplaceAllString(shown, ""))
		if found := references.FindString(outside); found != "" {
			t.Errorf("%q leaves %q outside of code:\n%s", text, found, outside)
		}
		if strings.Contains(shown, "\u202e") {
			t.Errorf("%q turns the direction of text", text)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, text := range hostiles() {
		f.Add(text, 1.0, int64(7), 900)
	}
	f.Fuzz(func(t *testing.T, text string, value float64, step int64, limit int) {
		r := hostile(text)
		r.History[text] = append(r.History[text], report.Point{Step: step, Value: value})
		limit = int(math.Abs(float64(limit % 70_000)))
		if got := len(report.Comment(r, limit)); got > limit {
			t.Errorf("%d bytes, limit %d", got, limit)
		}
		if shown := page(t, report.Markdown(r)); strings.Contains(shown, "<a") || strings.Contains(shown, "<img") {
			t.Errorf("%q brings a link or an image:\n%s", text, shown)
		}
	})
}

// TestRoom renders into less and less room: it is kept, what is left out is said, and verdict and run go last.
func TestRoom(t *testing.T) {
	r := large()
	before := 1 << 30
	for _, limit := range []int{1 << 20, 60_000, 20_000, 8_000, 4_000, 2_000, 1_000, 400, 120, 10, 0} {
		text := report.Comment(r, limit)
		if len(text) > limit || len(text) > before {
			t.Errorf("limit %d: %d bytes, before %d", limit, len(text), before)
		}
		before = len(text)
		if limit >= 1_000 && (!strings.Contains(text, "[run]") || !strings.Contains(text, "more metrics in the run") || !strings.Contains(text, "finished in")) {
			t.Errorf("limit %d:\n%s", limit, text)
		}
	}
	golden(t, "large.md", report.Comment(r, 8_000))
}

// large is a report of thousands of values.
func large() report.Report {
	r := report.Report{
		Status: "FINISHED", Experiment: "big", RunName: "big-1", RunID: "89ab", RunURL: "https://mlflow.example.com/#/experiments/1/runs/89ab",
		Metrics: map[string]float64{}, Params: map[string]string{}, History: map[string][]report.Point{},
	}
	for i := range 3000 {
		key := fmt.Sprintf("metric_%04d", i)
		r.Metrics[key], r.Params[fmt.Sprintf("param_%04d", i)] = float64(i), "x"
		if i < 10 {
			for step := range int64(500) {
				r.History[key] = append(r.History[key], report.Point{Step: step * 10, Value: 1 / float64(step+1)})
			}
		}
	}
	for i := range 30 {
		r.Warnings = append(r.Warnings, report.Warning{Text: fmt.Sprintf("warning %d", i), Next: "look"})
	}
	return r
}
