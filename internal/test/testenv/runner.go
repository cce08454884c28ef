package testenv

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ActionStep is one step of a container action, run as GitHub's own runner runs it: as root, with four folders mounted below
// /github, and with the files that the step's commands go to. act does some of that differently.
// https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/ContainerActionHandler.cs
type ActionStep struct {
	Image, Entrypoint string
	Args              []string
	Workspace         string            // folder
	Event             string            // payload, JSON
	Env               map[string]string // INPUT_* and what else the step sets; wins over the runner's own
	CancelWhen        string            // file in the workspace on whose coming the job is cancelled
}

// ActionEnd is how the step ended.
type ActionEnd struct {
	Code            int
	Log             string
	Output, Summary string        // what the files got
	AfterCancel     time.Duration // from the cancel to the end
	Outlived        bool          // the container went on when its client was gone
}

// What the runner waits for between the signals of a cancel.
// https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs
const (
	interruptWait = 7500 * time.Millisecond
	terminateWait = 2500 * time.Millisecond
)

// Start starts the step; wait returns when it has ended.
func (s ActionStep) Start(t testing.TB, d Docker) (wait func() ActionEnd) {
	t.Helper()
	folder, name := t.TempDir(), "mlops-track-test-"+strings.ToLower(rand.Text())
	for _, sub := range []string{"home", "workflow", "file_commands"} {
		if err := os.Mkdir(filepath.Join(folder, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name string) string { return filepath.Join(folder, "file_commands", name) }
	for _, f := range []string{"output", "env", "path", "state", "summary"} {
		writeText(t, file(f), "")
	}
	writeText(t, filepath.Join(folder, "workflow", "event.json"), s.Event)
	args := []string{
		"run", "--rm", "--name", name, "--workdir", "/github/workspace", "--network", "host", "--entrypoint", s.Entrypoint,
		"--volume", filepath.Join(folder, "home") + ":/github/home", "--volume", filepath.Join(folder, "workflow") + ":/github/workflow",
		"--volume", filepath.Join(folder, "file_commands") + ":/github/file_commands", "--volume", s.Workspace + ":/github/workspace",
	}
	for _, v := range append(runnerVariables(), pairs(s.Env)...) {
		args = append(args, "--env", v)
	}
	cmd := d.Command("docker", append(append(args, s.Image), s.Args...)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	return func() ActionEnd {
		end := ActionEnd{AfterCancel: s.cancel(t, cmd.Process, ended)}
		<-ended
		end.Outlived = len(outputOf(t, d.Command("docker", "ps", "--quiet", "--filter", "name="+name))) > 0
		_ = d.Command("docker", "rm", "--force", name).Run()
		end.Code, end.Log = cmd.ProcessState.ExitCode(), log.String()
		end.Output, end.Summary = readText(t, file("output")), readText(t, file("summary"))
		return end
	}
}

// Run runs the step to its end.
func (s ActionStep) Run(t testing.TB, d Docker) ActionEnd {
	t.Helper()
	return s.Start(t, d)()
}

// cancel waits for the moment to cancel and sends what the runner sends.
func (s ActionStep) cancel(t testing.TB, client *os.Process, ended <-chan struct{}) time.Duration {
	t.Helper()
	if s.CancelWhen == "" {
		return 0
	}
	for end := time.Now().Add(patience); ; {
		if _, err := os.Stat(filepath.Join(s.Workspace, s.CancelWhen)); err == nil {
			break
		}
		select {
		case <-ended:
			return 0
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Errorf("%s did not come", s.CancelWhen)
			break
		}
	}
	start := time.Now()
	for _, next := range []struct {
		signal os.Signal
		wait   time.Duration
	}{{syscall.SIGINT, interruptWait}, {syscall.SIGTERM, terminateWait}, {os.Kill, patience}} {
		_ = client.Signal(next.signal)
		select {
		case <-ended:
			return time.Since(start)
		case <-time.After(next.wait):
		}
	}
	return time.Since(start)
}

// runnerVariables are those that the runner sets for a pull request's job.
func runnerVariables() []string {
	return []string{
		"HOME=/github/home", "CI=true", "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE=/github/workspace",
		"GITHUB_EVENT_PATH=/github/workflow/event.json", "GITHUB_OUTPUT=/github/file_commands/output",
		"GITHUB_ENV=/github/file_commands/env", "GITHUB_PATH=/github/file_commands/path",
		"GITHUB_STATE=/github/file_commands/state", "GITHUB_STEP_SUMMARY=/github/file_commands/summary",
		"GITHUB_EVENT_NAME=pull_request", "GITHUB_REF=refs/pull/7/merge", "GITHUB_REF_NAME=7/merge", "GITHUB_REF_TYPE=branch",
		"GITHUB_HEAD_REF=feature", "GITHUB_BASE_REF=main", "GITHUB_SHA=3333333333333333333333333333333333333333",
		"GITHUB_REPOSITORY=acme/model", "GITHUB_REPOSITORY_OWNER=acme", "GITHUB_ACTOR=dev", "GITHUB_WORKFLOW=train",
		"GITHUB_WORKFLOW_REF=acme/model/.github/workflows/train.yml@refs/pull/7/merge", "GITHUB_JOB=train", "GITHUB_ACTION=__self",
		"GITHUB_RUN_ID=8001", "GITHUB_RUN_NUMBER=12", "GITHUB_RUN_ATTEMPT=1", "GITHUB_SERVER_URL=https://github.com",
		"GITHUB_API_URL=https://api.github.com", "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "RUNNER_NAME=test",
		"RUNNER_ENVIRONMENT=github-hosted", "RUNNER_TEMP=/home/runner/work/_temp", "RUNNER_TOOL_CACHE=/opt/hostedtoolcache",
	}
}

func pairs(env map[string]string) []string {
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}

func outputOf(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%s: %v\n%s", cmd, err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func writeText(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // read by another user, as on a runner
		t.Fatal(err)
	}
}

func readText(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
