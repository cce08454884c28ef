//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// gitLabPipeline includes the template and trains; a later job has the outputs.
const gitLabPipeline = `
include:
  - local: gitlab/template.yml
    inputs:
      image: IMAGE
      experiment: churn
      tags: |
        team=vision
        stage=ci
stages: [train, after]
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH
train:
  stage: train
  extends: .mlops-track
  script:
    - mlops-track run -- python train.py
after:
  stage: after
  needs: [train]
  image: IMAGE
  script:
    - echo "after train $MLOPS_OUT_RUN_ID $MLOPS_OUT_STATUS"
    - ls mlflow.db
`

// TestGitLab runs the job of the template in pipelines of a branch and of a merge request: the run carries what GitLab said, the next
// job has the outputs, and a failed training fails the job and keeps its run.
func TestGitLab(t *testing.T) {
	t.Parallel()
	d, s := testenv.NewDocker(t), newStories(t)
	image := actionImage(t, d, s)
	for name, c := range map[string]struct {
		job  testenv.GitLabJob
		code int
		run  []string // parts of the run
		log  []string // patterns
	}{
		"branch":        {testenv.GitLabJob{}, 0, []string{`"status": "FINISHED"`, `"team": "vision"`, `"vcs.repository.url.full": "https://gitlab.invalid/acme/model"`, `"auc"`}, []string{`after train \w{32} FINISHED`}},
		"merge request": {testenv.GitLabJob{MergeRequest: true}, 0, []string{`"status": "FINISHED"`, `"vcs.change.id": "7"`, `"vcs.ref.base.name": "main"`}, []string{`after train \w{32} FINISHED`}},
		"failure":       {testenv.GitLabJob{Variables: []string{"EXIT=3"}}, 1, []string{`"status": "FAILED"`, `"mlops.exit_code": "3"`}, []string{`exit code 3`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.job.Folder = t.TempDir()
			if err := os.CopyFS(filepath.Join(c.job.Folder, "gitlab"), os.DirFS("gitlab")); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(c.job.Folder, ".gitlab-ci.yml"), strings.ReplaceAll(gitLabPipeline, "IMAGE", image))
			writeFile(t, filepath.Join(c.job.Folder, "train.py"), training)
			log, code := c.job.Run(t, d)
			for _, pattern := range c.log {
				if !regexp.MustCompile(pattern).MatchString(log) {
					t.Errorf("no %s in the log", pattern)
				}
			}
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if exists(filepath.Join(c.job.Folder, "mlflow.db")) {
				run := lastRun(t, s, c.job.Folder)
				for _, part := range c.run {
					if !strings.Contains(run, part) {
						t.Errorf("the run lacks %s:\n%s", part, run)
					}
				}
			} else {
				t.Error("the run did not come back as an artifact")
			}
			if t.Failed() {
				t.Log(log)
			}
		})
	}
}

// hidingPipeline has settings as variables of the whole file, of a job, and as inputs.
const hidingPipeline = `
variables:
  MLOPS_EXPERIMENT: of-the-file
  MLOPS_TRACKING_URI: sqlite:///mine.db
  MLOPS_RUN_PREFIX: of-the-file
include:
  - local: gitlab/template.yml
    inputs:
      run-name: of-the-input
      tags: |
        team=vision
        stage=ci
train:
  extends: .mlops-track
  script:
    - mlops-track run -- sh -c 'env | grep ^MLOPS_INPUT || exit 0; exit 9'
  artifacts:
    paths: [mine.db]
named:
  extends: .mlops-track
  variables:
    MLOPS_RUN_NAME: of-the-job
  script:
    - mlops-track run -- true
`

// TestGitLabTemplateHidesNothing: a variable of the project's own file holds beside the template, an input where there is none.
func TestGitLabTemplateHidesNothing(t *testing.T) {
	t.Parallel()
	s := newStories(t)
	job := testenv.GitLabJob{Folder: t.TempDir()}
	if err := os.CopyFS(filepath.Join(job.Folder, "gitlab"), os.DirFS("gitlab")); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(job.Folder, ".gitlab-ci.yml"), hidingPipeline)
	log, code := job.RunInShell(t, s.bin)
	for _, want := range []string{
		"run of-the-input in experiment of-the-file: sqlite:///mine.db", "run of-the-job in experiment of-the-file: sqlite:///mine.db",
	} {
		if code != 0 || !strings.Contains(log, want) {
			t.Errorf("exit code %d, and the log lacks %q:\n%s", code, want, log)
		}
	}
}
