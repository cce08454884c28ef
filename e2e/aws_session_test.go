//go:build unix

package e2e_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/awstest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// onPullRequest is what GitHub says of a job on a pull request, with characters that STS does not take.
func onPullRequest() []string {
	return []string{
		"GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=octo/train", "GITHUB_WORKFLOW=build & train", "GITHUB_ACTION=__run", "GITHUB_ACTOR=dependabot[bot]",
		"GITHUB_SHA=c0ffee", "GITHUB_REF=refs/pull/7/merge", "GITHUB_EVENT_NAME=pull_request", "GITHUB_BASE_REF=main", "GITHUB_HEAD_REF=fix/a~b",
		"GITHUB_RUN_ID=42", "GITHUB_RUN_ATTEMPT=3", "GITHUB_JOB=fit", "GITHUB_TRIGGERING_ACTOR=octo",
	}
}

// chainCall is a call in a job that assumes the role with keys of a user.
func chainCall(t *testing.T) (*awstest.AWS, call) {
	t.Helper()
	cloud := awstest.New(t)
	cloud.STS.SetRole(awstest.Role{ARN: trainRole, Trust: awstest.TrustAccount(awstest.Account)})
	user := cloud.STS.AddUser(awstest.Account, "ci")
	return cloud, call{dir: t.TempDir(), env: append(onPullRequest(), "AWS_ACCESS_KEY_ID="+user.ID, "AWS_SECRET_ACCESS_KEY="+user.Secret,
		"MLOPS_ROLE_TO_ASSUME="+trainRole, "MLOPS_STS_ENDPOINT="+cloud.STS.URL, "AWS_REGION=eu-central-1")}
}

// TestSessionTags tags a session that is assumed with keys as the standard action does, and says who asks.
func TestSessionTags(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	cloud, c := chainCall(t)
	outputs := filepath.Join(c.dir, "out.env")
	e := s.call(t, c, "run", "--custom-tags", `{"team": "vision", "ticket": 12345678901234567890}`, "--transitive-tag-keys", "team",
		"--transitive-tag-keys", "Repository", "--transitive-tag-keys", "Nobody", "--outputs-file", outputs, "--", "true")
	e.says(t, 0, "transitive-tag-keys: this job has no session tag Nobody")
	asked := cloud.STS.Asked()
	tags, transitive := map[string]string{}, []string{}
	for name, value := range asked[0].Form {
		if member, ok := strings.CutSuffix(name, ".Key"); ok && strings.HasPrefix(name, "Tags.member.") {
			tags[value] = asked[0].Form[member+".Value"]
		}
		if strings.HasPrefix(name, "TransitiveTagKeys.member.") {
			transitive = append(transitive, value)
		}
	}
	want := map[string]string{
		"GitHub": "Actions", "Repository": "octo/train", "Workflow": "build _ train", "Action": "__run", "Actor": "dependabot_bot_", "Branch": "refs/pull/7/merge",
		"Commit": "c0ffee", "EventName": "pull_request", "BaseRef": "main", "HeadRef": "fix/a_b", "RunId": "42", "Job": "fit", "TriggeringActor": "octo",
		"team": "vision", "ticket": "12345678901234567890",
	}
	if !maps.Equal(tags, want) || len(transitive) != 2 {
		t.Errorf("session tags %v, transitive %v", tags, transitive)
	}
	if !strings.Contains(asked[0].Agent, "mlops-track/") || !strings.Contains(asked[0].Agent, "md/run_id#42 md/attempt#3") {
		t.Errorf("user agent %q", asked[0].Agent)
	}
	if text := readFile(t, outputs); !strings.Contains(text, "MLOPS_OUT_AWS_ACCOUNT_ID="+awstest.Account+"\n") {
		t.Errorf("outputs:\n%s", text)
	}
}

// TestNoSessionTagsWithAToken says that tags are not sent with an OIDC token, which has claims instead.
func TestNoSessionTagsWithAToken(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	cloud := newCloud(t)
	c := roleCall(t, cloud)
	outputs := filepath.Join(c.dir, "out.env")
	e := s.call(t, c, "run", "--custom-tags", `{"team": "vision"}`, "--mask-aws-account-id", "--outputs-file", outputs, "--", "true")
	e.says(t, 0, "custom-tags and transitive-tag-keys are not sent")
	for name := range cloud.STS.Asked()[0].Form {
		if strings.HasPrefix(name, "Tags") {
			t.Errorf("%s was sent", name)
		}
	}
	if text := readFile(t, outputs); strings.Contains(text, awstest.Account) {
		t.Errorf("the account that is to be hidden is in the outputs:\n%s", text)
	}
	for name, tags := range map[string]string{"no object": `["a"]`, "list as value": `{"a": []}`, "own key": `{"RunId": "1"}`, "characters": `{"a": "b*"}`} {
		e := s.call(t, roleCall(t, cloud), "run", "--custom-tags", tags, "--", "touch", "ran")
		if e.code != 2 || !strings.Contains(e.stderr, "custom-tags") {
			t.Errorf("%s: code %d\n%s", name, e.code, e.stderr)
		}
	}
}

// profileStep prints the identity of the credentials that boto3 finds in a profile, and by default.
const profileStep = `
import sys, boto3
for name in sys.argv[1:]:
    session = boto3.Session(profile_name=name) if name != "-" else boto3.Session()
    print(name, session.region_name, session.get_credentials().get_frozen_credentials().access_key)
`

// TestProfileOfTheStep gives the step the role's credentials in a profile, as the standard action does, and leaves all others as they are.
func TestProfileOfTheStep(t *testing.T) {
	t.Parallel()
	s, python := newStories(t), testenv.AWSPython(t)
	const users = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = d\n\n[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = w\n"
	home := func(t *testing.T, c *call) string {
		t.Helper()
		file := filepath.Join(c.dir, "aws-credentials")
		writeFile(t, file, users)
		c.env = append(c.env, "AWS_SHARED_CREDENTIALS_FILE="+file, "AWS_CONFIG_FILE="+filepath.Join(c.dir, "none"), "AWS_DEFAULT_REGION=eu-central-1")
		return file
	}
	for name, test := range map[string]struct {
		args []string
		want []string // of each line
	}{
		"a profile":       {[]string{"--aws-profile", "train"}, []string{"train eu-central-1 ASIA", "work eu-central-1 AKIAWORK", "- eu-central-1 AKIADEFAULT"}},
		"overwrites":      {[]string{"--aws-profile", "work", "--overwrite-aws-profile"}, []string{"work eu-central-1 ASIA", "- eu-central-1 AKIADEFAULT"}},
		"and everywhere":  {[]string{"--aws-profile", "train", "--aws-credentials", "refreshing"}, []string{"train eu-central-1 ASIA", "work eu-central-1 AKIAWORK", "- eu-central-1 ASIA"}},
		"once, in files":  {[]string{"--aws-profile", "train", "--aws-credentials", "env"}, []string{"train eu-central-1 ASIA", "- eu-central-1 ASIA"}},
		"the default one": {[]string{"--aws-profile", "default", "--overwrite-aws-profile"}, []string{"default eu-central-1 ASIA", "work eu-central-1 AKIAWORK"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			c := roleCall(t, cloud)
			file := home(t, &c)
			args := append(append([]string{"run"}, test.args...), "--", python, "-c", profileStep)
			for _, line := range test.want {
				name, _, _ := strings.Cut(line, " ")
				args = append(args, name)
			}
			e := s.call(t, c, args...)
			lines := strings.Split(strings.TrimSpace(e.stdout), "\n")
			for i, want := range test.want {
				if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
					t.Errorf("code %d, want %q:\n%s%s", e.code, want, e.stdout, e.stderr)
				}
			}
			if text := readFile(t, file); text != users {
				t.Errorf("the user's file was changed:\n%s", text)
			}
			noSecrets(t, c.dir, ended{stderr: e.stderr}, cloud.Secrets())
		})
	}
	for name, test := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"exists":      {[]string{"--aws-profile", "work"}, 1, []string{`aws-profile "work" exists in`, "overwrite-aws-profile", "source-profile"}},
		"no role":     {[]string{"--aws-profile", "train", "--role-to-assume", ""}, 2, []string{"role-to-assume is not set", "source-profile"}},
		"a bad name":  {[]string{"--aws-profile", "a]b"}, 2, []string{`aws-profile "a]b" must be a name without`}},
		"a long line": {[]string{"--aws-profile", "a\nb"}, 2, []string{`aws-profile "a\nb" contains the character`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := roleCall(t, newCloud(t))
			home(t, &c)
			if slices.Contains(test.args, "") {
				c.env = append(c.env, "MLOPS_ROLE_TO_ASSUME=")
			}
			s.call(t, c, append(append([]string{"run"}, test.args...), "--", "touch", "ran")...).says(t, test.code, test.says...)
			if _, err := os.Stat(filepath.Join(c.dir, "ran")); err == nil {
				t.Error("the step ran")
			}
		})
	}
}

// TestSourceProfile assumes the role with the keys of a profile, although there is a token.
func TestSourceProfile(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	cloud := newCloud(t)
	cloud.STS.SetRole(awstest.Role{ARN: trainRole, Trust: awstest.TrustAccount(awstest.Account)})
	user := cloud.STS.AddUser(awstest.Account, "work")
	c := roleCall(t, cloud)
	file := filepath.Join(c.dir, "aws-credentials")
	writeFile(t, file, "[work]\naws_access_key_id = "+user.ID+"\naws_secret_access_key = "+user.Secret+"\n")
	c.env = append(c.env, "AWS_SHARED_CREDENTIALS_FILE="+file)
	s.call(t, c, "run", "--source-profile", "work", "--", "true").says(t, 0, "assumed-role/train/GitHubActions")
	if asked := cloud.STS.Asked(); asked[0].Action != "AssumeRole" || asked[0].Auth != user.ID {
		t.Errorf("asked %+v", asked[0])
	}
	s.call(t, c, "run", "--source-profile", "none", "--", "true").says(t, 1, "source-profile must be in the AWS configuration files")
}

// TestAWSThroughAProxy reaches STS by the proxy of the settings, and the endpoint of the step without.
func TestAWSThroughAProxy(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	cloud := newCloud(t)
	target, err := url.Parse(cloud.STS.URL)
	if err != nil {
		t.Fatal(err)
	}
	var hosts atomic.Pointer[string]
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		host := r.In.Host
		hosts.Store(&host)
		r.SetURL(target)
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }})
	t.Cleanup(proxy.Close)
	c := roleCall(t, cloud)
	c.env = append(c.env, "MLOPS_STS_ENDPOINT=http://sts.example.invalid")
	e := s.call(t, c, "run", "--http-proxy", proxy.URL, "--", "sh", "-c",
		`curl -sf -H "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | grep -q ASIA`)
	e.says(t, 0, "assumed-role/train")
	if host := hosts.Load(); host == nil || *host != "sts.example.invalid" {
		t.Errorf("through the proxy went %v", host)
	}
	c.env = append(c.env, "MLOPS_STS_ENDPOINT="+strings.Replace(cloud.STS.URL, "127.0.0.1", "localhost", 1))
	s.call(t, c, "run", "--http-proxy", "http://127.0.0.1:9", "--", "true").says(t, 0, "assumed-role/train")
	s.call(t, c, "run", "--http-proxy", "http://me:pa55word@:x", "--", "true").says(t, 2, "http-proxy must have the form")
}
