package cli

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
)

// newApp is the program in a folder, with an environment of its own.
func newApp(dir string, environ ...string) (*app, *bytes.Buffer) {
	var log bytes.Buffer
	a := &app{Process: Process{Environ: environ, Dir: dir, Version: "test"}, secrets: redact.New()}
	a.console = console.New(&log, a.secrets, nil)
	return a, &log
}

// parsed runs the command line of run and returns its settings.
func parsed(t *testing.T, a *app, args ...string) (s settings.Settings, err error) {
	t.Helper()
	f := newFlags()
	cmd := &cobra.Command{Use: "run", SilenceErrors: true, SilenceUsage: true, RunE: func(cmd *cobra.Command, args []string) error {
		var fault error
		s, fault = a.parse(f.sources(cmd, args...), "mlops-track run")
		return fault
	}}
	f.register(cmd)
	cmd.Flags().SetInterspersed(false)
	cmd.SetArgs(args)
	return s, cmd.ExecuteContext(t.Context())
}

// A flag wins over the environment, that over the configuration file.
func TestSettingsFromEverywhere(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"mlops-track.toml": "experiment = 'file'\nrun-name = 'file'\nstop-grace = '9s'\nartifacts = ['a', 'b']"})
	a, _ := newApp(dir, "MLOPS_EXPERIMENT=environment", "MLOPS_RUN_NAME=environment")
	s, err := parsed(t, a, "--experiment", "flag", "--tag", "a=b", "--tag", "c=d=e", "--autolog=false", "--dry-run", "train", "--epochs", "3")
	if err != nil {
		t.Fatal(err)
	}
	if s.Run.Experiment != "flag" || s.Run.Name != "environment" || s.Step.StopGrace != 9*time.Second || strings.Join(s.Step.Results.Artifacts, ",") != "a,b" ||
		s.Step.Autolog.Enabled || !s.DryRun || strings.Join(s.Step.Command, " ") != "train --epochs 3" || len(s.Run.Tags) != 2 || s.Run.Tags[1].Value != "d=e" ||
		s.Step.WorkingDirectory != dir {
		t.Errorf("settings %+v", s)
	}
}

// All that is wrong is told at once, as a mistake in the call, without a secret.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t.TempDir())
	_, err := parsed(t, a, "--working-directory", "none", "--stop-grace", "soon", "--tracking-uri", "gopher://x", "--aws-region", "no where", "train")
	var usage usageError
	if !errors.As(err, &usage) || !strings.Contains(hint.Of(err), "mlops-track run --help") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	for _, part := range []string{"working-directory", "stop-grace", `scheme "gopher"`, `region "no where"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
	if code := a.fail(err); code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	if code := a.fail(errors.New("no")); code != exitError {
		t.Errorf("exit code %d", code)
	}
	a.code = 143
	if code := a.fail(errors.New("no")); code != 143 {
		t.Errorf("exit code %d", code)
	}
}

// Secrets of every source are known before anything is said of them, also where the call is wrong; words are none.
func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	a, log := newApp(t.TempDir(), "MLOPS_TRACKING_URI=https://ann:pass-of-uri@mlflow.example.com", "MLOPS_GITHUB_TOKEN=token-of-env")
	_, err := parsed(t, a, "--github-token", "token-of-flag", "--tag", "api-key=key-of-tag", "--tag", "token=keep", "--stop-grace", "x", "train", "--password", "pass-of-step")
	if err == nil {
		t.Fatal("no error")
	}
	const all = "pass-of-uri token-of-env token-of-flag key-of-tag pass-of-step"
	a.console.Say("%s and keep", all)
	if got, want := log.String(), "mlops-track: "+strings.TrimSuffix(strings.Repeat("*** ", 5), " ")+" and keep\n"; got != want {
		t.Errorf("log %q, want %q", got, want)
	}
}

// The inputs of the action are read as the runner passes them; an empty one was not given.
func TestInput(t *testing.T) {
	t.Parallel()
	a, _ := newApp("/", "INPUT_RUN-NAME= mine \n", "INPUT_EXPERIMENT= ")
	if v, ok := a.input("run-name"); v != "mine" || !ok {
		t.Errorf("run-name %q, %t", v, ok)
	}
	if v, ok := a.input("experiment"); v != "" || ok {
		t.Errorf("experiment %q, %t", v, ok)
	}
}

// Every setting that is not the action's own has a flag with a help text.
func TestFlags(t *testing.T) {
	t.Parallel()
	cmd := &cobra.Command{}
	newFlags().register(cmd)
	for _, s := range settings.All() {
		flag := cmd.Flags().Lookup(s.Name)
		if s.ActionOnly != (flag == nil) {
			t.Errorf("%s: action only %t, flag %v", s.Name, s.ActionOnly, flag)
		} else if flag != nil && (flag.Usage == "" || strings.Contains(flag.Usage, "`")) {
			t.Errorf("%s: help %q", s.Name, flag.Usage)
		}
	}
	few := &cobra.Command{}
	newFlags().register(few, "experiment")
	if few.Flags().Lookup("experiment") == nil || few.Flags().Lookup("tag") != nil || few.Flags().Lookup("run-name") != nil {
		t.Error("a command has other flags than those that it names")
	}
}

func TestMisplaced(t *testing.T) {
	t.Parallel()
	for args, wrong := range map[string]bool{"false -- train": true, "true -- train": true, "true": false, "train -- false": false, "false train": false} {
		if err := misplaced(strings.Fields(args)); (err != nil) != wrong {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// source is a source of tokens that says where it is from.
type source struct{ awsauth.TokenSource }

// Where OIDC tokens come from: what the user names wins over what the CI system offers, and credentials that are there over a
// CI system that offers nothing.
func TestTokens(t *testing.T) {
	t.Parallel()
	offered := source{}
	last := time.Unix(1_700_000_000, 0)
	offer := func(is bool) ci.AWS {
		return ci.AWS{Offered: is, Tokens: func(settings.Token) (awsauth.TokenSource, time.Time) { return offered, last }}
	}
	const arn = "arn:aws:iam::123456789012:role/train"
	file := filepath.Join(folder(t, map[string]string{"token": "of the file"}), "token")
	for name, c := range map[string]struct {
		settings settings.AWS
		offer    ci.AWS
		environ  []string
		want     string // nil, offered, or the token
	}{
		"no role":                   {settings.AWS{}, offer(true), nil, "nil"},
		"role chaining":             {settings.AWS{Role: settings.Role{ARN: arn, Chaining: true}}, offer(true), nil, "nil"},
		"profile":                   {settings.AWS{Role: settings.Role{ARN: arn}, SourceProfile: "dev"}, offer(true), nil, "nil"},
		"file before variable":      {settings.AWS{Role: settings.Role{ARN: arn}, Token: settings.Token{File: file, Variable: "T"}}, offer(true), []string{"T=x"}, "of the file"},
		"variable before the CI":    {settings.AWS{Role: settings.Role{ARN: arn}, Token: settings.Token{Variable: "T"}}, offer(true), []string{"T=of the variable"}, "of the variable"},
		"empty variable":            {settings.AWS{Role: settings.Role{ARN: arn}, Token: settings.Token{Variable: "T"}}, offer(true), []string{"T="}, "offered"},
		"CI before the environment": {settings.AWS{Role: settings.Role{ARN: arn}}, offer(true), []string{"AWS_ACCESS_KEY_ID=AKIA"}, "offered"},
		"CI without a token":        {settings.AWS{Role: settings.Role{ARN: arn}}, offer(false), []string{"AWS_ACCESS_KEY_ID=AKIA"}, "nil"},
		"CI that says what lacks":   {settings.AWS{Role: settings.Role{ARN: arn}}, offer(false), nil, "offered"},
		"no CI":                     {settings.AWS{Role: settings.Role{ARN: arn}}, ci.AWS{}, nil, "nil"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newApp("/", c.environ...)
			got, end := a.tokens(c.settings, c.offer)
			var kind string
			switch got := got.(type) {
			case nil:
				kind = "nil"
			case source:
				kind = "offered"
			default:
				var err error
				if kind, err = got.Token(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if kind != c.want || end.Equal(last) != (kind == "offered") {
				t.Errorf("tokens of %T (%s) until %s, want %s", got, kind, end, c.want)
			}
			if o := a.sessionOptions(c.settings, c.offer); (o.Tokens == nil) != (c.want == "nil") {
				t.Errorf("session options %+v", o)
			}
		})
	}
}

// MLflow's own variables say how a server is reached.
func TestAccess(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a, _ := newApp("/", "HOME="+home, "MLFLOW_TRACKING_INSECURE_TLS=TRUE", "REQUESTS_CA_BUNDLE=/ca.pem", "https_proxy=http://proxy:1", "HTTPS_PROXY=http://other:1", "NO_PROXY=in.example.com")
	o, err := a.access()
	if err != nil || !o.InsecureTLS || o.CACertPath != "" || o.Username != "" || o.UserAgent != "mlops-track/test" {
		t.Errorf("options %+v, %v", o, err)
	}
	if p := a.proxy(); p.HTTPSProxy != "http://proxy:1" || p.NoProxy != "in.example.com" {
		t.Errorf("proxy %+v", p)
	}
	a, _ = newApp("/", "USERPROFILE="+folder(t, nil), "MLFLOW_TRACKING_INSECURE_TLS=1", "MLFLOW_TRACKING_SERVER_CERT_PATH=/ca.pem")
	if _, err := a.access(); err == nil || hint.Of(err) == "" {
		t.Errorf("both TLS variables: %v", err)
	}
}

// The credentials file of MLflow is read where the environment has none, and its password is hidden.
func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	writeIn(t, home, ".mlflow/credentials", "[other]\nmlflow_tracking_password = no\n[mlflow]\n# comment\nmlflow_tracking_username = ann\nmlflow_tracking_password = pass-of-file\n")
	a, log := newApp("/", "HOME="+home)
	o, err := a.access()
	if err != nil || o.Username != "ann" || o.Password != "pass-of-file" {
		t.Errorf("credentials %q %q, %v", o.Username, o.Password, err)
	}
	if a.console.Say("pass-of-file"); strings.Contains(log.String(), "pass-of-file") {
		t.Errorf("log %q", log)
	}
	a, _ = newApp("/", "HOME="+home, "MLFLOW_TRACKING_TOKEN=t")
	if o, err := a.access(); err != nil || o.Username != "" || o.Token != "t" {
		t.Errorf("credentials %q, %v", o.Username, err)
	}
	for _, environ := range [][]string{nil, {"HOME=" + t.TempDir()}} {
		a, _ = newApp("/", environ...)
		if o, err := a.access(); err != nil || o.Username != "" {
			t.Errorf("credentials %q, %v", o.Username, err)
		}
	}
	file := filepath.Join(home, ".mlflow", "credentials")
	a, log = newApp("/", "HOME="+file) // a home that is a file has no credentials, and none are missed
	if o, err := a.access(); err != nil || o.Username != "" || log.String() != "" {
		t.Errorf("home is a file: credentials %q, %v, log %q", o.Username, err, log)
	}
	broken := t.TempDir()
	writeIn(t, broken, ".mlflow/credentials/file", "")
	a, log = newApp("/", "HOME="+broken)
	if _, err := a.access(); err != nil || !strings.Contains(log.String(), "is not a file") {
		t.Errorf("a folder for the file: %v, log %q", err, log)
	}
}

// What the plan and the log show: values of secret names hidden, commands to type, numbers with their nouns.
func TestShown(t *testing.T) {
	t.Parallel()
	if hidden("API_TOKEN", "x") != redact.Mask || hidden("NAME", "x") != "x" {
		t.Error("a value is hidden by its name only")
	}
	if viewCommand("sqlite:///mlflow.db", "x") != "mlops-track ui" || viewCommand("sqlite:///a b.db", "sqlite:///a b.db") != "mlops-track ui --tracking-uri 'sqlite:///a b.db'" {
		t.Error("view command")
	}
	if counted(1, "param") != "1 param" || counted(2, "param") != "2 params" {
		t.Error("counted")
	}
}

// A stored run that another run resumes is read without its params: all of them came while it was open.
func TestResume(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t.TempDir())
	tr, err := openStore(t.Context(), settings.Store{
		OnTrackingError: "keep", OfflineDir: t.TempDir(), StartTimeout: time.Minute,
	}, storeOptions(t), a.secrets, "vision")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tr.close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	experiment, err := tr.EnsureExperiment(t.Context(), "vision")
	if err != nil {
		t.Fatal(err)
	}
	run, err := tr.direct().CreateRun(t.Context(), mlflow.NewRun{ExperimentID: experiment.ID, Name: "train", Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.LogBatch(t.Context(), run.ID, mlflow.Batch{Params: []mlflow.Param{{Key: "a", Value: "b"}}}); err != nil {
		t.Fatal(err)
	}
	if got, err := tr.resume(t.Context(), run.ID); err != nil || got.ID != run.ID || got.Params != nil {
		t.Errorf("run %+v, %v", got, err)
	}
	if _, err := tr.resume(t.Context(), "none"); err == nil || !strings.Contains(err.Error(), `read run "none"`) {
		t.Errorf("error %v", err)
	}
}
