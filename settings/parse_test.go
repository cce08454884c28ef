package settings_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
)

// sources are where a test takes values from: flags by setting name, variables, and the configuration file.
func sources(flags, env, file map[string]string) settings.Sources {
	return settings.Sources{
		Set:     func(name string) (string, bool) { v, ok := flags[name]; return v, ok },
		Env:     func(name string) string { return env[name] },
		File:    file,
		Command: []string{"true"},
		Dir:     "/project",
	}
}

// flags are sources of flags alone.
func flags(pairs ...string) settings.Sources {
	given := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		given[pair[0]] = pair[1]
	}
	return sources(given, nil, nil)
}

func parse(t *testing.T, src settings.Sources) settings.Settings {
	t.Helper()
	s, err := settings.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// faults is the text of what Parse finds wrong, of which there must be something.
func faults(t *testing.T, src settings.Sources) string {
	t.Helper()
	_, err := settings.Parse(src)
	if err == nil {
		t.Fatal("no fault is found")
	}
	return err.Error()
}

func TestTheStrongestSourceWins(t *testing.T) {
	given := []struct {
		name string
		take func(src *settings.Sources)
	}{
		{"default", func(*settings.Sources) {}},
		{"of MLflow", addVariable("MLFLOW_TRACKING_URI", "of MLflow")},
		{"of the file", func(src *settings.Sources) { src.File = map[string]string{"tracking-uri": "of the file"} }},
		{"ours", addVariable("MLOPS_TRACKING_URI", "ours")},
		{"flag", func(src *settings.Sources) {
			src.Set = only("tracking-uri", "flag")
		}},
	}
	src := flags()
	for i, source := range given { // each source is added to the weaker ones
		source.take(&src)
		want := source.name
		if i == 0 {
			want = "sqlite:///mlflow.db"
		}
		s := parse(t, src).Store
		if s.TrackingURI != want || s.Default != (i == 0) {
			t.Errorf("with %s the tracking URI is %q, a default: %v", source.name, s.TrackingURI, s.Default)
		}
	}
	src.Set = only("tracking-uri", "")
	if got := parse(t, src).Store.TrackingURI; got != "ours" {
		t.Errorf("with an empty flag the tracking URI is %q, want that of MLOPS_TRACKING_URI", got)
	}
}

// only are flags of which one is given.
func only(name, value string) func(string) (string, bool) {
	return func(asked string) (string, bool) {
		if asked != name {
			return "", false
		}
		return value, true
	}
}

// addVariable sets a variable besides those that are there.
func addVariable(name, value string) func(*settings.Sources) {
	return func(src *settings.Sources) {
		others := src.Env
		src.Env = func(asked string) string {
			if asked == name {
				return value
			}
			return others(asked)
		}
	}
}

func TestTheFirstVariableOfAnEcosystemThatIsSetCounts(t *testing.T) {
	env := map[string]string{"AWS_DEFAULT_REGION": "eu-west-1", "GH_TOKEN": "gh", "GITHUB_TOKEN": "github"}
	s := parse(t, sources(nil, env, nil))
	if s.AWS.Region != "eu-west-1" || s.Report.Comment.GitHubToken != "github" {
		t.Errorf("region %q, token %q", s.AWS.Region, s.Report.Comment.GitHubToken)
	}
}

func TestDefaults(t *testing.T) {
	s := parse(t, flags())
	want := settings.Settings{
		Step: settings.Step{
			Command: []string{"true"}, WorkingDirectory: "/project", Autolog: settings.Autolog{Enabled: true}, StopGrace: 5 * time.Second,
		},
		Run: settings.Run{RegisterModel: "auto"},
		Store: settings.Store{
			TrackingURI: "sqlite:///mlflow.db", Default: true, OnTrackingError: "keep",
			OfflineDir: "/project/.mlops-track", StartTimeout: 30 * time.Second, FinishTimeout: time.Minute,
		},
		AWS: settings.AWS{
			Role:        settings.Role{Duration: time.Hour},
			Token:       settings.Token{Audience: "sts.amazonaws.com", Variable: "MLOPS_ID_TOKEN"},
			Credentials: "refreshing",
		},
		Report: settings.Report{Comment: settings.Comment{When: "auto", Mode: "update"}},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestEachKindOfValue(t *testing.T) {
	s := parse(t, flags(
		"working-directory", "train", "result-file", "/tmp/result.json", "metrics-file", "m.jsonl",
		"stop-grace", "90", "finish-timeout", "2m", "autolog", "FALSE", "autolog-config", `{"silent": true, "flavors": ["openai"]}`,
		"artifacts", "\n plots/*.png \n\n!plots/tmp*\n", "pass-env", "A\nB", "redact", "tok-[0-9]+\n",
		"role-duration-seconds", "900", "inline-session-policy", "{\n \"Version\": \"2012-10-17\"\n}",
		"managed-session-policies", "arn:a, arn:b\narn:c,", "matrix", `{"lr": 1}`, "job-id", "7", "dry-run", "1",
		"outputs-file", "out.env", "web-identity-token-file", "token",
	))
	root := func(name string) string { return filepath.Join("/project", name) }
	for _, check := range []struct {
		name      string
		got, want any
	}{
		{"working directory", s.Step.WorkingDirectory, root("train")},
		{"results", s.Step.Results, settings.Results{
			File: "/tmp/result.json", MetricsFile: root("m.jsonl"), Artifacts: []string{"plots/*.png", "!plots/tmp*"},
		}},
		{"seconds without a unit", s.Step.StopGrace, 90 * time.Second},
		{"duration", s.Store.FinishTimeout, 2 * time.Minute},
		{"autolog", s.Step.Autolog, settings.Autolog{Config: map[string]any{"silent": true, "flavors": []any{"openai"}}}},
		{"passed variables", s.Step.PassEnv, []string{"A", "B"}},
		{"patterns", len(s.Redact), 1},
		{"length of the role session", s.AWS.Role.Duration, 15 * time.Minute},
		{"policy on one line", s.AWS.Role.InlinePolicy, `{"Version":"2012-10-17"}`},
		{"policies", s.AWS.Role.ManagedPolicies, []string{"arn:a", "arn:b", "arn:c"}},
		{"CI", s.CI, settings.CI{Matrix: `{"lr": 1}`, JobID: "7"}},
		{"dry run", s.DryRun, true},
		{"files", s.Report.Files, settings.Files{Outputs: root("out.env")}},
		{"token file", s.AWS.Token.File, root("token")},
	} {
		if diff := cmp.Diff(check.want, check.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", check.name, diff)
		}
	}
	for _, none := range []string{"null", "{}", ""} { // what GitHub gives outside a matrix
		if got := parse(t, flags("matrix", none)).CI.Matrix; got != "" {
			t.Errorf("matrix %q is %q", none, got)
		}
	}
}

func TestEachFaultNamesSettingAndValue(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"autolog", "maybe", `autolog "maybe" is neither true nor false`},
		{"role-duration-seconds", "1h", `role-duration-seconds "1h" is not a whole number`},
		{"stop-grace", "soon", `stop-grace "soon" is not a duration such as 5s or 2m`},
		{"stop-grace", "-1s", `stop-grace "-1s" is not a duration`},
		{"finish-timeout", "-5", `finish-timeout "-5" is not a duration`},
		{"autolog-config", "[1]", "autolog-config is not a JSON object"},
		{"autolog-config", `{"flavors": "openai"}`, `autolog-config: flavors "openai" is not a list of names such as ["openai"]`},
		{"autolog-config", `{"flavors": ["openai", 1]}`, `autolog-config: flavors "[openai 1]" is not a list of names`},
		{"inline-session-policy", "{", "inline-session-policy is not a JSON object"},
		{"matrix", "lr=1", "matrix is not a JSON object"},
		{"on-tracking-error", "panic", `on-tracking-error "panic" is unknown: one of keep, fail`},
		{"redact", "(", `redact "(" is not a regular expression`},
		{"redact", "x*", `redact "x*" matches the empty text`},
		{"tags", "no equals sign", `tag "no equals sign" has no =: write key=value`},
		{"tags", "=value", "tags: the key is empty"},
		{"tags", `{"a?b": "c"}`, `tags: key "a?b" contains '?'`},
		{"tags", `{"a": `, "tags is not a JSON object"},
	} {
		if got := faults(t, flags(c.name, c.value)); !strings.Contains(got, c.want) {
			t.Errorf("%s %q: %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	src := sources(map[string]string{"tags": "no equals sign", "stop-grace": "soon", "autolog": "maybe", "gate-mode": "x"},
		map[string]string{"MLOPS_FAIL_IF": "glpat-x", "MLOPS_METRICS": "/tmp/metrics.jsonl"},
		map[string]string{"experimnet": "typo", "run": "of the action alone", "baseline": "main", "experiment": "known"})
	src.Command = nil
	got := faults(t, src)
	for _, want := range []string{
		`tag "no equals sign" has no =`, `stop-grace "soon"`, `autolog "maybe"`, "no command: write it after --",
		"fail-if is set, but this version does not have it yet", "gate-mode is set", "baseline is set",
		`configuration file (mlops-track.toml or pyproject.toml): "experimnet" is not a known key`, `configuration file (mlops-track.toml or pyproject.toml): "run" is not a known key`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	for _, wrong := range []string{"glpat-x", "metrics is set", `"experiment"`, `"baseline" is not`} {
		if strings.Contains(got, wrong) {
			t.Errorf("%q is in:\n%s", wrong, got)
		}
	}
}

func TestTheStepOfAnActionIsAScript(t *testing.T) {
	action := func(pairs ...string) settings.Sources {
		src := flags(pairs...)
		src.Action, src.Command = true, nil
		return src
	}
	if got := faults(t, action()); got != "run is empty: give the training step as a script" {
		t.Errorf("without a script: %q", got)
	}
	if got := faults(t, action("run", "x", "shell", "fish")); got != `shell "fish" is unknown: bash, sh, python, or a template with {0}` {
		t.Errorf("with an unknown shell: %q", got)
	}
	for given, want := range map[string]string{"": "bash", "sh": "sh", "python": "python", "perl {0}": "perl {0}"} {
		step := parse(t, action("run", "make train", "shell", given)).Step
		if step.Script != "make train" || step.Shell != want {
			t.Errorf("shell %q: %q runs in %q", given, step.Script, step.Shell)
		}
	}
	src := sources(nil, map[string]string{"MLOPS_RUN": "rm -r /"}, nil)
	if step := parse(t, src).Step; step.Script != "" {
		t.Errorf("a variable gives the script %q", step.Script)
	}
}

func TestTheRunAround(t *testing.T) {
	env := map[string]string{"MLFLOW_RUN_ID": "run", "MLFLOW_EXPERIMENT_ID": "7", settings.StepRunVariable: "step"}
	want := settings.Inherited{RunID: "run", ExperimentID: "7", StepRunID: "step"}
	if got := parse(t, sources(nil, env, nil)).Run.Inherited; got != want {
		t.Errorf("inherited: %+v", got)
	}
	want.ExperimentID = ""
	if got := parse(t, sources(map[string]string{"experiment": "mine"}, env, nil)).Run.Inherited; got != want {
		t.Errorf("inherited where the user names an experiment: %+v", got)
	}
}

func TestTagsAsLinesAndAsJSON(t *testing.T) {
	for given, want := range map[string][]mlflow.Tag{
		"team=vision\n url = https://x/?a=b \n": {{Key: "team", Value: "vision"}, {Key: "url", Value: "https://x/?a=b"}},
		`{"url": "https://x/?a=b", "n": 1, "list": [true, null], "none": null}`: {
			{Key: "list", Value: "[true,null]"}, {Key: "n", Value: "1"}, {Key: "none", Value: "null"}, {Key: "url", Value: "https://x/?a=b"},
		},
	} {
		src := flags("tags", given)
		src.Tags = []string{"of a flag=1", "team=other"}
		want = append(want, mlflow.Tag{Key: "of a flag", Value: "1"}, mlflow.Tag{Key: "team", Value: "other"})
		if diff := cmp.Diff(want, parse(t, src).Run.Tags); diff != "" {
			t.Errorf("tags of %s (-want +got):\n%s", given, diff)
		}
	}
}

func TestNamesOfASetting(t *testing.T) {
	s := settings.Setting{Name: "tracking-uri"}
	if s.Env() != "MLOPS_TRACKING_URI" || s.Input() != "INPUT_TRACKING-URI" {
		t.Errorf("variable %s, input %s", s.Env(), s.Input())
	}
	for name, want := range map[string]bool{"MLOPS_TRACKING_URI": true, "MLOPS_RESULT": false, "TRACKING_URI": false, "": false} {
		if settings.IsVariable(name) != want {
			t.Errorf("IsVariable(%q) is %v", name, !want)
		}
	}
	names := map[string]bool{}
	for _, s := range settings.All() {
		if names[s.Name] || s.Help == "" || s.Default != "" && len(s.Choices) > 0 && !slices.Contains(s.Choices, s.Default) {
			t.Errorf("setting %q is there twice, has no help, or a default that is no choice", s.Name)
		}
		names[s.Name] = true
	}
}

func TestWordsOfTheSettingsAreNoSecrets(t *testing.T) {
	for value, want := range map[string]bool{
		"true": true, "false": true, "keep": true, "delete-and-new": true, "sqlite:///mlflow.db": true, "hunter2": false, "yes": false,
	} {
		if settings.IsWord(value) != want {
			t.Errorf("IsWord(%q) is %v", value, !want)
		}
	}
}

// TestInputThatNobodySet: of an action, an input that is the default counts as not set, for every setting, and what the runner fills
// in is weaker than a variable that somebody set.
func TestInputThatNobodySet(t *testing.T) {
	for _, s := range settings.All() {
		if s.ActionOnly || s.Default == "" {
			continue
		}
		src := sources(map[string]string{"run": "true", s.Name: s.Default}, map[string]string{s.Env(): "of the environment"}, nil)
		src.Action = true
		parsed, err := settings.Parse(src)
		if seen := fmt.Sprint(parsed, err); !strings.Contains(seen, "of the environment") {
			t.Errorf("%s: the input's default wins over the variable: %s", s.Name, seen)
		}
		src.Env, src.File = noVariable, map[string]string{s.Name: "of the file"}
		parsed, err = settings.Parse(src)
		if seen := fmt.Sprint(parsed, err); !strings.Contains(seen, "of the file") {
			t.Errorf("%s: the input's default wins over the configuration file: %s", s.Name, seen)
		}
	}
	src := sources(map[string]string{"run": "true", "github-token": "of the runner", "job-id": "1", "tracking-uri": "sqlite:///mine.db"}, map[string]string{
		"MLOPS_GITHUB_TOKEN": "mine", "GITHUB_TOKEN": "weak", "MLFLOW_TRACKING_URI": "http://weak",
	}, nil)
	src.Action = true
	s := parse(t, src)
	if s.Report.Comment.GitHubToken != "mine" || s.CI.JobID != "1" || s.Store.TrackingURI != "sqlite:///mine.db" {
		t.Errorf("token %q, job %q, tracking URI %q", s.Report.Comment.GitHubToken, s.CI.JobID, s.Store.TrackingURI)
	}
	src.Env = noVariable
	addVariable("GITHUB_TOKEN", "weak")(&src)
	if got := parse(t, src).Report.Comment.GitHubToken; got != "of the runner" {
		t.Errorf("token %q, want the input's: an input that somebody set cannot be told from it", got)
	}
}

func noVariable(string) string { return "" }

// TestInputOfGitLabsTemplate: a variable that the project sets wins over it, and it wins over the configuration file.
func TestInputOfGitLabsTemplate(t *testing.T) {
	env := map[string]string{"MLOPS_INPUT_EXPERIMENT": "of the template", "MLFLOW_EXPERIMENT_NAME": "weak"}
	src := sources(nil, env, map[string]string{"experiment": "of the file"})
	if got := parse(t, src).Run.Experiment; got != "of the template" {
		t.Errorf("experiment %q", got)
	}
	env["MLOPS_EXPERIMENT"] = "of the project"
	if got := parse(t, src).Run.Experiment; got != "of the project" {
		t.Errorf("experiment %q", got)
	}
	if !settings.IsVariable("MLOPS_INPUT_EXPERIMENT") {
		t.Error("a step would see the inputs of the template")
	}
}

func TestCommentOn(t *testing.T) {
	for text, want := range map[string]string{"": "", "7": "7", "#7": "7", "!7": "7"} {
		if got := parse(t, flags("comment-on", text)).Report.Comment.On; got != want {
			t.Errorf("%q is request %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"0", "-1", "seven", "7/../8"} {
		if got := faults(t, flags("comment-on", text)); !strings.Contains(got, "is not the number of a request") {
			t.Errorf("%q: %s", text, got)
		}
	}
}
