//go:build linux

package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// snoop is a step that writes down what it can read of mlops-track.
const snoop = `
exec 2>&1
set +e
tr -s '\0' '\n' < /proc/$PPID/environ
tr '\0' ' ' < /proc/$PPID/cmdline; echo
head -c 1 /proc/$PPID/mem > /dev/null
ls /proc/$PPID/fd > /dev/null && echo it sees our files
exit 0
`

var hiddenVariables = []string{
	"INPUT_GITHUB-TOKEN=fak-github-7731", "MLOPS_GITLAB_TOKEN=fak-gitlab-7731", "ACTIONS_RUNTIME_TOKEN=fak-runtime-7731",
	"ACTIONS_ID_TOKEN_REQUEST_TOKEN=fak-request-7731", "MLFLOW_TRACKING_PASSWORD=fak-tracking-7731", "PLAIN_VARIABLE=fak-plain-7731",
}

// TestStepCannotReadOurSecrets holds what docs/secrets.md says of /proc: nothing of the environment that we were started with is there for root, and
// the same user can read neither memory nor open files.
func TestStepCannotReadOurSecrets(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, as *syscall.SysProcAttr, args ...string) string {
		t.Helper()
		dir := t.TempDir()
		binary := filepath.Join(dir, "mlops-track")
		copyFile(t, filepath.Join(binFolder, "mlops-track"), binary)
		if as.Credential != nil { // whose folders are above t.TempDir
			for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
				if err := os.Chmod(at, 0o777); err != nil { //nolint:gosec // folders of this test
					t.Fatal(err)
				}
			}
		}
		cmd := exec.Command(binary, args...)
		cmd.Dir, cmd.SysProcAttr = dir, as
		cmd.Env = append(append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "INPUT_RUN=" + snoop, "INPUT_SHELL=sh"}, hiddenVariables...), "LAST=1")
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%v: %s%s", err, out, err.(*exec.ExitError).Stderr) //nolint:errorlint // of a test
		}
		return string(out)
	}
	t.Run("the same user", func(t *testing.T) {
		t.Parallel()
		as := &syscall.SysProcAttr{}
		if os.Getuid() == 0 {
			as.Credential = &syscall.Credential{Uid: 64123, Gid: 64123}
		}
		out := read(t, as, "action")
		if strings.Contains(out, "fak-") || strings.Contains(out, "it sees our files") || strings.Count(strings.ToLower(out), "permission denied") < 3 {
			t.Errorf("the step reads:\n%s", out)
		}
	})
	t.Run("root", func(t *testing.T) {
		t.Parallel()
		if os.Getuid() != 0 {
			t.Skip("this test needs root")
		}
		if out := read(t, &syscall.SysProcAttr{}, "action"); strings.Contains(out, "fak-") || strings.Contains(out, "INPUT_") {
			t.Errorf("the step reads:\n%s", out)
		}
	})
	t.Run("arguments", func(t *testing.T) {
		t.Parallel()
		out := read(t, &syscall.SysProcAttr{}, "run", "--github-token", "fak-flag-7731", "--tag", "api_token=fak-tag-7731",
			"--redact=unrelated", "--", "sh", "-c", snoop)
		if strings.Contains(out, "fak-") || !strings.Contains(out, "--github-token ************* --tag api_token=") {
			t.Errorf("the step reads:\n%s", out)
		}
	})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
}

// TestProgramsGetNoSecrets holds that git, which runs the filters and helpers of its configuration, gets only what it needs.
func TestProgramsGetNoSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\nenv >> \"$HOME/seen\"\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	p := startTracked(t, dir, slices.Concat(hiddenVariables, []string{"GITHUB_TOKEN=fak-token", "GIT_CONFIG_COUNT=0", "PATH=" + dir + ":" + os.Getenv("PATH")}), "ci")
	if code := p.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if seen := p.read("seen"); strings.Contains(seen, "fak-") || !strings.Contains(seen, "GIT_CONFIG_COUNT=0") || !strings.Contains(seen, "HOME=") {
		t.Errorf("git gets:\n%s", seen)
	}
}

// bomb is a step that has as many processes as its user may have while it logs metrics.
const bomb = `
import json, os, sys, time
children = []
try:
    while True:
        child = os.fork()
        if child == 0:
            time.sleep(4)
            os._exit(0)
        children.append(child)
except OSError:
    print("limit reached after", len(children), "processes")
with open(os.environ["MLOPS_METRICS"], "a") as f:
    for i in range(100):
        f.write(json.dumps({"loss": i, "step": i}) + "\n")
        f.flush()
        time.sleep(0.02)
for child in children:
    os.waitpid(child, 0)
`

// TestThreadLimitReachedByTheStep holds that a step which takes all processes and threads that its user may have does not end the tracker.
func TestThreadLimitReachedByTheStep(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("this test needs root, to be another user for whom nothing else runs")
	}
	python, err := exec.LookPath("/usr/bin/python3")
	if err != nil {
		t.Skip("this test needs a Python that every user may run")
	}
	for i, limit := range []string{"20", "40", "200"} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
				if err := os.Chmod(at, 0o777); err != nil { //nolint:gosec // folders of this test
					t.Fatal(err)
				}
			}
			binary := filepath.Join(dir, "mlops-track")
			copyFile(t, filepath.Join(binFolder, "mlops-track"), binary)
			cmd := exec.Command("bash", "-c", `ulimit -u "$1"; shift; exec "$@"`, "bash", limit,
				binary, "run", "--outputs-file", "out.env", "--", python, "-c", bomb)
			cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=/usr/bin:/bin"}
			id := uint32(64200 + i) //nolint:gosec // small
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
			out, err := cmd.CombinedOutput()
			outputs := tracked{cmd, dir}.read("out.env")
			if err != nil || !strings.Contains(string(out), "limit reached") || !strings.Contains(outputs, "MLOPS_OUT_STATUS=FINISHED") ||
				!strings.Contains(string(out), "1 metric") {
				t.Errorf("%v\n%s\n%s", err, out, outputs)
			}
		})
	}
}
