package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	xhtml "golang.org/x/net/html"

	"github.com/Iyalvan/mlops-track/publish/report"
)

// hostile holds what a training could write to reach out of its report.
const hostile = "@octocat @acme/team x@y.example #1 acme/repo#2 GH-3 !4 $5 ~bug %\"v 1\" &6 " +
	"https://evil.example www.evil.example ftp://evil.example mailto:a@evil.example " +
	"deadbeefdeadbeefdeadbeefdeadbeefdeadbeef 1234567 acme/repo@deadbee :smile: [issue:7] [[wiki]] " +
	"[a](http://evil.example) ![b](http://evil.example/x.png) <img src=x onerror=y> <a href=z>c</a> </details></pre></code> <!-- --> " +
	"`code` ``` *b* _i_ __s__ ~~d~~ ==h== ^[note] $x$ | a | b \\| \\ {+ins+} [- [ ] task \" ] --> \" %%{init: {}}%% ##[add-mask]x\n" +
	"::set-output name=x::y\r\n/close\n```\n# heading\n- item\n| --- |\n> [!NOTE]\n<details>\n\n---\n\x1b]0;title\x07\u202egnp.exe\u2066\u0000\ufeff\u2028::end"

// hostileReport has the text wherever a training, or who forged a report file, can put one.
func hostileReport(s string) report.Report {
	points := []report.Point{{Step: 1, Value: 1}, {Step: 2, Value: 2}}
	return report.Report{
		Run:     report.Run{Experiment: s, Name: s, ID: s, URL: "https://ci.example@evil.example/" + s, Store: s},
		Outcome: report.Outcome{Status: "FAILED", ExitCode: 1, ErrorType: s, ErrorMessage: s, Duration: time.Second, LogTail: s},
		Job:     report.Job{URL: "https://ci.example/" + s, CommitURL: s, Commit: s, Machine: s},
		Values: report.Values{
			Metrics: map[string]float64{s: 1, "::" + s: 2, "system/" + s: 3}, Params: map[string]string{s: s, "own": s, "a": "a" + s},
			OwnParams: []string{"own"}, Histories: map[string][]report.Point{s: points, "::" + s: points},
			Baseline: &report.Baseline{Name: s, RunURL: s, Metrics: map[string]float64{s: 2}},
		},
		Outputs:  report.Outputs{Artifacts: report.Artifacts{Files: 1, Paths: []string{s}}, Model: s, ModelURL: s},
		Warnings: []report.Warning{{Text: s, Next: s}},
	}.LinksTo("https://ci.example")
}

func TestHostileTextStaysText(t *testing.T) {
	for _, s := range append(strings.Split(hostile, " "), hostile, "", " ", "`", "a`b", "|", "www.x.example", "::", "x\n::add-mask::y", "/close", "_a_", strings.Repeat("a1", 4000)) {
		r := hostileReport(s)
		checkPage(t, report.Markdown(r))
		for _, limit := range []int{60_000, 5000, 1000, 300, 20, 0} {
			text := report.Comment(r, limit)
			if len(text) > limit {
				t.Errorf("%q: a comment of at most %d bytes has %d", s, limit, len(text))
			}
			checkPage(t, text)
		}
		checkLines(t, report.Terminal(r))
		r.Outcome.Status, r.Run.Offline = "KILLED", s
		checkPage(t, report.Markdown(r))
		checkGitLab(t, r)
	}
}

func FuzzPage(f *testing.F) {
	for _, s := range append(strings.Split(hostile, " "), hostile) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := hostileReport(s)
		checkPage(t, report.Markdown(r))
		checkLines(t, report.Terminal(r))
		checkGitLab(t, r)
	})
}

// ours are the elements that a page is made of; those with none are made by Markdown.
var ours = map[string][]string{
	"html": nil, "head": nil, "body": nil, "h3": nil, "p": nil, "blockquote": nil, "table": nil, "thead": nil, "tbody": nil, "tr": nil, "th": nil,
	"td": nil, "ul": nil, "li": nil, "sub": nil, "pre": nil, "code": {"class"}, "details": {"open"}, "summary": nil, "a": {"href"},
}

// references are what hosts look for in rendered text: mentions, issues, commits, addresses, emoji.
var references = regexp.MustCompile(`(?i)@\w|#\d|\bgh-\d|[!$~%&^*]["\w]|[a-z]://|www\.\w|:[\w+-]+:|\[\w+:|\b[0-9a-f]{7,40}\b`)

// checkPage renders a page as a host does and looks for what is not ours.
func checkPage(t *testing.T, text string) {
	t.Helper()
	checkLines(t, text)
	if strings.Contains(text, "@") {
		t.Errorf("an @ that is not escaped in\n%s", text)
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	var page bytes.Buffer
	if err := markdown.Convert([]byte(text), &page); err != nil {
		t.Fatal(err)
	}
	root, err := xhtml.Parse(&page)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for node := range root.Descendants() {
		switch node.Type {
		case xhtml.ElementNode:
			checkElement(t, node, text)
			if node.Data == "tr" {
				rows++
			}
		case xhtml.CommentNode, xhtml.DoctypeNode:
			t.Errorf("%v %q in\n%s", node.Type, node.Data, text)
		case xhtml.TextNode:
			if found := references.FindString(node.Data); found != "" && !inCode(node) {
				t.Errorf("%q in %q would become a link in\n%s", found, node.Data, text)
			}
		}
	}
	written := strings.Count("\n"+text, "\n| ") - strings.Count("\n"+text, "\n| ---")
	if rows != written {
		t.Errorf("%d rows of tables are written and %d are seen in\n%s", written, rows, text)
	}
	checkMermaid(t, text)
}

func checkElement(t *testing.T, node *xhtml.Node, text string) {
	t.Helper()
	attributes, known := ours[node.Data]
	if !known {
		t.Errorf("<%s> in\n%s", node.Data, text)
	}
	for _, a := range node.Attr {
		if !slices.Contains(attributes, a.Key) {
			t.Errorf("<%s %s=%q> in\n%s", node.Data, a.Key, a.Val, text)
		}
		if a.Key == "href" && !strings.HasPrefix(a.Val, "https://ci.example/") {
			t.Errorf("link to %q in\n%s", a.Val, text)
		}
		if a.Key == "class" && a.Val != "language-mermaid" {
			t.Errorf("code of class %q in\n%s", a.Val, text)
		}
	}
	if node.Data == "details" && (node.FirstChild == nil || node.FirstChild.Data != "summary") {
		t.Errorf("a fold that is not ours in\n%s", text)
	}
}

func inCode(node *xhtml.Node) bool {
	for parent := range node.Ancestors() {
		if slices.Contains([]string{"code", "pre", "a"}, parent.Data) {
			return true
		}
	}
	return false
}

// checkLines looks for commands of CI systems and hosts.
func checkLines(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		start := strings.TrimSpace(line)
		if strings.HasPrefix(start, "::") || strings.HasPrefix(start, "/") || strings.Contains(line, "##[") {
			t.Errorf("line %q is a command", line)
		}
	}
	if strings.ContainsAny(text, "\x00\x1b\x07\r\u202e\u2066\ufeff\u2028") {
		t.Errorf("characters that steer in %q", text)
	}
}

var mermaid = regexp.MustCompile("(?s)```mermaid\n(.*?)```")

var drawing = regexp.MustCompile(`^%%\{init: \{[a-zA-Z0-9:{}", #]*\}%%
xychart-beta
  title "[\p{L}\p{N} _\-./()·…]+"
  x-axis "(step|point)" -?\d+(\.\d+)? --> -?\d+(\.\d+)?
  y-axis -?\d+(\.\d+)? --> -?\d+(\.\d+)?
  line \[-?\d+(\.\d+)?(, -?\d+(\.\d+)?)+\]
$`)

func checkMermaid(t *testing.T, text string) {
	t.Helper()
	for _, found := range mermaid.FindAllStringSubmatch(text, -1) {
		if !drawing.MatchString(found[1]) {
			t.Errorf("Mermaid does not take\n%s", found[1])
		}
	}
}

var openMetric = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*(\{name="[^"\\\s]*"\})? (NaN|[+-]Inf|[-+0-9.e]+)$`)

func checkGitLab(t *testing.T, r report.Report) {
	t.Helper()
	lines := strings.Split(report.OpenMetrics(r), "\n")
	seen := map[string]bool{}
	for _, line := range lines[:len(lines)-2] {
		name, _, _ := strings.Cut(line, " ")
		if !openMetric.MatchString(line) || seen[name] {
			t.Errorf("metrics report: line %q", line)
		}
		seen[name] = true
	}
	text, err := report.JUnit(r)
	if err != nil {
		t.Fatal(err)
	}
	decoder, cases := xml.NewDecoder(bytes.NewReader(text)), 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("test report: %v\n%s", err, text)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "testcase" {
			cases++
		}
	}
	if cases != 2 {
		t.Errorf("%d test cases in\n%s", cases, text)
	}
}
