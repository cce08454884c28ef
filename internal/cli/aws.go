package cli

import (
	"cmp"
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
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step"
)

// assumeTimeout bounds how long the first credentials may take, retries included.
const assumeTimeout = 30 * time.Second

// credentials are the job's AWS credentials beside those in its environment; the zero value is none.
type credentials struct {
	settings settings.AWS
	session  *awsauth.Session
	endpoint *awsauth.Endpoint
	child    awsauth.Child
	client   awsauth.Client // how the job itself reaches AWS
}

// assume gets the credentials of the role and starts to renew them. Without a role it does nothing. private is a
// folder that only we can read.
func (a *app) assume(ctx context.Context, s settings.AWS, offer ci.AWS, private string) (credentials, error) {
	c := credentials{settings: s, client: a.awsClient(s.Network)}
	if s.Role.ARN == "" && len(s.AllowedAccounts) == 0 {
		return c, nil
	}
	if private == "" {
		return c, errors.New("get AWS credentials: no private folder for what the step needs to use them")
	}
	ctx, cancel := context.WithTimeout(ctx, assumeTimeout)
	defer cancel()
	if s.MaskAccount {
		a.console.Mask(accountOf(s.Role.ARN))
	}
	var err error
	options := a.sessionOptions(s, offer)
	if s.Role.ARN != "" {
		a.warnTags(s.Role.Tags, options.Role.Tags, options.Tokens != nil)
	}
	if c.session, err = awsauth.Start(ctx, options); err != nil {
		return c, fmt.Errorf("get AWS credentials: %w", err)
	}
	if err := a.forStep(ctx, &c, filepath.Join(private, "aws")); err != nil {
		return c, errors.Join(err, c.stop())
	}
	a.sayAssumed(c)
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

// sessionOptions say how the job gets its credentials: the settings, and what the CI system offers.
func (a *app) sessionOptions(s settings.AWS, offer ci.AWS) awsauth.Options {
	o := roleOptions(s)
	o.Tokens, o.Last = a.tokens(s, offer)
	o.Role.SessionName = cmp.Or(o.Role.SessionName, offer.SessionName)
	if o.Role.Tags.Job = offer.SessionTags; o.Tokens != nil || s.Role.Tags.Skip {
		o.Role.Tags = awsauth.SessionTags{}
	}
	o.Client = a.awsClient(s.Network)
	o.Client.RunID, o.Client.Attempt = offer.RunID, offer.Attempt
	o.Secret, o.Warn, o.Now = a.console.Mask, a.console.Warn, time.Now
	return o
}

// awsClient is how AWS is reached: with the proxy of the settings, else that of the environment.
func (a *app) awsClient(s settings.Network) awsauth.Client {
	proxy := a.proxy()
	proxy.HTTPProxy, proxy.HTTPSProxy = cmp.Or(s.Proxy, proxy.HTTPProxy), cmp.Or(s.Proxy, proxy.HTTPSProxy)
	proxy.NoProxy = cmp.Or(s.NoProxy, proxy.NoProxy)
	return awsauth.Client{Version: a.Version, Proxy: proxy.ProxyFunc()}
}

// warnTags warns of session tags that are asked for and not sent.
func (a *app) warnTags(asked settings.SessionTags, sent awsauth.SessionTags, withToken bool) {
	if len(asked.Custom)+len(asked.Transitive) == 0 {
		return
	}
	switch unknown := sent.Unknown(); {
	case withToken:
		a.console.Warn("custom-tags and transitive-tag-keys are not sent: with an OIDC token the session's tags are claims of the token", "")
	case asked.Skip:
		a.console.Warn("custom-tags and transitive-tag-keys are not sent: role-skip-session-tagging is set", "")
	case len(unknown) > 0:
		a.console.Warn(fmt.Sprintf("transitive-tag-keys: this job has no session tag %s", strings.Join(unknown, ", ")), "")
	}
}

// tokens returns the source of OIDC tokens, and when tokens stop being issued; nil if the role is assumed from existing credentials. On a
// CI system that provides neither a token nor credentials it is that system's source, which says what is missing.
func (a *app) tokens(s settings.AWS, offer ci.AWS) (awsauth.TokenSource, time.Time) {
	existing := func(name string) bool { return a.getenv(name) != "" }
	switch {
	case s.Role.ARN == "" || s.Role.Chaining || s.SourceProfile != "":
		return nil, time.Time{}
	case s.Token.File != "":
		return awsauth.FileToken(s.Token.File), time.Time{}
	case existing(s.Token.Variable):
		return awsauth.VariableToken(s.Token.Variable, a.getenv(s.Token.Variable)), time.Time{}
	case offer.Tokens == nil || !offer.Offered && slices.ContainsFunc(ambientVariables(), existing):
		return nil, time.Time{}
	}
	return offer.Tokens(s.Token)
}

// ambientVariables show that there are AWS credentials already.
func ambientVariables() []string {
	return []string{
		"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI",
	}
}

// forStep prepares what the step gets.
func (a *app) forStep(ctx context.Context, c *credentials, private string) (err error) {
	c.child = awsauth.Child{
		Mode: awsauth.ChildMode(c.settings.Credentials), Region: c.session.Identity().Region,
		RoleAssumed: c.settings.Role.ARN != "", TokenVariable: c.settings.Token.Variable,
		NoProxy: map[string]string{"NO_PROXY": a.getenv("NO_PROXY"), "no_proxy": a.getenv("no_proxy")},
	}
	if !c.child.RoleAssumed {
		c.child.Mode = awsauth.None
	}
	profile := c.settings.Profile.Name != "" && c.child.RoleAssumed
	switch {
	case c.child.Mode == awsauth.Env:
		if c.child.Credentials, err = c.session.Retrieve(ctx); err != nil {
			return err
		}
	case c.child.Mode == awsauth.Refreshing || profile:
		if c.endpoint, err = awsauth.Serve(private, c.session, a.console.Mask); err != nil {
			return err
		}
		c.child.Endpoint = c.endpoint
	}
	if c.child.Mode != awsauth.None {
		source := cmp.Or(c.settings.SourceProfile, a.getenv("AWS_PROFILE"), a.getenv("AWS_DEFAULT_PROFILE"))
		if c.child.SharedFiles, err = a.sharedFiles().WithoutCredentials(private, source); err != nil {
			return err
		}
	}
	if profile {
		c.child.SharedFiles, err = a.withProfile(*c, private)
	}
	return err
}

// withProfile are the AWS configuration files with the profile of the setting aws-profile.
func (a *app) withProfile(c credentials, private string) (awsauth.SharedFiles, error) {
	profile := awsauth.Profile{
		Name: c.settings.Profile.Name, Overwrite: c.settings.Profile.Overwrite, Region: c.child.Region, Keys: c.child.Credentials,
	}
	if c.child.Mode != awsauth.Env {
		binary, err := os.Executable()
		if err != nil {
			return awsauth.SharedFiles{}, fmt.Errorf("find this program: %w", err)
		}
		profile.Process = []string{binary, "aws-credentials", "--url", c.endpoint.URL, "--token-file", c.endpoint.TokenFile}
	}
	files, users := c.child.SharedFiles, a.sharedFiles()
	files.Config, files.Credentials = cmp.Or(files.Config, users.Config), cmp.Or(files.Credentials, users.Credentials)
	return files.WithProfile(private, profile)
}

// sharedFiles are the AWS configuration files that the step would read.
func (a *app) sharedFiles() awsauth.SharedFiles {
	files := awsauth.SharedFiles{Config: a.getenv("AWS_CONFIG_FILE"), Credentials: a.getenv("AWS_SHARED_CREDENTIALS_FILE")}
	home, err := os.UserHomeDir()
	if err != nil {
		return files
	}
	files.Config = cmp.Or(files.Config, filepath.Join(home, ".aws", "config"))
	files.Credentials = cmp.Or(files.Credentials, filepath.Join(home, ".aws", "credentials"))
	return files
}

// variables are those to set for the step and those to remove from what it would inherit.
func (c credentials) variables(inherited []string) step.Variables {
	if c.child.RoleAssumed {
		set, remove := c.child.Environment(names(inherited))
		return step.Variables{Set: set, Remove: remove}
	}
	set := map[string]string{}
	if region := c.settings.Region; region != "" {
		set["AWS_REGION"], set["AWS_DEFAULT_REGION"] = region, region
	}
	if c.settings.SourceProfile != "" {
		set["AWS_PROFILE"] = c.settings.SourceProfile
	}
	return step.Variables{Set: set}
}

func (a *app) sayAssumed(c credentials) {
	who := c.session.Identity()
	name := who.ARN
	if c.settings.MaskAccount && who.Account != "" {
		a.console.Mask(who.Account)
		name = strings.ReplaceAll(name, who.Account, "***")
	}
	how := map[awsauth.ChildMode]string{
		awsauth.Refreshing: "the step gets its credentials from a local endpoint that renews them",
		awsauth.Env:        "the step gets its credentials as variables, which expire at " + who.Expires.UTC().Format("15:04 MST"),
		awsauth.None:       "the step uses its own credentials",
	}[c.child.Mode]
	if profile := c.settings.Profile.Name; profile != "" {
		how += ", and the role's in the profile " + profile
	}
	a.console.Say("aws: %s in %s; %s", name, who.Region, how)
	if removed := c.variables(a.Environ).Remove; len(removed) > 0 {
		a.console.Say("aws: removed from the step's environment: %s", strings.Join(removed, " "))
	}
	if c.child.SharedFiles != (awsauth.SharedFiles{}) && c.child.Mode != awsauth.None {
		a.console.Say("aws: the step gets copies of the AWS configuration files without the credentials of the default profile")
	}
}

// account is that of the role, or of existing credentials where it was asked for; empty: unknown.
func (c credentials) account() string {
	if c.session == nil {
		return ""
	}
	return c.session.Identity().Account
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

// access is how the job itself reaches stores and buckets: as the role, else with existing credentials.
func (c credentials) access(o store.Options) store.Options {
	o.AWS = func(ctx context.Context) (aws.Config, error) {
		return awsauth.Ambient(ctx, c.settings.SourceProfile, c.settings.Region, c.client)
	}
	if c.session != nil {
		o.AWS = func(context.Context) (aws.Config, error) { return c.session.Config(), nil }
		o.S3.Identity = c.session.Identity().ARN
	}
	o.S3.Config = o.AWS
	if c.client.Proxy != nil {
		o.S3.Proxy = c.client.Proxy
	}
	return o
}

// planned returns what the step would get, for --dry-run.
func planned(s settings.AWS, private string) credentials {
	return credentials{settings: s, child: awsauth.Child{
		Mode: awsauth.ChildMode(s.Credentials), Region: s.Region, RoleAssumed: s.Role.ARN != "", TokenVariable: s.Token.Variable,
		Endpoint:    &awsauth.Endpoint{URL: "http://127.0.0.1:<port>/credentials", TokenFile: filepath.Join(private, "aws", "aws-token")},
		Credentials: aws.Credentials{AccessKeyID: "<key>", SecretAccessKey: "<secret>", SessionToken: "<token>"},
	}}
}
