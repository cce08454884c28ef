package ciinfo_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
)

// pullRequest is a GitHub job whose head commit only the event file tells.
func pullRequest(name string) string {
	return map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge",
		"GITHUB_REPOSITORY": "o/r", "GITHUB_HEAD_REF": "topic", "GITHUB_BASE_REF": "main", "GITHUB_SHA": "merge",
		"GITHUB_EVENT_PATH": "event.json",
	}[name]
}

func TestEventFileThatCannotBeUsed(t *testing.T) {
	huge := append([]byte(`{"pull_request":{"number":7,"head":{"sha":"x"}}`), bytes.Repeat([]byte(" "), 33<<20)...)
	for name, read := range map[string]func(string) ([]byte, error){
		"missing":   func(string) ([]byte, error) { return nil, os.ErrNotExist },
		"forbidden": func(string) ([]byte, error) { return nil, errors.New("permission denied") },
		"empty":     func(string) ([]byte, error) { return nil, nil },
		"cut off":   func(string) ([]byte, error) { return []byte(`{"pull_request":{"number":7,"head":{"sha":"x"`), nil },
		"no object": func(string) ([]byte, error) { return []byte(`[1,2]`), nil },
		"binary":    func(string) ([]byte, error) { return []byte{0xff, 0xfe, 0}, nil },
		"huge":      func(string) ([]byte, error) { return append(huge, '}'), nil },
		"no reader": nil,
	} {
		t.Run(name, func(t *testing.T) {
			info := ciinfo.Detect(ciinfo.Source{Getenv: pullRequest, ReadFile: read})
			if info.Change.ID != "7" || info.Head.Ref != "topic" || info.Change.BaseRef != "main" {
				t.Errorf("change %q, head %q, base %q", info.Change.ID, info.Head.Ref, info.Change.BaseRef)
			}
			if info.Head.SHA != "" {
				t.Errorf("head is %q: the merge commit is not the head's", info.Head.SHA)
			}
		})
	}
}

func TestNothingKnown(t *testing.T) {
	empty := func(string) string { return "" }
	for _, system := range []string{"GITHUB_ACTIONS", "GITLAB_CI"} {
		info := ciinfo.Detect(ciinfo.Source{Getenv: func(name string) string {
			if name == system {
				return "true"
			}
			return ""
		}})
		if !info.InCI() || info.Head.OnDefault || info.Head.ShortSHA() != "" {
			t.Errorf("%s: %+v", system, info)
		}
		for name, value := range info.Tags() {
			if value == "" || strings.HasPrefix(name, "vcs.repository") || strings.HasSuffix(name, "url.full") {
				t.Errorf("%s: tag %s is %q", system, name, value)
			}
		}
	}
	if info := ciinfo.Detect(ciinfo.Source{Getenv: empty, Git: ci.Git(t.TempDir(), nil)}); info.Provider != ciinfo.Local || info.Tags()["mlflow.source.type"] != "LOCAL" {
		t.Errorf("%+v", info)
	}
}

func TestMatrixLabel(t *testing.T) {
	for text, want := range map[string]string{
		`{"os":"linux","py":"3.12"}`:              "os=linux,py=3.12",
		`{"py":"3.12","os":"linux"}`:              "os=linux,py=3.12",
		`{"py":3.10}`:                             "py=3.10",
		`{"lr":0.001,"big":12345678901234567890}`: "big=12345678901234567890,lr=0.001",
		`{"image":"reg.example.com/a b:1"}`:       "image=reg.example.com-a-b-1",
		`{"on":true,"none":null}`:                 "on=true",
		`{"名":"東京"}`:                              "名=東京",
		`null`:                                    "",
		`{}`:                                      "",
		``:                                        "",
		`"linux"`:                                 "",
		`{"os":`:                                  "",
	} {
		info := ciinfo.Detect(ciinfo.Source{Getenv: pullRequest, Matrix: text})
		if info.Job.MatrixLabel != want || (want == "") != (info.Job.Matrix == "") {
			t.Errorf("%s: label %q, matrix %q, want %q", text, info.Job.MatrixLabel, info.Job.Matrix, want)
		}
	}
	long := func(end string) string {
		return ciinfo.Detect(ciinfo.Source{Getenv: pullRequest, Matrix: `{"k":"` + strings.Repeat("é", 90) + end + `"}`}).Job.MatrixLabel
	}
	if n := utf8.RuneCountInString(long("a")); n != 64 || long("a") == long("b") {
		t.Errorf("long labels: %d characters, %q and %q", n, long("a"), long("b"))
	}
}

func TestLaptop(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("this test needs git")
	}
	dir := t.TempDir()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Ann", "-c", "user.email=a@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	detect := func(dir string) ciinfo.Info {
		return ciinfo.Detect(ciinfo.Source{Git: ci.Git(dir, os.Environ()), Getenv: func(name string) string { return map[string]string{"USER": "ann"}[name] }})
	}
	check := func(doing string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %v, want %v", doing, got, want)
		}
	}
	check("no repository: workspace", detect(dir).Job.Workspace, "")
	check("no repository: user", detect(dir).Job.User, "ann")

	git("init", "--quiet", "--initial-branch=topic")
	check("no commit yet: branch", detect(dir).Head.Ref, "topic")
	check("no commit yet: commit", detect(dir).Head.SHA, "")

	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("add", "a")
	git("commit", "--quiet", "-m", "one")
	git("remote", "add", "origin", "https://ann:secret@gitlab.com/acme/churn.git")
	info := detect(dir)
	check("branch", info.Head.Ref, "topic")
	check("length of commit", len(info.Head.SHA), 40)
	check("project", info.Repository.Project, "")
	check("repository", info.Repository.URL, "https://gitlab.com/acme/churn")
	check("host", info.Repository.Host, "gitlab")
	check("branch tag", info.Tags()["mlflow.source.git.branch"], "topic")
	check("provider tag", info.Tags()["mlops.ci.provider"], "")

	for remote, want := range map[string]string{
		"git@github.com:acme/churn.git":                     "https://github.com/acme/churn",
		"ssh://git@example.com:2222/acme/churn.git":         "https://example.com/acme/churn",
		"https://token@example.com:8443/git/acme/churn.git": "https://example.com:8443/git/acme/churn",
		"https://example.com/acme/churn?private_token=x":    "https://example.com/acme/churn",
		"/srv/git/churn.git":                                "",
		"file:///srv/git/churn.git":                         "",
	} {
		git("remote", "set-url", "origin", remote)
		check(remote, detect(dir).Repository.URL, want)
	}

	tree := filepath.Join(t.TempDir(), "tree")
	git("worktree", "add", "--quiet", "-b", "other", tree)
	check("worktree: branch", detect(tree).Head.Ref, "other")
	check("worktree: commit", detect(tree).Head.SHA, info.Head.SHA)

	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("2"), 0o600); err != nil {
		t.Fatal(err)
	}
	git("checkout", "--quiet", "--force", "--detach")
	check("detached: branch", detect(dir).Head.Ref, "")
	check("detached: commit", detect(dir).Head.SHA, info.Head.SHA)

	t.Setenv("PATH", t.TempDir())
	check("no git: workspace", detect(dir).Job.Workspace, "")
	check("no git: user", detect(dir).Job.User, "ann")
}
