//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// training writes a result, and fails if asked.
const training = `import json, os, sys
json.dump({"params": {"lr": 0.1}, "metrics": {"auc": 0.91}}, open(os.environ["MLOPS_RESULT"], "w"))
open("model.txt", "w").write("weights")
sys.exit(int(os.environ.get("EXIT", "0")))
`

// actions returns the folders that stand for the actions of a workflow: this repository's for ours, with an image whose binary was
// built outside, and an empty one for every other.
func actions(t *testing.T, workflow, image string) map[string]string {
	t.Helper()
	ours, empty := t.TempDir(), t.TempDir()
	writeFile(t, filepath.Join(ours, "action.yml"), readFile(t, "action.yml"))
	writeFile(t, filepath.Join(ours, "Dockerfile"), "FROM "+image+"\n")
	if err := os.CopyFS(filepath.Join(ours, "setup"), os.DirFS("setup")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(empty, "action.yml"), "name: empty\nruns:\n  using: composite\n  steps: []\n")
	python := t.TempDir()
	writeFile(t, filepath.Join(python, "action.yml"), setupPython)
	folders := map[string]string{}
	for _, used := range regexp.MustCompile(`uses: ([\w.-]+/[\w.-]+)[\w/.-]*@(\S+)`).FindAllStringSubmatch(workflow, -1) {
		switch used[1] {
		case "Iyalvan/mlops-track":
			folders[used[1]+"@"+used[2]] = ours
		case "actions/checkout": // act does it
		case "actions/setup-python":
			folders[used[1]+"@"+used[2]] = python
		default:
			folders[used[1]+"@"+used[2]] = empty
		}
	}
	return folders
}

// setupPython stands for actions/setup-python: it gives the names python and pip to what the machine has. Nothing is installed.
const setupPython = `name: python
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        bin=$(mktemp -d)
        ln -s "$(type -P python3)" "$bin/python"
        ln -s "$(type -P true)" "$bin/pip"
        echo "$bin" >>"$GITHUB_PATH"
`

// TestActionInWorkflow runs the action in jobs of act: the next step and the next job have its outputs and files, a failed
// training fails the step, and each run has its summary.
func TestActionInWorkflow(t *testing.T) {
	t.Parallel()
	d, s := testenv.NewDocker(t), newStories(t)
	const workflow = `
on: pull_request
jobs:
  train:
    runs-on: ubuntu-latest
    outputs:
      run-id: ${{ steps.train.outputs.run-id }}
    steps:
      - uses: actions/checkout@v4
      - id: train
        uses: Iyalvan/mlops-track@main
        with:
          run: python train.py
          tags: |
            team=vision
            stage=ci
      - run: |
          echo "next step: $RUN $STATUS auc=$AUC" && cat model.txt mlflow.db >/dev/null
        env:
          RUN: ${{ steps.train.outputs.run-id }}
          STATUS: ${{ steps.train.outputs.status }}
          AUC: ${{ fromJSON(steps.train.outputs.metrics).auc }}
      - id: failing
        continue-on-error: true
        uses: Iyalvan/mlops-track@main
        with:
          run: EXIT=3 python train.py
      - run: echo "failing is ${{ steps.failing.outcome }}, ${{ steps.failing.outputs.status }}, ${{ steps.failing.outputs.exit-code }}"
  after:
    needs: train
    runs-on: ubuntu-latest
    steps:
      - run: echo "next job ${{ needs.train.outputs.run-id }}"
  fails:
    needs: after
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: Iyalvan/mlops-track@main
        with:
          run: exit 4
      - run: echo "not reached"
`
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "train.py"), training)
	end := testenv.Act{
		Folder: folder, Workflow: workflow, Event: pullRequest, Actions: actions(t, workflow, actionImage(t, d, s)),
	}.Run(t, d)
	for _, pattern := range []string{
		`next step: \w{32} FINISHED auc=0\.91`, `failing is failure, FAILED, 3`, `next job \w{32}`,
	} {
		if !regexp.MustCompile(pattern).MatchString(end.Log) {
			t.Errorf("no %s in the log", pattern)
		}
	}
	if end.OK || strings.Contains(end.Log, "not reached\n") {
		t.Error("a training that fails does not fail the job")
	}
	if text := strings.Join(end.Summaries, "\n"); len(end.Summaries) < 3 || !strings.Contains(text, "auc") {
		t.Errorf("%d summaries:\n%s", len(end.Summaries), text)
	}
	if t.Failed() {
		t.Log(end.Log)
	}
}

// TestActionComments runs the jobs of a matrix at once in their containers: both stand in the one comment of the pull request.
func TestActionComments(t *testing.T) {
	t.Parallel()
	d, s := testenv.NewDocker(t), newStories(t)
	host := hosttest.NewGitHub(t, "acme/model")
	host.SetToken(jobToken, hosttest.Account{Login: "github-actions[bot]", App: true})
	host.SetRequest(7, hosttest.Request{Head: strings.Repeat("1", 40)})
	const workflow = `
on: pull_request
jobs:
  train:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        depth: [3, 4]
    steps:
      - uses: actions/checkout@v4
      - uses: Iyalvan/mlops-track@main
        with:
          run: python train.py
`
	folder, api := t.TempDir(), host.Start(t)
	writeFile(t, filepath.Join(folder, "train.py"), training)
	end := testenv.Act{
		Folder: folder, Workflow: workflow, Event: pullRequest, Actions: actions(t, workflow, actionImage(t, d, s)),
		Env: []string{
			"GITHUB_API_URL=" + api, "GITHUB_GRAPHQL_URL=" + api + "/graphql", "GITHUB_REPOSITORY=acme/model", "MLOPS_GITHUB_TOKEN=" + jobToken,
		},
	}.Run(t, d)
	comments := host.Comments(7)
	if !end.OK || len(comments) != 1 || !strings.Contains(comments[0].Body, "depth=3") || !strings.Contains(comments[0].Body, "depth=4") {
		t.Errorf("ends with %t, comments %+v:\n%s", end.OK, comments, end.Log)
	}
}

// TestReadmeExamples runs what the README tells users to write, as it is.
func TestReadmeExamples(t *testing.T) {
	t.Parallel()
	d, s := testenv.NewDocker(t), newStories(t)
	image, releases := actionImage(t, d, s), releaseServer(t)
	examples := readmeWorkflows(t)
	if len(examples) == 0 {
		t.Fatal("the README has no example")
	}
	for _, workflow := range examples {
		folder := t.TempDir()
		writeFile(t, filepath.Join(folder, "train.py"), training)
		writeFile(t, filepath.Join(folder, "requirements.txt"), "")
		end := testenv.Act{
			Folder: folder, Workflow: workflow, Event: pullRequest, Actions: actions(t, workflow, image),
			Env: []string{"MLOPS_TRACK_RELEASES=" + releases},
		}.Run(t, d)
		if !end.OK || len(end.Summaries) == 0 || end.Outputs["status"] != "FINISHED" {
			t.Errorf("%s\n\nends with %t, outputs %v:\n%s", workflow, end.OK, end.Outputs, end.Log)
		}
	}
}

// readmeWorkflows returns the examples for GitHub: whole workflows, and steps, put into a workflow.
func readmeWorkflows(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(readFile(t, "README.md"), -1) {
		switch text := block[1]; {
		case regexp.MustCompile(`(?m)^jobs:`).MatchString(text):
			found = append(found, text)
		case strings.HasPrefix(text, "- uses:"):
			steps := "      " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ")
			found = append(found, "on: pull_request\njobs:\n  train:\n    runs-on: ubuntu-latest\n    steps:\n"+steps+"\n")
		}
	}
	return found
}
