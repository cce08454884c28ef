package ciinfo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
)

// everything is a payload with every object that some event has. Real ones carry several: a deployment the workflow run that made it,
// a check suite the pull requests of its branch.
// https://github.com/octokit/webhooks/tree/main/payload-examples/api.github.com
const everything = `{
	"repository": {"full_name": "o/r", "default_branch": "main"},
	"pull_request": {"number": 7, "title": "pr", "head": {"ref": "topic", "sha": "7777777", "repo": {"full_name": "fork/r"}}, "base": {"ref": "main", "sha": "7000000"}},
	"issue": {"number": 8, "title": "issue", "pull_request": {}},
	"merge_group": {"head_sha": "9999999", "head_ref": "refs/heads/gh-readonly-queue/main/pr-9-abc", "base_sha": "9000000", "base_ref": "refs/heads/main"},
	"workflow_run": {"id": 44, "run_attempt": 2, "name": "train", "path": ".github/workflows/train.yml", "event": "pull_request", "head_branch": "other", "head_sha": "aaaaaaa",
		"head_repository": {"full_name": "o/r"}, "pull_requests": [
			{"number": 3, "head": {"ref": "other", "sha": "aaaaaaa"}, "base": {"ref": "main", "sha": "1000000", "repo": {"url": "https://api.github.com/repos/upstream/r"}}},
			{"number": 4, "head": {"ref": "other", "sha": "ccccccc"}, "base": {"ref": "main", "sha": "2000000", "repo": {"url": "https://api.github.com/repos/o/r"}}},
			{"number": 10, "head": {"ref": "other", "sha": "aaaaaaa"}, "base": {"ref": "main", "sha": "3000000", "repo": {"url": "https://api.github.com/repos/o/r"}}}]},
	"deployment": {"sha": "bbbbbbb", "ref": "gh-pages"}, "deployment_status": {"state": "success"},
	"check_run": {"head_sha": "ddddddd", "pull_requests": [{"number": 11}]}, "check_suite": {"head_branch": "x", "head_sha": "ddddddd", "pull_requests": [{"number": 11}]},
	"release": {"tag_name": "v1", "target_commitish": "x"}, "ref": "refs/heads/x", "head_commit": {"id": "eeeeeee"}, "commit": {"sha": "eeeeeee"}, "branch": "x"
}`

// TestEventDecidesWhatIsRead has every event find every object in its payload: only its own is read, else what is checked out counts.
func TestEventDecidesWhatIsRead(t *testing.T) {
	type seen struct{ change, ref, commit, base, fork string }
	plain := seen{"", "dev", "fffffff", "", ""}
	request := seen{"7", "topic", "7777777", "main", "true"}
	for event, want := range map[string]seen{
		"pull_request": request, "pull_request_target": request, "pull_request_review": request, "pull_request_review_comment": request,
		"merge_group":   {"9", "gh-readonly-queue/main/pr-9-abc", "9999999", "main", ""},
		"workflow_run":  {"10", "other", "aaaaaaa", "main", ""},
		"issue_comment": {"8", "dev", "fffffff", "", ""},
		"push":          plain, "workflow_dispatch": plain, "schedule": plain, "workflow_call": plain, "deployment": plain, "deployment_status": plain,
		"release": plain, "check_run": plain, "check_suite": plain, "repository_dispatch": plain, "status": plain, "create": plain, "delete": plain,
		"issues": plain, "page_build": plain, "registry_package": plain, "discussion": plain, "fork": plain, "watch": plain, "label": plain, "": plain,
	} {
		env := map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": "event.json", "GITHUB_REPOSITORY": "o/r",
			"GITHUB_REF": "refs/heads/dev", "GITHUB_REF_NAME": "dev", "GITHUB_REF_TYPE": "branch", "GITHUB_SHA": "fffffff",
		}
		info := ciinfo.Detect(ciinfo.Source{
			Getenv: func(name string) string { return env[name] }, ReadFile: func(string) ([]byte, error) { return []byte(everything), nil },
		})
		tags := info.Tags()
		got := seen{tags["vcs.change.id"], tags["vcs.ref.head.name"], tags["vcs.ref.head.revision"], tags["vcs.ref.base.name"], tags["mlops.ci.fork"]}
		if got != want {
			t.Errorf("%s: %+v, want %+v", event, got, want)
		}
		if upstream := info.Pipeline.Upstream.RunID == "44"; upstream != (event == "workflow_run") {
			t.Errorf("%s: the run before is %+v", event, info.Pipeline.Upstream)
		}
	}
}

// TestForkThatWasDeleted: GitHub names no repository then. The event's payload may also be about another repository.
func TestForkThatWasDeleted(t *testing.T) {
	for payload, want := range map[string]bool{
		`{"workflow_run": {"head_sha": "aaaaaaa", "head_repository": null}}`:                           true,
		`{"workflow_run": {"head_sha": "aaaaaaa", "head_repository": {"full_name": "O/R"}}}`:           false,
		`{"workflow_run": {"head_sha": "aaaaaaa", "head_repository": {"full_name": "someone/r"}}}`:     true,
		`{"repository": {"full_name": "other/r", "default_branch": "dev"}, "workflow_run": {"id": 1}}`: true,
	} {
		env := map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "workflow_run", "GITHUB_EVENT_PATH": "event.json", "GITHUB_REPOSITORY": "o/r", "GITHUB_REF_NAME": "dev",
		}
		info := ciinfo.Detect(ciinfo.Source{
			Getenv: func(name string) string { return env[name] }, ReadFile: func(string) ([]byte, error) { return []byte(payload), nil },
		})
		if info.Change.Fork != want || info.Repository.DefaultBranch != "" {
			t.Errorf("%s: fork %t, default branch %q", payload, info.Change.Fork, info.Repository.DefaultBranch)
		}
	}
}

// TestMergeRequestOfAPipeline: the source of the pipeline decides whether the variables of a merge request are about it, and a branch
// has its open merge request.
func TestMergeRequestOfAPipeline(t *testing.T) {
	for _, c := range []struct {
		name          string
		env           []string
		kind          ciinfo.EventKind
		id, project   string
		branch, onDef bool
	}{
		{"merge request", []string{"CI_PIPELINE_SOURCE=merge_request_event", "CI_MERGE_REQUEST_IID=7"}, ciinfo.EventChange, "7", "g/p", false, false},
		{"its child", []string{"CI_PIPELINE_SOURCE=parent_pipeline", "CI_MERGE_REQUEST_IID=7"}, ciinfo.EventChange, "7", "g/p", false, false},
		{"passed to another project", []string{"CI_PIPELINE_SOURCE=pipeline", "CI_MERGE_REQUEST_IID=7", "CI_COMMIT_BRANCH=main"}, ciinfo.EventUpstream, "", "", false, true},
		{"passed to a trigger", []string{"CI_PIPELINE_SOURCE=trigger", "CI_MERGE_REQUEST_IID=7", "CI_COMMIT_BRANCH=main"}, ciinfo.EventAPI, "", "", false, true},
		{"schedule", []string{"CI_PIPELINE_SOURCE=schedule", "CI_MERGE_REQUEST_IID=7", "CI_COMMIT_BRANCH=main"}, ciinfo.EventSchedule, "", "", false, true},
		{"push", []string{"CI_PIPELINE_SOURCE=push", "CI_MERGE_REQUEST_IID=7", "CI_COMMIT_BRANCH=dev"}, ciinfo.EventPush, "", "", false, false},
		{"branch", []string{"CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH=dev", "CI_OPEN_MERGE_REQUESTS=g/p!63"}, ciinfo.EventPush, "63", "g/p", true, false},
		{"branch with several", []string{"CI_PIPELINE_SOURCE=web", "CI_COMMIT_BRANCH=dev", "CI_OPEN_MERGE_REQUESTS=up/p!5,g/p!63,g/p!64"}, ciinfo.EventManual, "63", "g/p", true, false},
		{"branch to another project", []string{"CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH=dev", "CI_OPEN_MERGE_REQUESTS=up/p!5"}, ciinfo.EventPush, "5", "up/p", true, false},
		{"default branch", []string{"CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH=main", "CI_OPEN_MERGE_REQUESTS=g/p!63"}, ciinfo.EventPush, "63", "g/p", true, true},
		{"tag", []string{"CI_PIPELINE_SOURCE=push", "CI_COMMIT_TAG=v1", "CI_OPEN_MERGE_REQUESTS=g/p!63"}, ciinfo.EventTag, "", "", false, false},
		{"garbled", []string{"CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH=dev", "CI_OPEN_MERGE_REQUESTS=g/p,!3,g/p!x"}, ciinfo.EventPush, "", "", false, false},
	} {
		env := map[string]string{"GITLAB_CI": "true", "CI_PROJECT_PATH": "g/p", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": "fffffff"}
		for _, pair := range c.env {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		info := ciinfo.Detect(ciinfo.Source{Getenv: func(name string) string { return env[name] }})
		if info.Event.Kind != c.kind || info.Change.ID != c.id || info.Change.Project != c.project || info.Change.Branch != c.branch || info.Head.OnDefault != c.onDef {
			t.Errorf("%s: %s, change %+v, on the default branch %t", c.name, info.Event.Kind, info.Change, info.Head.OnDefault)
		}
	}
}

// TestSourceIsWhatIsCheckedOut: MLflow's tags tell the commit that lies there, the others what the CI system started the job for.
func TestSourceIsWhatIsCheckedOut(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Ann", "-c", "user.email=a@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
		return strings.TrimSpace(string(out))
	}
	detect := func(sha string) map[string]string {
		env := map[string]string{
			"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "schedule", "GITHUB_REPOSITORY": "o/r", "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch", "GITHUB_SHA": sha,
		}
		info := ciinfo.Detect(ciinfo.Source{Getenv: func(name string) string { return env[name] }, Git: ci.Git(dir)})
		tags := info.Tags()
		if tags["vcs.ref.head.revision"] != sha || tags["vcs.ref.head.name"] != "main" {
			t.Errorf("the CI system's view is %v", tags)
		}
		tags["trained"] = info.Trained()
		return tags
	}
	want := func(tags map[string]string, commit, branch, dirty, trained string) {
		t.Helper()
		for name, value := range map[string]string{
			"mlflow.source.git.commit": commit, "mlflow.source.git.branch": branch, "mlflow.source.git.dirty": dirty, "trained": trained,
		} {
			if tags[name] != value {
				t.Errorf("%s is %q, want %q", name, tags[name], value)
			}
		}
	}
	want(detect("fffffff"), "fffffff", "main", "", "fffffff") // no checkout
	git("init", "-q", "-b", "main")
	writeFile(t, filepath.Join(dir, "train.py"), "1")
	git("add", ".")
	git("commit", "-qm", "one")
	main := git("rev-parse", "HEAD")
	want(detect(main), main, "main", "false", main)
	git("checkout", "-qb", "release/1.0")
	git("commit", "-qm", "two", "--allow-empty")
	release := git("rev-parse", "HEAD")
	want(detect(main), release, "release/1.0", "false", release)
	writeFile(t, filepath.Join(dir, "mlflow.db"), "not known to git")
	want(detect(main), release, "release/1.0", "false", release)
	writeFile(t, filepath.Join(dir, "train.py"), "2")
	git("remote", "add", "origin", "https://user:secret@example.com/other/models.git")
	tags := detect(main)
	want(tags, release, "release/1.0", "true", release)
	if got := tags["mlflow.source.git.repoURL"]; got != "https://example.com/other/models" {
		t.Errorf("the repository is %q", got)
	}
	git("checkout", "-q", "--detach")
	want(detect(main), release, "", "true", release)
	want(detect(release), release, "main", "true", release)
}

func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
