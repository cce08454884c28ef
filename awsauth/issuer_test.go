package awsauth

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

const trainRole = "arn:aws:iam::123456789012:role/ci/train"

// ownAWS takes the machine's AWS settings out of the test.
func ownAWS(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

// signIn makes a key the ambient one.
func signIn(t *testing.T, key awstest.Key) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", key.ID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", key.Secret)
	t.Setenv("AWS_SESSION_TOKEN", key.Token)
}

// getenv looks variables up in NAME=value.
func getenv(environ []string) func(string) string {
	return func(name string) string {
		for _, variable := range environ {
			if value, ok := strings.CutPrefix(variable, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

// newAWS starts an AWS with the role that the issuer's tokens may assume, and options that do.
func newAWS(t *testing.T) (*awstest.AWS, Options) {
	t.Helper()
	ownAWS(t)
	cloud := awstest.New(t)
	cloud.STS.SetRole(awstest.Role{ARN: trainRole, Trust: cloud.Issuer.Trust(awstest.Account, "repo:octo/train:*")})
	return cloud, Options{
		Role:        Role{ARN: trainRole, SessionName: "run-7"},
		Tokens:      GitHubTokens(getenv(cloud.Issuer.GitHub()), "", nil),
		STSEndpoint: cloud.STS.URL,
	}
}

// prompt is an issuer that does not wait long.
func prompt(t *testing.T, opts Options) *issuer {
	t.Helper()
	i, err := newIssuer(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	i.pace = pace{attempts: 8, timeout: 2 * time.Second, backoff: retry.Backoff{First: 2 * time.Millisecond, Max: 10 * time.Millisecond}}
	return i
}

func TestWebIdentity(t *testing.T) {
	cloud, opts := newAWS(t)
	signIn(t, cloud.STS.AddUser(awstest.Account, "somebody"))
	var told []string
	opts.Secret = func(secret string) { told = append(told, secret) }
	opts.Role.ExternalID = "external"
	opts.Role.Tags.Job = []Tag{{"Repository", "octo/train"}}
	opts.Role.Policy = `{ "Version": "2012-10-17", "Statement": [] }`
	opts.Role.PolicyARNs = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}
	opts.AllowedAccounts = []string{"999999999999", awstest.Account}

	creds, who, err := prompt(t, opts).issue(t.Context(), 20*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	key, known := cloud.STS.Lookup(creds.AccessKeyID)
	if !known || key.Secret != creds.SecretAccessKey || key.Token != creds.SessionToken {
		t.Errorf("STS did not make these credentials: %+v", creds)
	}
	if !creds.CanExpire || !creds.Expires.Equal(key.Expires.Truncate(time.Second)) || creds.AccountID != awstest.Account {
		t.Errorf("credentials end at %v in account %q, STS says %v", creds.Expires, creds.AccountID, key.Expires)
	}
	want := Identity{
		ARN:     "arn:aws:sts::123456789012:assumed-role/train/run-7",
		Account: awstest.Account, Region: "us-east-1", Expires: creds.Expires,
	}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	asked := cloud.STS.Asked()
	if len(asked) != 1 || asked[0].Auth != "" {
		t.Fatalf("asked %+v, want one call that nobody signed", asked)
	}
	token := asked[0].Form["WebIdentityToken"]
	delete(asked[0].Form, "WebIdentityToken")
	if diff := cmp.Diff(map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "DurationSeconds": "1200",
		"RoleArn": trainRole, "RoleSessionName": "run-7", "Policy": `{"Version":"2012-10-17","Statement":[]}`,
		"PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
	}, asked[0].Form); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if want := []string{token, creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken}; !slices.Equal(told, want) {
		t.Errorf("told the secrets %q, want %q", told, want)
	}
}

// Credentials that are there and broken are no business of who has a token.
func TestTokenNeedsNoOtherCredentials(t *testing.T) {
	_, opts := newAWS(t)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/not/loopback")
	if _, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil {
		t.Error(err)
	}
}

func TestAssumeRole(t *testing.T) {
	cloud, opts := newAWS(t)
	user := cloud.STS.AddUser(awstest.Account, "ci")
	const other = "arn:aws:iam::210987654321:role/deploy"
	cloud.STS.SetRole(awstest.Role{ARN: trainRole, Trust: awstest.TrustAccount(awstest.Account)})
	cloud.STS.SetRole(awstest.Role{ARN: other, MaxDuration: 12 * time.Hour, Trust: `{"Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": {"AWS": "arn:aws:iam::123456789012:role/train"}, "Condition": {"StringEquals": {"sts:ExternalId": "e-1"}}}`})
	opts.Tokens = nil

	t.Run("with ambient keys and session tags", func(t *testing.T) {
		signIn(t, user)
		opts.Role.Tags.Job = GitHubTags(Job{Repository: "octo/train", Workflow: "build & test"})
		creds, who, err := prompt(t, opts).issue(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		key, _ := cloud.STS.Lookup(creds.AccessKeyID)
		want := map[string]string{"GitHub": "Actions", "Repository": "octo/train", "Workflow": "build _ test"}
		if diff := cmp.Diff(want, key.Tags); diff != "" || who.Account != awstest.Account {
			t.Errorf("account %s, session tags (-want +got):\n%s", who.Account, diff)
		}
		signIn(t, key)
		t.Run("chained", func(t *testing.T) {
			opts.Role = Role{ARN: other, ExternalID: "e-1", Chained: true}
			_, who, err := prompt(t, opts).issue(t.Context(), time.Hour)
			if err != nil || who.ARN != "arn:aws:sts::210987654321:assumed-role/deploy/mlops-track" {
				t.Errorf("is %+v, %v", who, err)
			}
			if _, _, err := prompt(t, opts).issue(t.Context(), 2*time.Hour); !durationTooLong(err) {
				t.Errorf("2 h: %v, want that the duration is too long", err)
			}
		})
	})
	t.Run("by its name", func(t *testing.T) {
		signIn(t, user)
		opts.Role = Role{ARN: "ci/train"}
		i := prompt(t, opts)
		for range 2 {
			if _, who, err := i.issue(t.Context(), 0); err != nil || !strings.Contains(who.ARN, "assumed-role/train/") {
				t.Errorf("is %+v, %v", who, err)
			}
		}
		if n := cloud.STS.Count("GetCallerIdentity"); n != 1 {
			t.Errorf("asked %d times for the identity, want once", n)
		}
	})
	t.Run("with a profile, not the environment", func(t *testing.T) {
		signIn(t, awstest.Key{ID: "AKIAUNKNOWN", Secret: "unknown"})
		files := filepath.Join(t.TempDir(), "credentials")
		text := "[work]\naws_access_key_id = " + user.ID + "\naws_secret_access_key = " + user.Secret + "\n"
		if err := os.WriteFile(files, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("AWS_SHARED_CREDENTIALS_FILE", files)
		opts.Role, opts.Profile = Role{ARN: trainRole}, "work"
		if _, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil {
			t.Error(err)
		}
	})
}

func TestAmbientCredentials(t *testing.T) {
	cloud, opts := newAWS(t)
	user := cloud.STS.AddUser(awstest.Account, "ci")
	opts.Role, opts.Tokens = Role{}, nil
	_, _, err := prompt(t, opts).issue(t.Context(), 0)
	if err == nil || !strings.Contains(hint.Of(err), "id-token: write") {
		t.Errorf("without any: %v, hint %q", err, hint.Of(err))
	}
	signIn(t, user)
	if creds, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil || creds.AccessKeyID != user.ID {
		t.Errorf("got %q, %v", creds.AccessKeyID, err)
	}
	if n := cloud.STS.Count("GetCallerIdentity"); n != 0 {
		t.Errorf("asked %d times whose they are, though that decides nothing", n)
	}
	opts.AllowedAccounts = []string{awstest.Account}
	if _, who, err := prompt(t, opts).issue(t.Context(), 0); err != nil || who.ARN != user.ARN {
		t.Errorf("is %+v, %v", who, err)
	}
	opts.AllowedAccounts = []string{"999999999999"}
	_, _, err = prompt(t, opts).issue(t.Context(), 0)
	if err == nil || !strings.Contains(err.Error(), "123456789012, not in 999999999999") || !strings.Contains(hint.Of(err), "allowed-account-ids") {
		t.Errorf("another account: %v", err)
	}
}

// A test's STS can lie about who was assumed, so the answer's own ARN counts, not the role's.
func TestAccountOfTheAnswer(t *testing.T) {
	_, opts := newAWS(t)
	i := prompt(t, opts)
	i.opts.AllowedAccounts = []string{"999999999999"} // past the check of the role's ARN
	creds, _, err := i.issue(t.Context(), 0)
	if err == nil || creds.HasKeys() || !strings.Contains(err.Error(), "account 123456789012, not in 999999999999") {
		t.Errorf("got %v, error %v", creds.HasKeys(), err)
	}
}

func TestRegion(t *testing.T) {
	tests := map[string]struct {
		role, region, ambient string
		want, fault           string
	}{
		"given":              {trainRole, "eu-west-1", "us-west-2", "eu-west-1", ""},
		"ambient":            {trainRole, "", "us-west-2", "us-west-2", ""},
		"default":            {trainRole, "", "", "us-east-1", ""},
		"China":              {"arn:aws-cn:iam::123456789012:role/r", "", "", "cn-north-1", ""},
		"GovCloud":           {"arn:aws-us-gov:iam::123456789012:role/r", "", "", "us-gov-west-1", ""},
		"MinIO":              {"arn:minio:iam:::role/r", "", "eu-west-1", "eu-west-1", ""},
		"other partition":    {"arn:aws-cn:iam::123456789012:role/r", "us-west-2", "", "", "AWS China"},
		"ambient is not its": {"arn:aws:iam::123456789012:role/r", "", "us-gov-east-1", "", "GovCloud"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ownAWS(t)
			t.Setenv("AWS_REGION", test.ambient)
			i, err := newIssuer(t.Context(), Options{Role: Role{ARN: test.role}, Region: test.region, Tokens: VariableToken("T", "t")})
			switch {
			case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)):
				t.Errorf("error %v, want one with %q", err, test.fault)
			case test.fault == "" && err != nil:
				t.Error(err)
			case test.fault == "" && i.config.Region != test.want:
				t.Errorf("region %q, want %q", i.config.Region, test.want)
			}
		})
	}
}

// A clock that is off does not shorten or lengthen the life of keys, as everybody here looks at the same clock.
func TestSkewOfAWorkingClock(t *testing.T) {
	cloud, opts := newAWS(t)
	for _, ahead := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		cloud.STS.SetClock(-ahead)
		cloud.Issuer.SetClock(-ahead)
		creds, _, err := prompt(t, opts).issue(t.Context(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(creds.Expires); (left - time.Hour).Abs() > 10*time.Second {
			t.Errorf("this clock is %v ahead: keys last %v, want 1h", ahead, left)
		}
	}
}

func TestPaceStopsWithItsContext(t *testing.T) {
	p := pace{attempts: 8, timeout: time.Minute, backoff: retry.Backoff{First: time.Minute, Max: time.Minute}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	attempts, err := p.try(ctx, func(context.Context) error { return &tokenError{what: "no", again: temporary} })
	if attempts != 1 || err == nil || ctx.Err() != nil {
		t.Errorf("%d attempts, %v, context %v: want one at once, as a minute does not fit", attempts, err, ctx.Err())
	}
}
