package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/doctor"
	"github.com/Iyalvan/mlops-track/internal/cli"
	"github.com/Iyalvan/mlops-track/internal/test/awstest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// The command looks at the same settings as run does, tells no secret, and hides the account.
func TestDoctorOfAGitHubJob(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	cloud := awstest.New(t)
	const role = "arn:aws:iam::" + awstest.Account + ":role/train"
	cloud.STS.SetRole(awstest.Role{ARN: role, Trust: cloud.Issuer.Trust(awstest.Account, "repo:octo/train:*")})
	environ := append(cloud.Issuer.GitHub(), "GITHUB_ACTIONS=true", "PATH="+filepath.Dir(testenv.Python(t, 3)),
		"MLOPS_TRACKING_URI="+testenv.Server(t, 3), "MLOPS_ROLE_TO_ASSUME="+role, "MLOPS_MASK_AWS_ACCOUNT_ID=true")
	t.Setenv("PATH", filepath.Dir(testenv.Python(t, 3)))

	call := func(args ...string) (int, string) {
		out, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		code := cli.Main(context.Background(), cli.Process{
			Args: append([]string{"doctor", "--aws-region", "eu-west-1", "--sts-endpoint", cloud.STS.URL}, args...), Environ: environ,
			Dir: t.TempDir(), Stdin: os.Stdin, Stdout: out, Stderr: os.Stderr, Version: "test",
		})
		text, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return code, string(text)
	}
	code, text := call()
	var got []string
	for line := range strings.Lines(text) {
		got = append(got, strings.Join(strings.Fields(line)[:2], " "))
	}
	const want = "ok token, ok claims, ok role, ok region, ok clock, ok server, ok auth, ok artifacts, ok python"
	if all := strings.Join(got, ", "); code != 0 || all != want {
		t.Errorf("exit code %d, %s\n%s", code, all, text)
	}
	for _, secret := range append(cloud.Secrets(), awstest.Account) {
		if strings.Contains(text, secret) {
			t.Errorf("%q is told:\n%s", secret, text)
		}
	}

	cloud.Issuer.SetClaims(map[string]any{"sub": "repo:octo/other:ref:refs/heads/main"})
	var answer struct {
		OK     bool
		Checks []doctor.Finding
	}
	code, text = call("--json")
	if err := json.Unmarshal([]byte(text), &answer); err != nil || code != 1 || answer.OK || answer.Checks[2].Level != doctor.Fail {
		t.Errorf("exit code %d, %v\n%s", code, err, text)
	}
}
