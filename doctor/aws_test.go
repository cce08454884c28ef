package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/doctor"
	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

const role = "arn:aws:iam::123456789012:role/train"

// inGitHub is what a GitHub job that may ask for tokens looks at, with an AWS of its own.
func inGitHub(t *testing.T) (*awstest.AWS, doctor.AWS, *awsauth.Options) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	cloud := awstest.New(t)
	cloud.STS.SetRole(awstest.Role{ARN: role, Trust: cloud.Issuer.Trust(awstest.Account, "repo:octo/train:*")})
	getenv := func(name string) string { return environ.Get(cloud.Issuer.GitHub(), name) }
	options := &awsauth.Options{
		Role: awsauth.Role{ARN: role, SessionName: "GitHubActions", Duration: time.Hour}, Region: "eu-west-1",
		STSEndpoint: cloud.STS.URL, Tokens: awsauth.GitHubTokens(getenv, "", nil),
	}
	return cloud, doctor.AWS{
		Token:  func(ctx context.Context) (string, error) { return options.Tokens.Token(ctx) },
		Source: "GitHub", Audience: awsauth.DefaultAudience, Role: role, Duration: time.Hour, Needed: true, Now: time.Now,
		Identity: func(ctx context.Context) (awsauth.Identity, error) {
			session, err := awsauth.Start(ctx, *options)
			if err != nil {
				return awsauth.Identity{}, err
			}
			session.Stop()
			return session.Identity(), nil
		},
	}, options
}

func TestRoleFromGitHub(t *testing.T) {
	cloud, aws, _ := inGitHub(t)
	aws.Policy, aws.Policies = `{"Version":"2012-10-17","Statement":[]}`, []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
	found, good := examine(t, aws.Checks()...)
	if !good || len(found) != 5 {
		t.Errorf("%d checks, good: %t", len(found), good)
	}
	expect(t, found["token"], doctor.OK, "from GitHub", "")
	expect(t, found["claims"], doctor.OK, "iss "+cloud.Issuer.URL+", sub repo:octo/train:ref:refs/heads/main, aud sts.amazonaws.com, valid for ", "")
	expect(t, found["role"], doctor.OK, "arn:aws:sts::123456789012:assumed-role/train/GitHubActions, valid for 1h0m0s", "")
	expect(t, found["policy"], doctor.OK, "inline, 39 of 2048 characters, 1 managed", "")
	expect(t, found["region"], doctor.OK, "eu-west-1", "")
	text, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range cloud.Secrets() {
		if strings.Contains(string(text), secret) {
			t.Errorf("a secret is in %s", text)
		}
	}
}

func TestRoleThatCannotBeAssumed(t *testing.T) {
	t.Run("not permitted", func(t *testing.T) {
		_, aws, options := inGitHub(t)
		options.Tokens = awsauth.GitHubTokens(func(name string) string { return map[string]string{"GITHUB_ACTIONS": "true"}[name] }, "", nil)
		found, good := examine(t, aws.Checks()...)
		expect(t, found["token"], doctor.Fail, "id-token: write", "permissions:\n    id-token: write")
		expect(t, found["role"], doctor.Skip, "because of token", "")
		if good {
			t.Error("a run can start")
		}
	})
	t.Run("not trusted", func(t *testing.T) {
		cloud, aws, _ := inGitHub(t)
		cloud.Issuer.SetClaims(map[string]any{"sub": "repo:other/train:ref:refs/heads/main"})
		found, _ := examine(t, aws.Checks()...)
		expect(t, found["claims"], doctor.OK, "sub repo:other/train", "")
		expect(t, found["role"], doctor.Fail, "AccessDenied", "repo:other/train")
		expect(t, found["region"], doctor.Skip, "because of role", "")
	})
	t.Run("shorter than asked", func(t *testing.T) {
		cloud, aws, _ := inGitHub(t)
		cloud.STS.SetLife(20 * time.Minute)
		found, good := examine(t, aws.Checks()...)
		expect(t, found["role"], doctor.Warn, "valid for 20m0s instead of 1h0m0s", "Maximum session duration")
		if !good {
			t.Error("a run cannot start")
		}
	})
	t.Run("other account", func(t *testing.T) {
		_, aws, options := inGitHub(t)
		options.AllowedAccounts = []string{"999999999999"}
		found, _ := examine(t, aws.Checks()...)
		expect(t, found["role"], doctor.Fail, "999999999999", "")
	})
}

func TestClaims(t *testing.T) {
	t.Parallel()
	issuer := awstest.NewIssuer(t)
	for name, c := range map[string]struct {
		token     string
		level     doctor.Level
		text, fix string
	}{
		"ended":    {issuer.Mint("sts.amazonaws.com", map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), doctor.Fail, "expired 1h0m", "earlier in the job"},
		"audience": {issuer.Mint("vault", nil), doctor.Warn, `not "sts.amazonaws.com"`, "request the token for"},
		"no sub":   {issuer.Mint("sts.amazonaws.com", map[string]any{"sub": nil}), doctor.Fail, "sub ,", "iss, sub and exp"},
		"no exp":   {issuer.Mint("sts.amazonaws.com", map[string]any{"exp": nil}), doctor.Fail, "aud sts", "iss, sub and exp"},
		"no token": {"s3cret", doctor.Fail, "not a JSON Web Token", "MLOPS_ID_TOKEN must hold an OIDC token"},
	} {
		found, _ := examine(t, doctor.AWS{
			Token: func(context.Context) (string, error) { return c.token, nil }, Source: "MLOPS_ID_TOKEN", Audience: "sts.amazonaws.com", Needed: true,
			Identity: func(context.Context) (awsauth.Identity, error) { return awsauth.Identity{Region: "eu-west-1"}, nil }, Now: time.Now,
		}.Checks()...)
		t.Log(name)
		expect(t, found["claims"], c.level, c.text, c.fix)
		if strings.Contains(found["claims"].Text, c.token) {
			t.Errorf("%s: the token is told", name)
		}
	}
}

func TestCredentialsAtHand(t *testing.T) {
	t.Parallel()
	none := func(context.Context) (awsauth.Identity, error) {
		return awsauth.Identity{}, errors.New("find AWS credentials: none")
	}
	found, good := examine(t, doctor.AWS{Now: time.Now}.Checks()...) // nobody looks
	expect(t, found["role"], doctor.OK, "no role configured", "")
	if !good || len(found) != 1 {
		t.Error("without need of AWS a run cannot start")
	}
	found, good = examine(t, doctor.AWS{Identity: none, Needed: true, Now: time.Now}.Checks()...)
	expect(t, found["role"], doctor.Fail, "find AWS credentials", "")
	if good {
		t.Error("a run can start")
	}
	found, _ = examine(t, doctor.AWS{
		Needed: true, Now: time.Now, Identity: func(context.Context) (awsauth.Identity, error) { return awsauth.Identity{}, nil },
	}.Checks()...)
	expect(t, found["region"], doctor.Fail, "no region configured", "aws-region")
}

func TestSessionPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		`{"Version":"2012-10-17"}`: "no Statement",
		`nonsense`:                 "not an IAM policy",
		`{"Statement":[{"Sid":"` + strings.Repeat("x", 2048) + `"}]}`: "AWS allows 2048",
	} {
		found, _ := examine(t, doctor.AWS{
			Policy: policy, Needed: true, Now: time.Now, Identity: func(context.Context) (awsauth.Identity, error) { return awsauth.Identity{}, nil },
		}.Checks()...)
		if f := found["policy"]; f.Level != doctor.Fail || !strings.Contains(f.Text, want) || f.Fix == "" {
			t.Errorf("%.40s: %+v", policy, f)
		}
	}
}
