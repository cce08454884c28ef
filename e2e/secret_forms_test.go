//go:build unix

package e2e_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/tally"
	"github.com/Iyalvan/mlops-track/internal/visible"
)

// jobSecrets are secrets by the names of their variables, as jobs have them.
func jobSecrets() map[string]string {
	return map[string]string{
		"MYSQL_PWD": "wk-mysqlpwd-A1", "OPENAI_KEY": "wkOpenaiO5xx77", "HF_TOKEN_READ": "wk+hf/To=ken m3", "FERNET_KEY": `wk"fer'net\é&<v2`,
		"KAGGLE_CREDENTIALS": "QWERTYuiopASDFGHjklZXCVBNm1234567890qwertyuiop",
	}
}

// writing is a way in which a program writes a secret.
type writing struct {
	name  string
	write func(secret string) string
}

// between writes a secret with something between its characters.
func between(name, what string) writing {
	return writing{name, func(secret string) string { return strings.Join(strings.Split(secret, ""), what) }}
}

// inMiddle writes a secret with something in its middle.
func inMiddle(name, what string) writing {
	return writing{name, func(secret string) string { return secret[:6] + what + secret[6:] }}
}

func writings() []writing {
	asJSON := func(text string) string {
		quoted, _ := json.Marshal(text) // of a text it never fails
		return strings.Trim(string(quoted), `"`)
	}
	return []writing{
		{"plain", func(s string) string { return s }},
		{"base64", func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }},
		{"base64 at 1", func(s string) string { return base64.StdEncoding.EncodeToString([]byte("a" + s)) }},
		{"base64 at 2", func(s string) string { return base64.URLEncoding.EncodeToString([]byte("ab" + s)) }},
		{"hex", func(s string) string { return hex.EncodeToString([]byte(s)) }},
		{"URL", url.QueryEscape},
		{"URL in a URL", func(s string) string { return url.QueryEscape(url.QueryEscape(s)) }},
		{"JSON", asJSON},
		{"JSON in JSON", func(s string) string { return asJSON(asJSON(s)) }},
		{"HTML", html.EscapeString},
		{"HTML of Python", func(s string) string {
			return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;").Replace(s)
		}},
		inMiddle("colors", "\x1b[1;36m"), inMiddle("a link", "\x1b]8;;http://x\x1b\\"), inMiddle("no UTF-8", "\xff"), inMiddle("a backspace", "z\b"),
		inMiddle("a wrapped line", "\n"), between("NUL", "\x00"), between("CR", "\r"), between("marks of direction", "\u202e"), between("zero width", "\u200b"),
		between("our escapes", "&#8203;"),
		{"UTF-16", func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }},
		{"an ellipsis", func(s string) string { return s[:9] + "..." }},
	}
}

// TestSecretsFormsOutputs has a step write each secret in each form wherever a step can write, and looks at each output for what a
// reader could make of it.
func TestSecretsFormsOutputs(t *testing.T) {
	t.Parallel()
	for _, w := range writings() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			p := newRequest(t)
			c := p.job(t, 10, jobToken, "GITHUB_SHA="+head)
			var written []string
			for name, secret := range jobSecrets() {
				c.env, written = append(c.env, name+"="+secret), append(written, w.write(secret))
			}
			for name, text := range wherever(t, written) {
				writeFile(t, filepath.Join(c.dir, name), text)
			}
			c.env = append(c.env, "MLOPS_REPORT_FILE=report.json", "MLOPS_JUNIT_REPORT=junit.xml", "MLOPS_SUMMARY_FILE=summary.md", "MLOPS_OUTPUTS_FILE=out.env",
				"MLOPS_METRICS_REPORT=metrics.txt")
			const step = `cat result > "$MLOPS_RESULT"; cat metrics > "$MLOPS_METRICS"; cat stderr >&2; exit 3`
			e := p.stories.call(t, c, "run", "--tag", "note="+strings.ReplaceAll(written[0], "\x00", ""), "--", "sh", "-c", step)
			e.says(t, 3, "comment created: ")
			texts := map[string]string{"comment": p.only(t).Body, "log": ours(e.stderr)}
			for _, name := range []string{"mlflow.db", "report.json", "junit.xml", "summary.md", "out.env", "metrics.txt", "output", "summary"} {
				text, err := os.ReadFile(filepath.Join(c.dir, name))
				if err != nil {
					t.Fatal(err)
				}
				texts[name] = string(text)
			}
			dry := p.stories.call(t, c, "run", "--dry-run", "--tag", "note="+strings.ReplaceAll(written[0], "\x00", ""), "--", "true")
			texts["dry run"] = dry.stdout + ours(dry.stderr)
			if !strings.Contains(texts["mlflow.db"], "***") || !strings.Contains(html.UnescapeString(texts["comment"]), "***") {
				t.Errorf("nothing was removed:\n%s", texts["comment"])
			}
			looked, shown := readers(t, texts, w)
			tally.Add(t, tally.Row{Group: "secrets", Tried: "each of 5 secrets, " + w.name + ": in each output, as written and as shown", Trials: looked, Holds: looked - shown})
		})
	}
}

// wherever returns the files that a step writes: its result, its metrics, what it prints.
func wherever(t *testing.T, written []string) map[string]string {
	t.Helper()
	params, tags, artifacts := map[string]string{}, map[string]string{}, []string{}
	log, metrics := strings.Builder{}, strings.Builder{}
	for i, text := range written {
		params[fmt.Sprint("p", i)], tags[fmt.Sprint("t", i)] = "v "+text+" e", text
		params[fmt.Sprint("cut", i)] = strings.Repeat("x", 6000-len(text)/2) + text
		artifacts = append(artifacts, text)
		fmt.Fprintf(&log, "log %s end\n", text)
		line, err := json.Marshal(map[string]any{"m " + text: text, "live": 1})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&metrics, "%s\nnot JSON %s\n", line, strings.ReplaceAll(text, "\n", ""))
	}
	result, err := json.Marshal(map[string]any{"params": params, "tags": tags, "artifacts": artifacts, "metrics": map[string]float64{"auc": 0.5}, "what " + written[0]: 1})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"result": string(result), "metrics": metrics.String(), "stderr": log.String()}
}

// ours is what mlops-track itself printed, without the masks, by which the runner learns of a secret.
func ours(log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if strings.HasPrefix(line, "mlops-track: ") || strings.HasPrefix(line, "::") && !strings.HasPrefix(line, "::add-mask::") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// readers look at each text as people and programs do, for each secret and what it was written as. They return how often they
// looked, and how often a secret was shown.
func readers(t *testing.T, texts map[string]string, w writing) (looked, shown int) {
	t.Helper()
	for where, text := range texts {
		views := []string{text, html.UnescapeString(text), visible.Text(text), visible.Text(html.UnescapeString(text))}
		for _, r := range visible.Readings(text) {
			if !r.LineEnds {
				views = append(views, string(r.Text))
			}
		}
		for name, secret := range jobSecrets() {
			for _, form := range []string{secret, w.write(secret), strings.Trim(w.write(secret), "=")[6:]} {
				looked++
				for _, view := range views {
					if at := strings.Index(view, form); at >= 0 {
						shown++
						t.Errorf("%s shows %s: ...%q", where, name, view[max(0, at-40):min(len(view), at+len(form)+10)])
						break
					}
				}
			}
		}
	}
	return looked, shown
}
