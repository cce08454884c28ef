package testenv

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Act is a workflow as act runs it: https://github.com/nektos/act. Its workspace keeps the host's path, and a checkout is a copy
// of the folder.
type Act struct {
	Folder   string            // becomes a git work tree with its workflow
	Workflow string            // YAML
	Event    string            // payload of a pull request, JSON; empty: a push
	Actions  map[string]string // folders that stand for actions, by owner/name@ref; they may hold others in sub-folders
	Env      []string          // for each step, NAME=value
	Host     bool              // the job runs on this machine, in no container; it has no container actions then
}

// ActEnd is how a workflow ended.
type ActEnd struct {
	OK        bool
	Log       string // what the steps wrote, and act about them
	Summaries []string
	Outputs   map[string]string // of all steps
	Errors    []string          // annotations
	Warnings  []string
}

// actLine is a line of act's log that is read.
type actLine struct {
	Msg, Command, Name, Arg, Content string
}

// Run runs the workflow.
func (a Act) Run(t testing.TB, d Docker) ActEnd {
	t.Helper()
	// act names containers by the workflow's name, which is the file's where it has none.
	workflow := filepath.Join(".github", "workflows", strings.ToLower(rand.Text())+".yml")
	if err := os.MkdirAll(filepath.Join(a.Folder, filepath.Dir(workflow)), 0o755); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(a.Folder, workflow), a.Workflow)
	GitTree(t, a.Folder, "https://github.com/acme/model.git")
	platform, event := JobImage, "push"
	if a.Host {
		platform = "-self-hosted"
	}
	args := []string{
		"--workflows", workflow, "--platform", "ubuntu-latest=" + platform, "--pull=false", "--rebuild", "--rm", "--json",
		"--no-cache-server", "--network", "host", "--actor", "dev", "--secret", "GITHUB_TOKEN=",
	}
	for action, folder := range a.Actions {
		args = append(args, "--local-repository", action+"="+folder)
	}
	for _, v := range a.Env {
		args = append(args, "--env", v)
	}
	if a.Event != "" {
		event = "pull_request"
		file := filepath.Join(t.TempDir(), "event.json")
		writeText(t, file, a.Event)
		args = append(args, "--eventpath", file)
	}
	cmd := d.Command(tool(t, "act"), append([]string{event}, args...)...)
	if cmd.Env == nil { // a workflow on this machine needs no engine
		cmd.Env = os.Environ()
	}
	home := t.TempDir()
	cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CACHE_HOME="+home, "XDG_CONFIG_HOME="+home)
	cmd.Dir = a.Folder
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	end := ActEnd{OK: err == nil, Outputs: map[string]string{}}
	for line := range strings.Lines(log.String()) {
		end.add(line)
	}
	return end
}

func (e *ActEnd) add(line string) {
	var l actLine
	if json.Unmarshal([]byte(line), &l) != nil {
		e.Log += line
		return
	}
	e.Log += strings.TrimRight(l.Msg, "\n") + "\n"
	switch l.Command {
	case "set-output":
		e.Outputs[l.Name] = l.Arg
	case "summary":
		e.Summaries = append(e.Summaries, l.Content)
	case "error":
		e.Errors = append(e.Errors, l.Arg)
	case "warning":
		e.Warnings = append(e.Warnings, l.Arg)
	}
}

// GitTree makes a folder a git work tree with one commit on main, as a clone of origin has it.
func GitTree(t testing.TB, folder, origin string) {
	t.Helper()
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch", "main"},
		{"add", "--all"},
		{"-c", "user.name=dev", "-c", "user.email=dev@example.com", "commit", "--quiet", "--message", "one"},
		{"remote", "add", "origin", origin},
		{"update-ref", "refs/remotes/origin/main", "HEAD"},
		{"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"},
	} {
		if out, err := exec.Command("git", append([]string{"-C", folder}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
	}
}
