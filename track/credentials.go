package track

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

const (
	// assumeTimeout bounds the way to the first credentials, repeated attempts included.
	assumeTimeout = 30 * time.Second

	// githubJob is how long GitHub gives tokens to a job whose request token does not say.
	// https://docs.github.com/en/actions/reference/limits
	githubJob = 6 * time.Hour
)

// credentials are what the job has of AWS beyond what is in its environment; the zero value is nothing.
type credentials struct {
	session  *awsauth.Session
	endpoint *awsauth.Endpoint
	child    awsauth.Child
}

// assume gets the credentials of the role and starts to keep them fresh. Without a role there is nothing to do.
func assume(ctx context.Context, p Plan, host Host) (credentials, error) {
	if p.AWS.RoleToAssume == "" && len(p.AWS.AllowedAccountIDs) == 0 {
		return credentials{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, assumeTimeout)
	defer cancel()
	if p.AWS.MaskAccountID {
		host.Console.Mask(accountOf(p.AWS.RoleToAssume))
	}
	session, err := awsauth.Start(ctx, AWSOptions(p, host))
	if err != nil {
		return credentials{}, fmt.Errorf("get AWS credentials: %w", err)
	}
	c := credentials{session: session}
	if c.child, err = c.forStep(ctx, p, host); err != nil {
		return credentials{}, errors.Join(err, c.stop())
	}
	sayAssumed(p, host, c)
	return c, nil
}

// stop ends the renewal and what serves it.
func (c credentials) stop() error {
	var err error
	if c.endpoint != nil {
		err = c.endpoint.Close()
	}
	if c.session != nil {
		c.session.Stop()
	}
	return err
}

// AWSOptions say how the job gets its credentials: the settings, and what the CI system offers.
func AWSOptions(p Plan, host Host) awsauth.Options {
	o := p.AWS.options()
	o.Tokens, o.Last = tokenSource(p, host)
	if o.Role.SessionName == "" {
		o.Role.SessionName = map[ciinfo.Provider]string{ciinfo.GitHub: "GitHubActions", ciinfo.GitLab: "GitLabCI"}[p.CI.Provider]
	}
	if o.Tokens == nil && !p.AWS.RoleSkipSessionTagging {
		o.Role.Tags = sessionTags(p.CI, host)
	}
	o.Secret, o.Warn, o.Now = host.Console.Mask, host.Console.Warn, host.Now
	return o
}

// tokenSource picks where OIDC tokens come from, and when they end; nil where the role is assumed from the credentials at
// hand. In a CI system that has given neither a token nor credentials it is that system's source, which says what is missing.
func tokenSource(p Plan, host Host) (awsauth.TokenSource, time.Time) {
	in := p.AWS
	github := func() (awsauth.TokenSource, time.Time) {
		last := awsauth.GitHubTokensEnd(host.Getenv)
		if last.IsZero() {
			last = host.Now().Add(githubJob)
		}
		return awsauth.GitHubTokens(host.Getenv, in.Audience, nil), last
	}
	variable := awsauth.VariableToken(in.WebIdentityTokenEnv, host.Getenv(in.WebIdentityTokenEnv))
	switch {
	case in.RoleToAssume == "" || in.RoleChaining || in.Profile != "":
		return nil, time.Time{}
	case in.WebIdentityTokenFile != "":
		return awsauth.FileToken(in.WebIdentityTokenFile), time.Time{}
	case host.Getenv(in.WebIdentityTokenEnv) != "":
		return variable, time.Time{}
	case host.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL") != "":
		return github()
	case slices.ContainsFunc(ambientVariables(), func(name string) bool { return host.Getenv(name) != "" }):
		return nil, time.Time{}
	case p.CI.Provider == ciinfo.GitHub:
		return github()
	case p.CI.Provider == ciinfo.GitLab:
		return variable, time.Time{}
	}
	return nil, time.Time{}
}

// ambientVariables show that there are credentials at hand.
func ambientVariables() []string {
	return []string{
		"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	}
}

func sessionTags(ci ciinfo.Info, host Host) []awsauth.Tag {
	job := awsauth.Job{
		Repository: ci.Project, Workflow: ci.PipelineName, Action: ci.JobName, Actor: ci.User, Ref: ci.HeadRef, Commit: ci.CheckoutSHA,
	}
	switch ci.Provider {
	case ciinfo.GitHub:
		job.Action, job.Ref = host.Getenv("GITHUB_ACTION"), host.Getenv("GITHUB_REF")
		return awsauth.GitHubTags(job)
	case ciinfo.GitLab:
		return awsauth.GitLabTags(job)
	}
	return nil
}

// forStep is what the step gets.
func (c *credentials) forStep(ctx context.Context, p Plan, host Host) (awsauth.Child, error) {
	child := awsauth.Child{
		Mode: awsauth.ChildMode(p.AWS.Credentials), Region: c.session.Identity().Region,
		RoleAssumed: p.AWS.RoleToAssume != "", TokenVariable: p.AWS.WebIdentityTokenEnv, Getenv: host.Getenv,
	}
	if !child.RoleAssumed {
		child.Mode = awsauth.None
	}
	private := filepath.Join(p.Files.Work, "aws")
	var err error
	switch child.Mode {
	case awsauth.Refreshing:
		if c.endpoint, err = awsauth.Serve(private, c.session, host.Console.Mask); err != nil {
			return child, err
		}
		child.Endpoint = c.endpoint
	case awsauth.Env:
		if child.Credentials, err = c.session.Retrieve(ctx); err != nil {
			return child, err
		}
	case awsauth.None:
		return child, nil
	}
	child.SharedFiles, err = sharedFiles(host).WithoutCredentials(private, first(p.AWS.Profile, host.Getenv("AWS_PROFILE"), host.Getenv("AWS_DEFAULT_PROFILE")))
	return child, err
}

// sharedFiles are the AWS configuration files that the step would read.
func sharedFiles(host Host) awsauth.SharedFiles {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	files := awsauth.SharedFiles{Config: host.Getenv("AWS_CONFIG_FILE"), Credentials: host.Getenv("AWS_SHARED_CREDENTIALS_FILE")}
	if files.Config == "" && home != "" {
		files.Config = filepath.Join(home, ".aws", "config")
	}
	if files.Credentials == "" && home != "" {
		files.Credentials = filepath.Join(home, ".aws", "credentials")
	}
	return files
}

// stepVariables are those to set for the step and those to take out of what it would inherit.
func (c credentials) stepVariables(p Plan, inherited []string) (set map[string]string, remove []string) {
	if c.child.RoleAssumed {
		return c.child.Environment(inherited)
	}
	set = map[string]string{}
	if p.AWS.Region != "" {
		set["AWS_REGION"], set["AWS_DEFAULT_REGION"] = p.AWS.Region, p.AWS.Region
	}
	if p.AWS.Profile != "" {
		set["AWS_PROFILE"] = p.AWS.Profile
	}
	return set, nil
}

func sayAssumed(p Plan, host Host, c credentials) {
	who := c.session.Identity()
	arn := who.ARN
	if p.AWS.MaskAccountID && who.Account != "" {
		host.Console.Mask(who.Account)
		arn = strings.ReplaceAll(arn, who.Account, "***")
	}
	how := map[awsauth.ChildMode]string{
		awsauth.Refreshing: "the step gets its credentials from a local endpoint that renews them",
		awsauth.Env:        "the step gets its credentials as variables, which end " + who.Expires.UTC().Format("15:04 MST"),
		awsauth.None:       "the step keeps the credentials it has",
	}[c.child.Mode]
	host.Console.Say("aws: %s in %s; %s", arn, who.Region, how)
	_, remove := c.stepVariables(p, names(host.Environ))
	if len(remove) > 0 {
		host.Console.Say("aws: taken out of the step's environment: %s", strings.Join(remove, " "))
	}
	if files := c.child.SharedFiles; files != (awsauth.SharedFiles{}) {
		host.Console.Say("aws: the step sees the AWS configuration files without the credentials of the default profile")
	}
}

// accountOf is the account in the ARN of a role; empty for a name.
func accountOf(role string) string {
	parsed, err := arn.Parse(role)
	if err != nil {
		return ""
	}
	return parsed.AccountID
}

// names are those of an environment.
func names(environ []string) []string {
	out := make([]string, 0, len(environ))
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		out = append(out, name)
	}
	return out
}

// access is how the job itself reaches stores and buckets: as the role, else with the credentials at hand.
func (c credentials) access(p Plan, o store.Options) store.Options {
	o.AWS = func(ctx context.Context) (aws.Config, error) {
		return awsauth.Ambient(ctx, p.AWS.Profile, p.AWS.Region)
	}
	if c.session != nil {
		o.AWS = func(context.Context) (aws.Config, error) { return c.session.Config(), nil }
		o.S3.Identity = c.session.Identity().ARN
	}
	o.S3.Config = o.AWS
	return o
}

// planned is what the step would get, for a plan that is only printed.
func planned(p Plan) credentials {
	return credentials{child: awsauth.Child{
		Mode: awsauth.ChildMode(p.AWS.Credentials), Region: p.AWS.Region, RoleAssumed: p.AWS.RoleToAssume != "",
		TokenVariable: p.AWS.WebIdentityTokenEnv,
		Endpoint:      &awsauth.Endpoint{URL: "http://127.0.0.1:<port>/credentials", TokenFile: filepath.Join(p.Files.Work, "aws", "aws-token")},
		Credentials:   aws.Credentials{AccessKeyID: "<key>", SecretAccessKey: "<secret>", SessionToken: "<token>"},
	}}
}
