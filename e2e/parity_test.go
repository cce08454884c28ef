package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/settings"
)

type actionFile struct {
	Inputs map[string]struct {
		Description string
		Default     string
		Required    bool
	}
	Outputs map[string]struct{ Description string }
	Runs    struct {
		Using, Image, Entrypoint string
		Args                     []string
	}
}

func readAction(t *testing.T) actionFile {
	t.Helper()
	text, err := os.ReadFile("action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a actionFile
	if err := yaml.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestActionHasEverySetting holds action.yml to the settings: names, defaults and nothing that is not built.
func TestActionHasEverySetting(t *testing.T) {
	t.Parallel()
	action := readAction(t)
	known := map[string]bool{}
	for _, s := range settings.All() {
		known[s.Name] = true
		input, ok := action.Inputs[s.Name]
		switch {
		case !ok:
			t.Errorf("action.yml lacks the input %s", s.Name)
		case strings.HasPrefix(input.Default, "${{"): // what the runner fills in
		case input.Default != "":
			t.Errorf("input %s has the default %q: GitHub would pass it, and it would win over variables and the configuration file", s.Name, input.Default)
		case s.Default != "" && !strings.Contains(input.Description, "Default: "+s.Default+"."):
			t.Errorf("the description of input %s does not say its default %q: %s", s.Name, s.Default, input.Description)
		}
		if input.Required != (s.Name == "run") {
			t.Errorf("input %s: required is %t", s.Name, input.Required)
		}
	}
	for name := range action.Inputs {
		if !known[name] {
			t.Errorf("action.yml has the input %s, which is no setting", name)
		}
	}
	if want := publish.OutputNames(); !slices.Equal(sortedNames(action.Outputs), sortedSlice(want)) {
		t.Errorf("outputs of action.yml are %v, those that are written %v", sortedNames(action.Outputs), want)
	}
}

// TestActionStartsTheBinary holds action.yml to the image: it starts the binary that is there, with the action's command.
func TestActionStartsTheBinary(t *testing.T) {
	t.Parallel()
	runs := readAction(t).Runs
	image, err := os.ReadFile(runs.Image)
	if err != nil {
		t.Fatal(err)
	}
	if runs.Using != "docker" || !slices.Equal(runs.Args, []string{"action"}) {
		t.Errorf("action.yml runs %+v, want docker with the argument action", runs)
	}
	if copied := " " + runs.Entrypoint + "\n"; !strings.Contains(string(image), copied) {
		t.Errorf("action.yml starts %q, which %s does not put there", runs.Entrypoint, runs.Image)
	}
}

// TestFlagsAreTheSettings holds the flags of run to the settings: one each, and --tag and --help besides.
func TestFlagsAreTheSettings(t *testing.T) {
	t.Parallel()
	help, err := exec.Command("go", "run", ".", "run", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"help", "tag"}
	for _, s := range settings.All() {
		if !s.ActionOnly {
			want = append(want, s.Name)
		}
	}
	var flags []string
	for _, found := range regexp.MustCompile(`(?m)^ +(?:-\w, )?--([\w-]+)`).FindAllSubmatch(help, -1) {
		flags = append(flags, string(found[1]))
	}
	if !slices.Equal(sortedSlice(flags), sortedSlice(want)) {
		t.Errorf("flags of run are %v, want %v", sortedSlice(flags), sortedSlice(want))
	}
}

// TestReadmeTableIsTheSettings holds the README's table to the settings: a row each, with the same default and words.
func TestReadmeTableIsTheSettings(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings.All() {
		name := "`" + s.Name + "`"
		if s.ActionOnly {
			name += " (action)"
		}
		fallback := s.Otherwise
		if fallback == "" && s.Default != "" {
			fallback = "`" + s.Default + "`"
		}
		row := fmt.Sprintf("| %s | %s | %s |", name, fallback, s.Help)
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
	_, table, _ := strings.Cut(string(readme), "| setting | default | meaning |\n| --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if rows := strings.Count(table, "\n") + 1; rows != len(settings.All()) {
		t.Errorf("README.md has %d rows for %d settings", rows, len(settings.All()))
	}
	for _, name := range publish.OutputNames() {
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md does not name the output %s", name)
		}
	}
}

// gitLabTemplate is gitlab/template.yml: two documents, the inputs and the job.
type gitLabTemplate struct {
	Spec struct {
		Inputs map[string]struct{ Description, Default string }
	}
	Job struct {
		IDTokens  map[string]struct{ Aud string } `yaml:"id_tokens"`
		Variables map[string]string
		Artifacts struct {
			When    string
			Reports map[string]string
		}
	} `yaml:"$[[ inputs.job ]]"`
}

func readGitLabTemplate(t *testing.T) gitLabTemplate {
	t.Helper()
	text, err := os.ReadFile("gitlab/template.yml")
	if err != nil {
		t.Fatal(err)
	}
	var template gitLabTemplate
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for range 2 {
		if err := decoder.Decode(&template); err != nil {
			t.Fatal(err)
		}
	}
	return template
}

// TestGitLabTemplateHasEverySetting holds the GitLab job to the settings: an input each that becomes a variable that hides none of the project. An
// empty input has the setting's default, so only what GitLab needs differently has one of its own. Secrets are no inputs.
func TestGitLabTemplateHasEverySetting(t *testing.T) {
	t.Parallel()
	template := readGitLabTemplate(t)
	defaults := map[string]string{
		"job": ".mlops-track", "image": "ghcr.io/iyalvan/mlops-track:latest",
		"outputs-file": "mlops-track.env", "summary-file": "mlops-track-report.md", "metrics-report": "mlops-track-metrics.txt", "junit-report": "mlops-track-junit.xml", "audience": "sts.amazonaws.com",
	}
	known := []string{"job", "image"}
	for _, s := range settings.All() {
		if s.ActionOnly || strings.HasSuffix(s.Name, "-token") || s.Name == "matrix" || s.Name == "job-id" { // GitLab tells these itself
			continue
		}
		known = append(known, s.Name)
		if s.Name == "audience" { // of the token that GitLab makes, not of one that is asked for
			continue
		}
		if got, want := template.Job.Variables[s.TemplateEnv()], "$[[ inputs."+s.Name+" ]]"; got != want {
			t.Errorf("variable %s is %q, want %q", s.TemplateEnv(), got, want)
		}
		if got, ok := template.Job.Variables[s.Env()]; ok {
			t.Errorf("the job sets %s to %q: that hides the project's own", s.Env(), got)
		}
	}
	if got := sortedNames(template.Spec.Inputs); !slices.Equal(got, sortedSlice(known)) {
		t.Errorf("inputs are %v, want %v", got, sortedSlice(known))
	}
	for name, input := range template.Spec.Inputs {
		if input.Default != defaults[name] || input.Description == "" {
			t.Errorf("input %s defaults to %q, want %q, and is described as %q", name, input.Default, defaults[name], input.Description)
		}
	}
	want := map[string]string{
		"dotenv": "$[[ inputs.outputs-file ]]", "metrics": "$[[ inputs.metrics-report ]]", "junit": "$[[ inputs.junit-report ]]",
	}
	if !maps.Equal(template.Job.Artifacts.Reports, want) || template.Job.Artifacts.When != "always" {
		t.Errorf("artifacts are %+v", template.Job.Artifacts)
	}
	if template.Job.IDTokens["MLOPS_ID_TOKEN"].Aud != "$[[ inputs.audience ]]" {
		t.Errorf("ID tokens are %+v", template.Job.IDTokens)
	}
}

func sortedNames[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return sortedSlice(names)
}

func sortedSlice(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
