package track_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/track"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const sha = "abcdef0123456789abcdef0123456789abcdef01"

// onGitHub is a pull request's job.
func onGitHub() ciinfo.Info {
	return ciinfo.Info{
		Provider:   ciinfo.GitHub,
		Event:      ciinfo.Event{Kind: ciinfo.EventChange, Name: "pull_request"},
		Repository: ciinfo.Repository{Project: "me/forest", Name: "forest", URL: "https://github.com/me/forest", Host: "github"},
		Head:       ciinfo.Head{Ref: "faster", Type: ciinfo.Branch, SHA: sha},
		Change:     ciinfo.Change{ID: "7", Title: "Faster", BaseRef: "main", Fork: true},
		Pipeline:   ciinfo.Pipeline{Name: "train", RunID: "99", Attempt: 1},
		Job:        ciinfo.Job{Name: "train", User: "me"},
	}
}

// tagsOf are a plan's tags; a key that is there twice is a fault.
func tagsOf(t *testing.T, p track.Plan) map[string]string {
	t.Helper()
	tags := map[string]string{}
	for _, tag := range p.Tags {
		if _, twice := tags[tag.Key]; twice {
			t.Errorf("tag %s is there twice", tag.Key)
		}
		tags[tag.Key] = tag.Value
	}
	return tags
}

func TestRunName(t *testing.T) {
	t.Parallel()
	github := onGitHub()
	again := github
	again.Pipeline.Attempt, again.Job.MatrixLabel = 2, "lr=0.1"
	gitlab := ciinfo.Info{Provider: ciinfo.GitLab, Pipeline: ciinfo.Pipeline{RunID: "5"}, Job: ciinfo.Job{Name: "fit"}}
	for _, c := range []struct {
		settings settings.Run
		ci       ciinfo.Info
		dir      string
		want     string
	}{
		{settings: settings.Run{Name: "mine", Prefix: "x"}, ci: github, want: "mine"},
		{ci: github, want: "ci-99-train-abcdef0"},
		{settings: settings.Run{Prefix: "nightly"}, ci: again, want: "nightly-train-lr=0.1-abcdef0-2"},
		{ci: gitlab, want: "ci-5-fit"},
		{ci: ciinfo.Info{Provider: ciinfo.GitLab}, want: "20260102-030405"},
		{ci: ciinfo.Info{Provider: ciinfo.Local, Head: ciinfo.Head{Ref: "main", SHA: sha}}, want: "main-abcdef0-20260102-030405"},
		{ci: ciinfo.Info{Provider: ciinfo.Local}, dir: "/home/me/project", want: "project-20260102-030405"},
		{settings: settings.Run{Prefix: "try"}, ci: ciinfo.Info{Provider: ciinfo.Local}, dir: "/p", want: "try-p-20260102-030405"},
	} {
		p := track.NewPlan(c.settings, c.ci, track.Program{Dir: c.dir}, now.In(time.FixedZone("", 3600)))
		if p.RunName != c.want {
			t.Errorf("run name %q, want %q", p.RunName, c.want)
		}
	}
}

func TestPlanOnGitHub(t *testing.T) {
	t.Parallel()
	p := track.NewPlan(settings.Run{}, onGitHub(), track.Program{Version: "1.2", JobTag: "job", Source: "train.py"}, now)
	want := map[string]string{
		"cicd.pipeline.name": "train", "cicd.pipeline.run.id": "99", "cicd.pipeline.task.name": "train",
		"mlflow.source.git.branch": "faster", "mlflow.source.git.commit": sha, "mlflow.source.git.repoURL": "https://github.com/me/forest",
		"mlflow.source.name": "train.py", "mlflow.source.type": "JOB", "mlflow.user": "me",
		"mlops.ci.attempt": "1", "mlops.ci.event": string(ciinfo.EventChange), "mlops.ci.fork": "true", "mlops.ci.provider": string(ciinfo.GitHub),
		"mlops.job.id": "job", "mlops.version": "1.2",
		"vcs.change.id": "7", "vcs.change.title": "Faster", "vcs.provider.name": "github", "vcs.ref.base.name": "main",
		"vcs.ref.head.name": "faster", "vcs.ref.head.revision": sha, "vcs.ref.head.type": "branch",
		"vcs.repository.name": "forest", "vcs.repository.url.full": "https://github.com/me/forest",
	}
	if diff := cmp.Diff(want, tagsOf(t, p)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if p.Experiment != "me/forest" || p.ExperimentID != "" || p.User != "me" || p.Resume != "" || len(p.Notices) > 0 {
		t.Errorf("plan %+v", p)
	}
}

func TestPlanOnALaptop(t *testing.T) {
	t.Parallel()
	p := track.NewPlan(settings.Run{}, ciinfo.Info{Provider: ciinfo.Local}, track.Program{Version: "1.2", JobTag: "job", Dir: "/p"}, now)
	want := map[string]string{"mlflow.source.type": "LOCAL", "mlops.job.id": "job", "mlops.version": "1.2"}
	if diff := cmp.Diff(want, tagsOf(t, p)); diff != "" || p.Experiment != mlflow.DefaultExperiment {
		t.Errorf("experiment %q, tags (-want +got):\n%s", p.Experiment, diff)
	}
	if p := track.NewPlan(settings.Run{Experiment: "mine"}, onGitHub(), track.Program{}, now); p.Experiment != "mine" {
		t.Errorf("experiment %q", p.Experiment)
	}
}

func TestTheUsersLastTagWins(t *testing.T) {
	t.Parallel()
	p := track.NewPlan(settings.Run{Tags: []mlflow.Tag{
		{Key: "vcs.ref.head.name", Value: "first"}, {Key: "mlflow.source.name", Value: "mine.py"}, {Key: "vcs.ref.head.name", Value: "mine"},
		{Key: "long", Value: strings.Repeat("ü", mlflow.MaxTagLength+1)},
	}}, onGitHub(), track.Program{Source: "train.py"}, now)
	tags := tagsOf(t, p)
	if tags["vcs.ref.head.name"] != "mine" || tags["mlflow.source.name"] != "mine.py" {
		t.Errorf("tags %v", tags)
	}
	if tags["long"] != strings.Repeat("ü", mlflow.MaxTagLength+1) { // it is cut when secrets have been removed
		t.Errorf("a long tag has %d bytes", len(tags["long"]))
	}
	if diff := cmp.Diff([]notice.Notice{notice.Warn(`tag "long" is cut to 5000 characters`, "")}, p.Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestTheRunAroundIsResumedOrTheParent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		inherited      settings.Inherited
		tags           []mlflow.Tag
		resume, parent string
	}{
		{name: "of the user", inherited: settings.Inherited{RunID: "r", StepRunID: "other"}, resume: "r"},
		{name: "of the step around us", inherited: settings.Inherited{RunID: "r", StepRunID: "r"}, parent: "r"},
		{name: "of the step around us, and the user names another", inherited: settings.Inherited{RunID: "r", StepRunID: "r"},
			tags: []mlflow.Tag{{Key: mlflow.ParentRunTag, Value: "mine"}}, parent: "mine"},
		{name: "removed by the step", inherited: settings.Inherited{StepRunID: "r", ExperimentID: "7"}},
	} {
		p := track.NewPlan(settings.Run{Inherited: c.inherited, Tags: c.tags}, onGitHub(), track.Program{}, now)
		if parent := tagsOf(t, p)[mlflow.ParentRunTag]; p.Resume != c.resume || parent != c.parent || p.ExperimentID != c.inherited.ExperimentID {
			t.Errorf("a run %s: resumed %q, parent %q, experiment %q", c.name, p.Resume, parent, p.ExperimentID)
		}
	}
}

// TestPlanIsUTF8: what no store could hold is made valid, and told.
func TestPlanIsUTF8(t *testing.T) {
	t.Parallel()
	ci := onGitHub()
	ci.Job.User, ci.Head.Ref, ci.Repository.Project = "\xff", "b\xe9", "me/f\xe9"
	p := track.NewPlan(settings.Run{Name: "r\xff", Tags: []mlflow.Tag{{Key: "k", Value: "v\x00"}}}, ci, track.Program{Source: "entra\xeener.py"}, now)
	tags := tagsOf(t, p)
	got := []string{p.Experiment, p.RunName, p.User, tags["k"], tags["mlflow.source.name"], tags["vcs.ref.head.name"]}
	want := []string{"me/f\uFFFD", "r\uFFFD", "\uFFFD", "v\uFFFD", "entra\uFFFDner.py", "b\uFFFD"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, what := range []string{"experiment name", "run name", "user name", `tag "k"`, `tag "mlflow.source.name"`} {
		if !slices.ContainsFunc(p.Notices, func(n notice.Notice) bool { return strings.HasPrefix(n.Text, what+" is not UTF-8") }) {
			t.Errorf("no warning about the %s: %v", what, p.Notices)
		}
	}
}
