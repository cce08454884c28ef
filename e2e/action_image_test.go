//go:build linux

package e2e_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// pullRequest is the event of the jobs here.
const pullRequest = `{"action": "opened", "number": 7, "pull_request": {"number": 7, "title": "Raise the learning rate",
 "html_url": "https://github.com/acme/model/pull/7",
 "head": {"ref": "feature", "sha": "1111111111111111111111111111111111111111", "repo": {"full_name": "acme/model"}},
 "base": {"ref": "main", "sha": "2222222222222222222222222222222222222222", "repo": {"full_name": "acme/model"}}},
 "repository": {"name": "model", "full_name": "acme/model", "default_branch": "main"}, "sender": {"login": "dev"}}`

// runnerUser is the user of GitHub's own machines, to whom a workspace belongs.
const runnerUser = 1001

// actionImage builds the image of the action: the real one, with the binary built outside, which takes seconds.
func actionImage(t *testing.T, d testenv.Docker, s stories) string {
	t.Helper()
	runtime := d.Build(t, ".", "", "--target", "runtime")
	return d.Build(t, s.bin, "FROM "+runtime+"\nCOPY mlops-track /usr/local/bin/mlops-track\n")
}

// actionStep is the step as action.yml starts it.
func actionStep(t *testing.T, image, workspace, run string) testenv.ActionStep {
	t.Helper()
	action := readAction(t)
	env := map[string]string{"INPUT_RUN": run}
	for name, input := range action.Inputs {
		if name != "run" && !strings.HasPrefix(input.Default, "${{") {
			env["INPUT_"+strings.ToUpper(name)] = input.Default
		}
	}
	return testenv.ActionStep{
		Image: image, Entrypoint: action.Runs.Entrypoint, Args: action.Runs.Args,
		Workspace: workspace, Event: pullRequest, Env: env,
	}
}

// TestActionTrains runs a real training that installs what it needs, by pip and by uv, with the caches of the workspace. What it
// leaves belongs to the workspace's owner.
func TestActionTrains(t *testing.T) {
	t.Parallel()
	d, s := testenv.NewDocker(t), newStories(t)
	image := actionImage(t, d, s)
	for name, script := range map[string]string{
		"pip": "pip install --quiet -r requirements.txt\necho cache: $(pip cache dir)\npython train.py",
		"uv":  "uv init --quiet --bare --name model\nuv add --quiet -r requirements.txt\nuv sync --quiet\necho cache: $(uv cache dir)\nuv run python train.py",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			workspace := runnerWorkspace(t)
			copyExample(t, workspace, "sklearn")
			if err := os.MkdirAll(filepath.Join(workspace, ".cache", name), 0o755); err != nil {
				t.Fatal(err)
			}
			giveToRunner(t, workspace)
			end := actionStep(t, image, workspace, script).Run(t, d)
			if end.Code != 0 {
				t.Fatalf("exit code %d\n%s", end.Code, end.Log)
			}
			run := lastRun(t, s, workspace)
			for _, want := range []string{`"status": "FINISHED"`, `"test_auc"`, `"training_accuracy_score"`, "report.txt", "acme/model"} {
				if !strings.Contains(run, want) {
					t.Errorf("the run lacks %s:\n%s", want, run)
				}
			}
			if !strings.Contains(end.Output, "run-id<<") || !strings.Contains(end.Summary, "0.99895") {
				t.Errorf("outputs\n%s\nsummary\n%s", end.Output, end.Summary)
			}
			if want := "cache: /github/workspace/.cache/" + name + "\n"; !strings.Contains(end.Log, want) || strings.Contains(end.Log, "cache has been disabled") {
				t.Errorf("the cache in the workspace was not used, want %q:\n%s", want, end.Log)
			}
			rootless(t, workspace)
		})
	}
}

// untilTerminate is the time that the runner leaves between its first signal and the second.
const untilTerminate = 7500 * time.Millisecond

// TestActionIsCancelled sends the runner's cancel to the container: our process is PID 1, the server has the run KILLED within
// the time until the second signal, and nothing goes on.
func TestActionIsCancelled(t *testing.T) {
	t.Parallel()
	d, s := testenv.NewDocker(t), newStories(t)
	image, server := actionImage(t, d, s), testenv.Server(t, 3)
	for name, script := range map[string]string{
		"a step that ends":         "touch ready; exec sleep 600",
		"a step that does not":     "trap '' INT TERM; touch ready; while :; do sleep 1; done",
		"a step in the background": "(trap '' INT TERM; sleep 600) & touch ready; wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			workspace := runnerWorkspace(t)
			step := actionStep(t, image, workspace, script)
			step.Env["INPUT_TRACKING-URI"], step.Env["INPUT_EXPERIMENT"] = server, t.Name()
			step.CancelWhen = "ready"
			end := step.Run(t, d)
			if end.AfterCancel == 0 || end.AfterCancel > untilTerminate || end.Outlived {
				t.Errorf("ended %s after the cancel, outlived %t:\n%s", end.AfterCancel, end.Outlived, end.Log)
			}
			t.Logf("ended %s after the cancel", end.AfterCancel.Round(time.Millisecond))
			id := lineAfter(end.Output, "run-id<<")
			out, err := s.readers[3].read(t, readRequest{URI: server, Run: id, Dir: workspace})
			if err != nil || !strings.Contains(string(out), `"status": "KILLED"`) {
				t.Errorf("run %q: %v\n%s\n%s", id, err, out, end.Log)
			}
			rootless(t, workspace)
		})
	}
}

// TestImageBuilds builds the Dockerfile as it is, both what the action uses and what others copy the binary from.
func TestImageBuilds(t *testing.T) {
	t.Parallel()
	d := testenv.NewDocker(t)
	image := d.Build(t, ".", "", "--build-arg", "VERSION=9.8.7")
	scratch := d.Build(t, ".", "", "--build-arg", "VERSION=9.8.7", "--target", "scratch")
	for _, image := range []string{image, scratch} {
		out, err := d.Command("docker", "run", "--rm", "--network", "host", image, "/usr/local/bin/mlops-track", "version").CombinedOutput()
		if err != nil || !strings.Contains(string(out), " 9.8.7 ") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	const format = "{{.Config.Healthcheck}} {{.Config.Shell}} {{.Config.Entrypoint}}"
	out, err := d.Command("docker", "image", "inspect", "--format", format, image).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "<nil> [] []" {
		t.Errorf("health check, shell and entry point are %s, %v", got, err)
	}
	out, _ = d.Command("docker", "run", "--rm", "--network", "host", image, "sh", "-c", "command -v gcc cc c++ make go").CombinedOutput()
	if len(out) > 0 {
		t.Errorf("the image has build tools:\n%s", out)
	}
}

func runnerWorkspace(t *testing.T) string {
	t.Helper()
	workspace := t.TempDir()
	giveToRunner(t, workspace)
	return workspace
}

// giveToRunner makes a workspace the runner's, as a checkout leaves it.
func giveToRunner(t *testing.T, workspace string) {
	t.Helper()
	err := filepath.WalkDir(workspace, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, runnerUser, runnerUser)
	})
	if err != nil {
		t.Skipf("giving the workspace to the runner's user needs root: %v", err)
	}
}

// rootless asks that nothing in the workspace is root's, as later steps could not delete it.
func rootless(t *testing.T, workspace string) {
	t.Helper()
	err := filepath.WalkDir(workspace, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != runnerUser {
			return fmt.Errorf("%s belongs to %d", path, stat.Uid)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func copyExample(t *testing.T, into, name string) {
	t.Helper()
	if err := os.CopyFS(into, os.DirFS(filepath.Join("docs", "examples", name))); err != nil {
		t.Fatal(err)
	}
}

// lastRun returns the last run of a workspace's own store.
func lastRun(t *testing.T, s stories, workspace string) string {
	t.Helper()
	out, err := s.readers[3].read(t, readRequest{URI: "sqlite:///mlflow.db", Run: "last", Dir: workspace})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// lineAfter returns the line after the one that starts with a text.
func lineAfter(text, start string) string {
	_, rest, _ := strings.Cut(text, start)
	_, rest, _ = strings.Cut(rest, "\n")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
