//go:build unix

package e2e_test

import (
	"context"
	"encoding/base64"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Iyalvan/mlops-track/internal/test/awstest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

const trainRole = "arn:aws:iam::" + awstest.Account + ":role/train"

// roleCall is a call in a GitHub-shaped job that assumes a role of cloud.
func roleCall(t *testing.T, cloud *awstest.AWS) call {
	t.Helper()
	env := append(cloud.Issuer.GitHub(), "GITHUB_REPOSITORY=octo/train", "GITHUB_RUN_ID=42", "GITHUB_JOB=train",
		"MLOPS_ROLE_TO_ASSUME="+trainRole, "MLOPS_STS_ENDPOINT="+cloud.STS.URL, "AWS_REGION=eu-central-1")
	return call{dir: t.TempDir(), env: env}
}

func newCloud(t *testing.T) *awstest.AWS {
	t.Helper()
	cloud := awstest.New(t)
	cloud.STS.SetRole(awstest.Role{ARN: trainRole, Trust: cloud.Issuer.Trust(awstest.Account, "repo:octo/train:*")})
	return cloud
}

// noSecrets asks for all that a job printed and wrote, and finds none of the secrets in it. The masks that GitHub's runner
// swallows are left out.
func noSecrets(t *testing.T, dir string, e ended, secrets []string) {
	t.Helper()
	texts := map[string]string{"standard output": e.stdout}
	var log strings.Builder
	for line := range strings.Lines(e.stderr) {
		if !strings.HasPrefix(line, "::add-mask::") {
			log.WriteString(line)
		}
	}
	texts["the log"] = log.String()
	maps.Copy(texts, tree(t, dir))
	for where, text := range texts {
		for _, secret := range secrets {
			for _, form := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))} {
				if strings.Contains(text, form) {
					t.Errorf("%s holds the secret %.12s...", where, secret)
				}
			}
		}
	}
}

// TestRoleForTheStep gets a role by GitHub's token and hands it to the step: by the endpoint, as variables, or not at all.
func TestRoleForTheStep(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	for mode, step := range map[string]string{
		"refreshing": `test -z "$AWS_ACCESS_KEY_ID$AWS_PROFILE" && test $(stat -c %a "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") = 600 &&
			curl -sf -H "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | grep -q ASIA &&
			! curl -sf -H "Authorization: guess" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"`,
		"env":  `case $AWS_ACCESS_KEY_ID in ASIA*) test -n "$AWS_SESSION_TOKEN$AWS_SECRET_ACCESS_KEY";; *) false;; esac`,
		"none": `test "$AWS_ACCESS_KEY_ID" = AKIAOLD -a -z "$AWS_CONTAINER_CREDENTIALS_FULL_URI"`,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			c := roleCall(t, cloud)
			c.env = append(c.env, "AWS_ACCESS_KEY_ID=AKIAOLD", "AWS_SECRET_ACCESS_KEY=old", "AWS_PROFILE=old")
			e := s.call(t, c, "run", "--aws-credentials", mode, "--", "sh", "-c",
				`test -z "$ACTIONS_ID_TOKEN_REQUEST_TOKEN$ACTIONS_ID_TOKEN_REQUEST_URL" && test $AWS_REGION = eu-central-1 && `+step)
			e.says(t, 0, "aws: arn:aws:sts::"+awstest.Account+":assumed-role/train/GitHubActions in eu-central-1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
			noSecrets(t, c.dir, e, cloud.Secrets())
			if got := cloud.STS.Asked(); len(got) != 1 || got[0].Action != "AssumeRoleWithWebIdentity" || got[0].Auth != "" {
				t.Errorf("STS was asked %v", got)
			}
			if n := strings.Count(e.stderr, "::add-mask::"); n < 3 {
				t.Errorf("%d secrets are masked:\n%s", n, e.stderr)
			}
		})
	}
}

// TestRolesThatAreRefused ends a job before its step, with what is wrong and what to do.
func TestRolesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	for name, test := range map[string]struct {
		change func(*awstest.AWS, *call)
		args   []string
		code   int
		says   []string
	}{
		"no permission": {
			change: func(_ *awstest.AWS, c *call) {
				c.env = append(c.env, "ACTIONS_ID_TOKEN_REQUEST_URL=", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=")
			},
			code: 1, says: []string{"id-token: write", "permissions:"},
		},
		"wrong subject": {
			change: func(cloud *awstest.AWS, _ *call) {
				cloud.Issuer.SetClaims(map[string]any{"sub": "repo:octo/other:ref:refs/heads/main", "repository": "octo/other"})
			},
			code: 1, says: []string{"AssumeRoleWithWebIdentity", "repo:octo/other:ref:refs/heads/main", "repo:octo@65/other@74:ref:refs/heads/main", `"Federated"`},
		},
		"wrong audience": {args: []string{"--audience", "https://github.com/octo"}, code: 1, says: []string{"https://github.com/octo", "audience"}},
		"expired token":  {change: func(cloud *awstest.AWS, _ *call) { cloud.Issuer.SetLife(-time.Hour) }, code: 1, says: []string{"xpired"}},
		"clock 10 minutes off": {
			change: func(cloud *awstest.AWS, _ *call) { cloud.Issuer.SetClock(10 * time.Minute) }, code: 1, says: []string{"clock"},
		},
		"GitHub rejects the request": {
			change: func(cloud *awstest.AWS, _ *call) {
				cloud.Issuer.FailAlways(awstest.Fault{Status: 403, Message: "token request is forbidden here"})
			},
			code: 1, says: []string{"403", "token request is forbidden here"},
		},
		"account not allowed": {args: []string{"--allowed-account-ids", "999999999999"}, code: 2, says: []string{"999999999999", awstest.Account}},
		"bad settings": {
			args: []string{"--role-duration-seconds", "60", "--inline-session-policy", "{"}, code: 2,
			says: []string{"60", "inline-session-policy is not a JSON object"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			c := roleCall(t, cloud)
			if test.change != nil {
				test.change(cloud, &c)
			}
			e := s.call(t, c, append(append([]string{"run"}, test.args...), "--", "touch", "ran")...)
			e.says(t, test.code, test.says...)
			noSecrets(t, c.dir, e, cloud.Secrets())
			if _, err := os.Stat(filepath.Join(c.dir, "ran")); err == nil {
				t.Error("the step ran")
			}
		})
	}
}

// TestSTSInTrouble gets a role from an STS and an issuer that fail for a while, with a fresh token for each attempt.
func TestSTSInTrouble(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	cloud := newCloud(t)
	cloud.Issuer.Fail(awstest.Fault{Status: 503, Message: "try again"})
	cloud.STS.Fail(awstest.Throttled(), awstest.IDPUnreached())
	e := s.call(t, roleCall(t, cloud), "run", "--", "true")
	e.says(t, 0, "assumed-role/train")
	if tokens := cloud.Issuer.Count("token"); tokens != 4 {
		t.Errorf("%d tokens were asked for, want one for each of 4 attempts", tokens)
	}
}

// TestObjectByToken takes a GitHub-shaped and a GitLab-shaped job from a token to an object in a bucket of MinIO, which
// checks the token's signature, with nothing but the role.
func TestObjectByToken(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	issuer := awstest.NewIssuer(t)
	server, stop := testenv.StartMinIO(t, testenv.S3Options{Issuer: issuer.URL})
	t.Cleanup(stop)
	tracking, stopTracking := testenv.Start(t, 3, testenv.Options{
		Args: []string{"--no-serve-artifacts", "--default-artifact-root", "s3://" + server.Bucket(t) + "/mlflow"},
	})
	t.Cleanup(stopTracking)
	for name, env := range map[string][]string{
		"GitHub": issuer.GitHub(),
		"GitLab": {"GITLAB_CI=true", "CI_PROJECT_PATH=octo/train", "MLOPS_ID_TOKEN=" + issuer.Mint("sts.amazonaws.com", map[string]any{"sub": "project_path:octo/train"})},
	} {
		t.Run(name, func(t *testing.T) {
			c := call{dir: t.TempDir(), env: append(env, "MLOPS_ROLE_TO_ASSUME="+server.RoleARN, "MLOPS_STS_ENDPOINT="+server.URL,
				"AWS_REGION="+server.Region, "MLFLOW_S3_ENDPOINT_URL="+server.URL, "MLFLOW_TRACKING_URI="+tracking)}
			outputs := filepath.Join(c.dir, "out.env")
			e := s.call(t, c, "run", "--experiment", t.Name(), "--artifacts", "model.txt", "--outputs-file", outputs, "--", "sh", "-c", "echo weights > model.txt")
			e.says(t, 0, "1 artifact")
			text, err := os.ReadFile(outputs)
			if err != nil {
				t.Fatal(err)
			}
			_, location, _ := strings.Cut(string(text), "MLOPS_OUT_ARTIFACT_URI=s3://")
			location, _, _ = strings.Cut(location, "\n")
			bucket, key, _ := strings.Cut(location, "/")
			object, err := server.Client().GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key + "/model.txt")})
			if err != nil {
				t.Fatal(err)
			}
			defer object.Body.Close()
			if body, _ := io.ReadAll(object.Body); string(body) != "weights\n" {
				t.Errorf("the object is %q", body)
			}
			noSecrets(t, c.dir, e, issuer.Secrets())
		})
	}
}
