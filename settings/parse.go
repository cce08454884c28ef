package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Sources is where values come from. Flags or action inputs win over MLOPS_ variables, those over inputs of GitLab's template and
// the configuration file, these over the variables of MLflow, CI and AWS, and those over defaults. Empty means unset, and
// so does an action input that is the default.
type Sources struct {
	Set     func(name string) (string, bool) // flags or action inputs by setting name
	Tags    []string                         // of the flag --tag
	Env     func(string) string
	File    map[string]string // configuration file: values by setting name, lists as lines
	Command []string
	Dir     string // absolute; relative paths start there
	Action  bool   // the step is the setting run
}

// Parse checks every value and returns all faults at once, joined.
func Parse(src Sources) (Settings, error) {
	p := newParser(src)
	p.refuseUnbuilt()
	p.refuseUnknownKeys()
	s := Settings{
		Step:   p.step(),
		Run:    p.run(),
		Store:  p.store(),
		AWS:    p.aws(),
		Report: p.report(),
		CI:     CI{Matrix: p.matrix(), JobID: p.text("job-id")},
		Redact: p.patterns("redact"),
		DryRun: p.bool("dry-run"),
	}
	return s, errors.Join(p.faults...)
}

func (p *parser) step() Step {
	s := Step{
		Command:          p.src.Command,
		WorkingDirectory: p.path("working-directory"),
		Autolog:          Autolog{Enabled: p.bool("autolog"), Config: p.autologConfig()},
		Results:          Results{File: p.path("result-file"), MetricsFile: p.path("metrics-file"), Artifacts: p.lines("artifacts")},
		PassEnv:          p.lines("pass-env"),
		StopGrace:        p.duration("stop-grace"),
	}
	switch {
	case !p.src.Action:
		if len(s.Command) == 0 {
			p.fault("no command: write it after --, as in mlops-track run -- python train.py")
		}
		return s
	case p.text("run") == "":
		p.fault("run is empty: give the training step as a script")
	}
	s.Script, s.Shell = p.text("run"), p.text("shell")
	if !slices.Contains([]string{"bash", "sh", "python"}, s.Shell) && !strings.Contains(s.Shell, "{0}") {
		p.fault("shell %q is unknown: bash, sh, python, or a template with {0}", s.Shell)
	}
	return s
}

func (p *parser) run() Run {
	r := Run{
		Experiment:    p.text("experiment"),
		Name:          p.text("run-name"),
		Prefix:        p.text("run-prefix"),
		Tags:          p.tags(),
		RegisterModel: p.text("register-model"),
		Inherited:     Inherited{RunID: p.src.Env("MLFLOW_RUN_ID"), StepRunID: p.src.Env(StepRunVariable)},
	}
	if r.Experiment == "" { // as in MLflow; inside a step it is the experiment of the run around
		r.Inherited.ExperimentID = p.src.Env("MLFLOW_EXPERIMENT_ID")
	}
	return r
}

// StepRunVariable tells an mlops-track that runs inside a step which run is around it.
const StepRunVariable = "MLOPS_STEP_RUN_ID"

func (p *parser) store() Store {
	return Store{
		TrackingURI:     p.word("tracking-uri"),
		Default:         !p.given("tracking-uri"),
		OnTrackingError: p.text("on-tracking-error"),
		OfflineDir:      p.path("offline-dir"),
		StartTimeout:    p.atLeastSecond("start-timeout"),
		FinishTimeout:   p.finishTimeout(),
	}
}

func (p *parser) report() Report {
	return Report{
		Comment: Comment{
			When:        p.text("comment"),
			Mode:        p.text("comment-mode"),
			Key:         p.text("comment-key"),
			On:          p.positive("comment-on"),
			GitHubToken: p.word("github-token"),
			GitLabToken: p.word("gitlab-token"),
		},
		Files: Files{
			Outputs: p.path("outputs-file"),
			Report:  p.path("report-file"),
			Summary: p.path("summary-file"),
			Metrics: p.path("metrics-report"),
			JUnit:   p.path("junit-report"),
		},
	}
}

func (p *parser) aws() AWS {
	a := AWS{
		Role: Role{
			ARN:         p.word("role-to-assume"),
			Chaining:    p.bool("role-chaining"),
			SessionName: p.text("role-session-name"),
			Duration:    time.Duration(p.number("role-duration-seconds")) * time.Second,
			ExternalID:  p.word("role-external-id"),
			Tags: SessionTags{
				Skip: p.bool("role-skip-session-tagging"), Custom: p.customTags(), Transitive: p.lines("transitive-tag-keys"),
			},
			InlinePolicy:    p.compact("inline-session-policy"),
			ManagedPolicies: p.list("managed-session-policies"),
		},
		Token: Token{
			Audience: p.word("audience"),
			File:     p.path("web-identity-token-file"),
			Variable: p.text("web-identity-token-env"),
		},
		Region:          p.word("aws-region"),
		SourceProfile:   p.word("source-profile"),
		Profile:         Profile{Name: p.word("aws-profile"), Overwrite: p.bool("overwrite-aws-profile")},
		AllowedAccounts: p.list("allowed-account-ids"),
		MaskAccount:     p.bool("mask-aws-account-id"),
		Network:         Network{STSEndpoint: p.word("sts-endpoint"), Proxy: p.proxy("http-proxy"), NoProxy: p.text("no-proxy")},
		Credentials:     p.text("aws-credentials"),
	}
	if a.Profile.Name == "" {
		return a
	}
	if a.Role.ARN == "" {
		p.fault("aws-profile %q is where the step finds the credentials of a role, and role-to-assume is not set; to use the credentials of a profile, set source-profile", a.Profile.Name)
	}
	if !p.given("aws-credentials") { // as in the standard action, where a profile takes the place of variables
		a.Credentials = "none"
	}
	return a
}

// customTags are session tags as a JSON object, whose values are no objects, as in the standard action.
func (p *parser) customTags() map[string]string {
	text := p.text("custom-tags")
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // an id keeps all its digits
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || object == nil || decoder.More() {
		p.fault("custom-tags is not a JSON object")
		return nil
	}
	tags := make(map[string]string, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch value := object[key].(type) {
		case string, bool, json.Number:
			tags[key] = fmt.Sprint(value)
		default:
			p.fault("custom-tags: the value of %q must be a text, a number, true or false", key)
		}
	}
	return tags
}

// proxy is the URL of a proxy. A fault does not quote it: it may hold a password.
func (p *parser) proxy(name string) string {
	text := p.text(name)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		p.fault("%s must have the form http://HOST:PORT", name)
		return ""
	}
	return text
}
