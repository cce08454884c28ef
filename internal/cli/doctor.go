package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/doctor"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/track"
)

func (a *app) doctorCommand() *cobra.Command {
	f := newFlags()
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor [flags] [-- COMMAND [ARG...]]",
		Short: "Check what a run needs: token, role, bucket, clocks, tracking server, Python",
		Long: "Check what a run with the same settings needs, one line each, with what to do where something is wrong.\n" +
			"The exit code is 1 if a run could not start.",
		Example: "  mlops-track doctor --tracking-uri https://mlflow.example.com --role-to-assume arn:aws:iam::123456789012:role/train",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{a.pythonName()}
			}
			s, err := a.parse(f.sources(cmd, args...), "mlops-track doctor")
			if err != nil {
				return err
			}
			return a.doctor(cmd.Context(), s, asJSON)
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().SetInterspersed(false)
	return cmd
}

// doctor runs the checks and prints their findings.
func (a *app) doctor(ctx context.Context, s settings.Settings, asJSON bool) error {
	access, err := a.access()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mlops-track-doctor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	e := &examination{app: a, settings: s, info: a.detectCI(s.CI, s.Step.WorkingDirectory), access: access, work: work}
	defer e.close(ctx)
	checks, err := e.checks()
	if err != nil {
		return err
	}
	findings := []doctor.Finding{}
	good := doctor.Run(ctx, checks, doctor.Limit, func(f doctor.Finding) {
		f = e.masked(f)
		findings = append(findings, f)
		if !asJSON {
			a.print(doctor.Render(f))
		}
	})
	if !good {
		a.code = exitError
	}
	if !asJSON {
		return nil
	}
	return a.printJSON(struct {
		OK     bool             `json:"ok"`
		Checks []doctor.Finding `json:"checks"`
	}{good, findings})
}

// examination holds what the checks of one call share. A field that a check sets is read by later checks only.
type examination struct {
	*app

	settings settings.Settings
	info     ciinfo.Info
	access   store.Options
	work     string // private folder

	session *awsauth.Session // set by the check of the role
	store   *store.Opened    // set by the check of the server
}

func (e *examination) close(ctx context.Context) {
	if e.store != nil {
		_ = e.store.Close(context.WithoutCancel(ctx)) // nothing was written
	}
	if e.session != nil {
		e.session.Stop()
	}
}

func (e *examination) checks() ([]doctor.Check, error) {
	options := e.access
	options.URI, options.Dir, options.Environ = e.settings.Store.TrackingURI, e.Dir, e.forPrograms()
	target, err := store.Describe(options)
	if err != nil {
		return nil, err
	}
	remote := target.Path == "" && !target.IsDatabase()
	checks := e.aws(options.NeedsAWS()).Checks()
	if clock := e.clock(remote, options.NeedsAWS()); len(clock.Servers) > 0 {
		checks = append(checks, clock.Check())
	}
	switch {
	case remote:
		checks = append(checks, e.server(options, target).Checks(doctor.RoleCheck)...)
	case target.Path != "":
		checks = append(checks, doctor.Embedded(target.Path, target.Display))
	}
	checks = append(checks, e.comment().Checks()...)
	return append(checks, e.python(target.Plugin).Check()), nil
}

func (e *examination) comment() doctor.Comment {
	thread := e.publisher(e.settings.Report, e.info, e.system(e.info)).Thread
	if !thread.Wanted() {
		return doctor.Comment{}
	}
	return doctor.Comment{On: "#" + thread.Number, Look: thread.Check}
}

func (e *examination) aws(signed bool) doctor.AWS {
	in, offer := e.settings.AWS, e.system(e.info).AWS
	options := e.sessionOptions(in, offer)
	look := doctor.AWS{
		Role: in.Role.ARN, Duration: in.Role.Duration, Policy: in.Role.InlinePolicy, Policies: in.Role.ManagedPolicies,
		Needed: signed || in.Role.ARN != "" || in.SourceProfile != "" || len(in.AllowedAccounts) > 0, Now: time.Now,
		Identity: func(ctx context.Context) (awsauth.Identity, error) {
			session, err := awsauth.Start(ctx, options)
			if err != nil {
				return awsauth.Identity{}, err
			}
			e.session = session
			return session.Identity(), nil
		},
	}
	if options.Tokens != nil {
		look.Token = options.Tokens.Token
		look.Source, look.Audience = tokenOrigin(in.Token, offer, e.getenv)
	}
	return look
}

// tokenOrigin returns the source of OIDC tokens, and their audience if we choose it.
func tokenOrigin(t settings.Token, offer ci.AWS, getenv func(string) string) (source, audience string) {
	switch {
	case t.File != "":
		return t.File, ""
	case getenv(t.Variable) != "":
		return t.Variable, ""
	}
	if !offer.Audience {
		return offer.Origin, ""
	}
	return offer.Origin, t.Audience
}

func (e *examination) clock(remote, signed bool) doctor.Clock {
	c := doctor.Clock{Now: time.Now, Client: &http.Client{Transport: &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) { return e.access.Proxy(r.URL) },
		// With a clock that is off, certificates look wrong. Nothing secret is sent.
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}, //nolint:gosec // see above
	}}}
	if u, err := url.Parse(e.settings.Store.TrackingURI); remote && err == nil && u.Host != "" {
		c.Servers = append(c.Servers, doctor.ClockServer{Name: "the tracking server", URL: (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/health"}).String()})
	}
	if signed || e.settings.AWS.Role.ARN != "" {
		c.Servers = append(c.Servers, doctor.ClockServer{Name: "STS", URL: cmp.Or(e.settings.AWS.Network.STSEndpoint, stsAddress(e.settings.AWS.Region))})
	}
	return c
}

// stsAddress returns the address of STS in a region, which is only read for its time.
func stsAddress(region string) string {
	switch {
	case region == "":
		return "https://sts.amazonaws.com"
	case strings.HasPrefix(region, "cn-"):
		return "https://sts." + region + ".amazonaws.com.cn"
	}
	return "https://sts." + region + ".amazonaws.com"
}

func (e *examination) server(options store.Options, target store.Target) doctor.Server {
	return doctor.Server{
		Display: target.Display, Offline: e.settings.Store.OnTrackingError == "keep",
		Experiment: track.ExperimentName(e.settings.Run.Experiment, e.info.Repository.Project),
		Connect: func(ctx context.Context) (*rest.Client, error) {
			options.AWS = e.awsConfig
			options.S3.Config = options.AWS
			opened, err := store.Open(ctx, options)
			if err != nil {
				return nil, err
			}
			e.store = opened
			return opened.Server(), nil
		},
		Artifacts: e.artifacts,
	}
}

// awsConfig returns the configuration of the role, else of existing AWS credentials.
func (e *examination) awsConfig(ctx context.Context) (aws.Config, error) {
	if e.session != nil {
		return e.session.Config(), nil
	}
	return awsauth.Ambient(ctx, e.settings.AWS.SourceProfile, e.settings.AWS.Region, e.awsClient(e.settings.AWS.Network))
}

func (e *examination) artifacts(ctx context.Context, location string) (doctor.Artifacts, error) {
	repo, err := e.store.Artifacts(location)
	if err != nil {
		return doctor.Artifacts{}, err
	}
	remove, err := artifact.Removal(ctx, repo)
	return doctor.Artifacts{
		Name: "mlops-track-doctor-" + strings.ToLower(rand.Text()[:8]) + "/probe", Dir: e.work, Remove: remove,
		Put: func(ctx context.Context, name, file string) error {
			return repo.Put(ctx, name, artifact.Source{Path: file})
		},
		Read: func(ctx context.Context, name string) (io.ReadCloser, error) { return repo.Open(ctx, name) },
		List: func(ctx context.Context) error { _, err := repo.List(ctx, ""); return err },
	}, err
}

func (e *examination) python(plugin string) doctor.Python {
	environ := e.forPrograms()
	hookFolder := e.pythonFolder(e.work)
	e.console.Tell(hookFolder.notices...)
	dir := hookFolder.dir
	hook := e.settings.Step.Autolog.Enabled && dir != ""
	if dir != "" {
		if old := e.getenv("PYTHONPATH"); old != "" {
			dir += string(os.PathListSeparator) + old
		}
		environ = append(environ, "PYTHONPATH="+dir, "MLOPS_HOOK="+e.work) // the last one counts
	}
	program := e.settings.Step.Command[0]
	if !strings.HasPrefix(filepath.Base(program), "python") {
		program = e.pythonName()
	}
	return doctor.Python{
		Program: program, Dir: e.settings.Step.WorkingDirectory, Environ: environ, Hook: hook,
		Plugin: plugin, Find: exec.LookPath,
	}
}

// pythonName returns the name of the Python program on PATH.
func (a *app) pythonName() string {
	if _, err := exec.LookPath("python"); err != nil {
		return "python3"
	}
	return "python"
}

// masked removes secrets from a finding, and with mask-aws-account-id accounts, which services name in their answers.
func (e *examination) masked(f doctor.Finding) doctor.Finding {
	if e.settings.AWS.MaskAccount {
		e.maskAccounts(f.Text, f.Fix)
		if f.Check == doctor.RoleCheck && e.session != nil {
			e.console.Mask(e.session.Identity().Account)
		}
	}
	return redact.Deep(e.secrets, f)
}
