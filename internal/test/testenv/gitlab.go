package testenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// GitLabJob is a pipeline as gitlab-ci-local runs it: https://github.com/firecow/gitlab-ci-local. It hands out no ID tokens.
type GitLabJob struct {
	Folder       string // becomes a git work tree; .gitlab-ci.yml in it is the pipeline
	MergeRequest bool   // a merge request's pipeline, else a branch's
	Variables    []string
	Jobs         []string // with all that they need; empty: the whole pipeline
}

// Run runs the pipeline and returns what it wrote and its exit code.
func (g GitLabJob) Run(t testing.TB, d Docker) (log string, code int) {
	t.Helper()
	program := g.program(t)
	args := append([]string{"--pull-policy=if-not-present", "--helper-image=" + JobImage, "--network", "host"}, g.arguments()...)
	return g.end(t, d.Command(program, args...))
}

// RunInShell runs the pipeline without containers, with the programs of a folder before all others.
func (g GitLabJob) RunInShell(t testing.TB, folder string) (log string, code int) {
	t.Helper()
	cmd := exec.Command(g.program(t), append([]string{"--force-shell-executor"}, g.arguments()...)...)
	cmd.Env = []string{"PATH=" + folder + string(os.PathListSeparator) + os.Getenv("PATH")}
	return g.end(t, cmd)
}

func (g GitLabJob) program(t testing.TB) string {
	t.Helper()
	program := filepath.Join(cache(t), "tools", "gitlab-ci-local", "node_modules", ".bin", "gitlab-ci-local")
	if _, err := os.Stat(program); err != nil {
		t.Skip("no gitlab-ci-local: make test-env says why")
	}
	GitTree(t, g.Folder, "git@gitlab.invalid:acme/model.git")
	return program
}

func (g GitLabJob) arguments() []string {
	args := []string{"--variable", "GITLAB_CI=true", "--variable", "CI_API_V4_URL=http://127.0.0.1:1/api/v4"}
	if g.MergeRequest {
		args = append(args, "--variable", "CI_PIPELINE_SOURCE=merge_request_event", "--variable", "CI_MERGE_REQUEST_IID=7",
			"--variable", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main", "--variable", "CI_MERGE_REQUEST_PROJECT_ID=1217")
	}
	for _, v := range g.Variables {
		args = append(args, "--variable", v)
	}
	return append(args, g.Jobs...)
}

func (g GitLabJob) end(t testing.TB, cmd *exec.Cmd) (log string, code int) {
	t.Helper()
	cmd.Env = append(cmd.Env, "GCL_IGNORE_PREDEFINED_VARS=CI_PIPELINE_SOURCE,GITLAB_CI,CI_API_V4_URL", "HOME="+t.TempDir())
	cmd.Dir = g.Folder
	out, err := cmd.CombinedOutput()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
