//go:build unix

package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// TestRoleFromAnotherRole assumes a role from existing credentials, and a further one from those: the step of the first job is
// a job of its own. The STS is moto's, so that the ARNs are not of our making.
func TestRoleFromAnotherRole(t *testing.T) {
	t.Parallel()
	s, sts := newStories(t), testenv.Moto(t)
	for _, c := range []struct{ region, partition string }{
		{"eu-central-1", "aws"}, {"cn-north-1", "aws-cn"}, {"us-gov-west-1", "aws-us-gov"},
	} {
		t.Run(c.partition, func(t *testing.T) {
			t.Parallel()
			role := func(name string) string { return "arn:" + c.partition + ":iam::123456789012:role/" + name }
			e := s.call(t, call{dir: t.TempDir(), env: []string{
				"AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_REGION=" + c.region, "MLOPS_STS_ENDPOINT=" + sts,
			}}, "run", "--role-to-assume", role("first"), "--",
				filepath.Join(s.bin, "mlops-track"), "run", "--role-chaining", "--role-to-assume", role("second"), "--role-session-name", "deeper",
				"--aws-credentials", "env", "--sts-endpoint", sts, "--", "sh", "-c", `test -n "$AWS_SESSION_TOKEN"`)
			e.says(
				t, 0,
				"aws: arn:"+c.partition+":sts::123456789012:assumed-role/first/mlops-track in "+c.region,
				"aws: arn:"+c.partition+":sts::123456789012:assumed-role/second/deeper in "+c.region,
			)
		})
	}
}
