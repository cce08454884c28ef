package ci_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/publish/outputs"
)

// job is one on a system, with variables; what it writes for the runner goes to log.
func job(provider ciinfo.Provider, log *strings.Builder, environ ...string) ci.Job {
	return ci.Job{
		Info: ciinfo.Info{Provider: provider}, Environ: environ, Now: time.Now,
		Getenv: func(name string) string {
			for _, entry := range environ {
				if value, ok := strings.CutPrefix(entry, name+"="); ok {
					return value
				}
			}
			return ""
		},
		Command: func(lines []byte) { log.Write(lines) },
	}
}

// providers are the constants of ciinfo, read from its source.
func providers(t *testing.T) []ciinfo.Provider {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../ciinfo/ciinfo.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []ciinfo.Provider
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Provider" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, ciinfo.Provider(text))
		}
		return true
	})
	if len(found) < 17 {
		t.Fatalf("found %d providers in ciinfo", len(found))
	}
	return found
}

// TestEverySystemIsDecided holds that each system of ciinfo has abilities, or a reason for having none.
func TestEverySystemIsDecided(t *testing.T) {
	t.Parallel()
	known := providers(t)
	for _, provider := range known {
		abilities, reason, listed := ci.Decided(provider)
		if !listed || abilities == (reason != "") {
			t.Errorf("%s: give it abilities in the table of internal/ci, or the reason why it has none", provider)
		}
	}
	if ci.Listed() != len(known) {
		t.Errorf("the table has %d systems, ciinfo %d", ci.Listed(), len(known))
	}
}

// TestDocumentedAbilities holds the last column of docs/ci-systems.md to what the code can do, word by word.
func TestDocumentedAbilities(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/ci-systems.md")
	if err != nil {
		t.Fatal(err)
	}
	page, _, _ := strings.Cut(string(text), "\n\nA system that is not in the table")
	var rows [][2]string // name, what it does there
	for line := range strings.Lines(page) {
		if cells := strings.Split(line, "|"); len(cells) > 5 {
			rows = append(rows, [2]string{strings.ToLower(cells[1]), strings.TrimSpace(cells[5])})
		}
	}
	for _, provider := range providers(t) {
		if provider == ciinfo.Local {
			continue
		}
		at := slices.IndexFunc(rows, func(row [2]string) bool { return strings.Contains(row[0], string(provider)) })
		if at < 0 {
			t.Errorf("%s has no row in docs/ci-systems.md: a name with this word in it", provider)
			continue
		}
		if got, want := rows[at][1], strings.Join(abilities(t, provider), ", "); got != want {
			t.Errorf("%s: docs/ci-systems.md says %q, the code can do %q", provider, got, want)
		}
	}
}

// abilities are those of a job that has all that the system gives, in the words of the documentation.
func abilities(t *testing.T, provider ciinfo.Provider) []string {
	t.Helper()
	j := job(provider, &strings.Builder{}, "GITHUB_STEP_SUMMARY=x", "GITHUB_OUTPUT=x", "AGENT_TEMPDIRECTORY=/tmp", "CIRCLE_OIDC_TOKEN_V2=x",
		"BITBUCKET_STEP_OIDC_TOKEN=x", "PATH="+fakeAgent(t, ""))
	s := ci.For(j)
	var can []string
	add := func(able bool, word string) {
		if able {
			can = append(can, word)
		}
	}
	add(s.Request != nil, "comment")
	add(s.Summary != nil && provider != ciinfo.Buildkite, "job summary")
	add(s.Summary != nil && provider == ciinfo.Buildkite, "annotation")
	add(s.Outputs != nil || provider == ciinfo.GitLab, "outputs") // GitLab's are a file that the job names
	if s.Log != nil {
		mask, err := s.Log.Mask("secret")
		add(err == nil && (len(mask) > 0 || provider == ciinfo.Buildkite), "secrets hidden in the log")
		add(len(s.Log.Annotate("warning", "x")) > 0, "warnings marked")
	}
	add(s.AWS.Tokens != nil, "AWS token")
	add(s.Keep != nil, "artifacts")
	return can
}

// TestKeep shows the lines that keep the offline folder.
func TestKeep(t *testing.T) {
	t.Parallel()
	want := map[ciinfo.Provider]string{
		ciinfo.GitHub:    "uses: actions/upload-artifact@v4\n        with: {name: mlops-track, path: .mlops-track, include-hidden-files: true}",
		ciinfo.GitLab:    "artifacts: {when: always, paths: [.mlops-track/]}",
		ciinfo.Buildkite: `artifact_paths: [".mlops-track/**/*"]`,
		ciinfo.CircleCI:  "- store_artifacts: {path: .mlops-track}",
		ciinfo.Azure:     "- publish: .mlops-track\n      artifact: mlops-track\n      condition: always()",
		ciinfo.Bitbucket: "artifacts:\n      - .mlops-track/**",
		ciinfo.TeamCity:  ".mlops-track => mlops-track",
		ciinfo.Travis:    "addons:\n      artifacts: {paths: [.mlops-track]}",
		ciinfo.CodeBuild: "artifacts:\n      files: ['.mlops-track/**/*']",
		ciinfo.AppVeyor:  "on_finish:\n      - 7z a mlops-track.zip .mlops-track\n      - appveyor PushArtifact mlops-track.zip",
		ciinfo.Buddy:     "the folder .mlops-track stays in the file system of the pipeline",
		ciinfo.Bitrise:   "- deploy-to-bitrise-io@2:\n        is_always_run: true\n        inputs: [deploy_path: .mlops-track, is_compress: \"true\"]",
		ciinfo.Jenkins:   "archiveArtifacts artifacts: '.mlops-track/**', allowEmptyArchive: true",
	}
	for _, provider := range providers(t) {
		got := ""
		if keep := ci.For(job(provider, &strings.Builder{})).Keep; keep != nil {
			got = keep(".mlops-track")
		}
		if (got == "") != (want[provider] == "") || !strings.Contains(got, want[provider]) {
			t.Errorf("%s: %q, want %q", provider, got, want[provider])
		}
	}
}

// TestNowhere holds that a system without abilities has none, but for what imitates GitHub's tokens.
func TestNowhere(t *testing.T) {
	t.Parallel()
	for _, provider := range []ciinfo.Provider{ciinfo.Local, ciinfo.Drone, "invented"} {
		s := ci.For(job(provider, &strings.Builder{}))
		if s.Log != nil || s.Summary != nil || s.Outputs != nil || s.AWS.Tokens != nil || s.Request != nil || s.Keep != nil {
			t.Errorf("%s: %+v", provider, s)
		}
	}
	if s := ci.For(job(ciinfo.Local, &strings.Builder{}, "ACTIONS_ID_TOKEN_REQUEST_URL=http://127.0.0.1")); !s.AWS.Offered || s.AWS.Tokens == nil {
		t.Errorf("tokens like GitHub's: %+v", s.AWS)
	}
}

// hostile are values that a training may choose.
func hostile() []outputs.Value {
	return []outputs.Value{
		{Name: "run-name", Text: "a]b;c%d\r\n##vso[task.setvariable variable=PATH]/x"},
		{Name: "status", Text: "it's |done| [x]\n##teamcity[buildStop comment='x'] é😀 %env.TOKEN%"},
		{Name: "run-url", Text: "$(SECRET)"},
		{Name: "metrics", Text: strings.Repeat("x", 40000)},
	}
}

func oneLine(t *testing.T, line []byte) string {
	t.Helper()
	text, ended := strings.CutSuffix(string(line), "\n")
	if !ended || strings.ContainsAny(text, "\r\n") {
		t.Errorf("%q is not one line", line)
	}
	return text
}

func lines(text string) []string {
	return slices.Collect(strings.Lines(text))
}
