package settings

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Sources is where values come from. Flags or action inputs win over MLOPS_ variables, those over the configuration file,
// that over the variables of MLflow, CI and AWS, and those over defaults. Empty means unset.
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
		Autolog:          Autolog{Enabled: p.bool("autolog"), Config: p.object("autolog-config")},
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
	return AWS{
		Role: Role{
			ARN:             p.word("role-to-assume"),
			Chaining:        p.bool("role-chaining"),
			SessionName:     p.text("role-session-name"),
			Duration:        time.Duration(p.number("role-duration-seconds")) * time.Second,
			ExternalID:      p.word("role-external-id"),
			SkipTagging:     p.bool("role-skip-session-tagging"),
			InlinePolicy:    p.compact("inline-session-policy"),
			ManagedPolicies: p.list("managed-session-policies"),
		},
		Token: Token{
			Audience: p.word("audience"),
			File:     p.path("web-identity-token-file"),
			Variable: p.text("web-identity-token-env"),
		},
		Region:          p.word("aws-region"),
		Profile:         p.word("aws-profile"),
		AllowedAccounts: p.list("allowed-account-ids"),
		MaskAccount:     p.bool("mask-aws-account-id"),
		STSEndpoint:     p.word("sts-endpoint"),
		Credentials:     p.text("aws-credentials"),
	}
}
