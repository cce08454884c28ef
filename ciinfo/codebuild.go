package ciinfo

import (
	"cmp"
	"net/url"
	"strings"
)

// detectCodeBuild reads the variables of https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html.
// They do not say whether a change comes from a fork. A build that CodePipeline started has the pipeline's name in
// CODEBUILD_INITIATOR, and often no repository.
func detectCodeBuild(s Source) Info {
	env := s.Getenv
	repo := repositoryAt(env("CODEBUILD_SOURCE_REPO_URL"), "")
	project, _, _ := strings.Cut(env("CODEBUILD_BUILD_ID"), ":")
	pipeline, fromPipeline := strings.CutPrefix(env("CODEBUILD_INITIATOR"), "codepipeline/")
	if !fromPipeline {
		pipeline = project
	}
	info := Info{
		Repository: repo,
		Pipeline:   Pipeline{Name: pipeline, RunID: cmp.Or(env("CODEBUILD_BUILD_NUMBER"), env("CODEBUILD_BUILD_ID"))},
		Job: Job{
			Name:      cmp.Or(env("CODEBUILD_BATCH_BUILD_IDENTIFIER"), project),
			ID:        cmp.Or(s.JobID, env("CODEBUILD_BUILD_ID")),
			URL:       cmp.Or(publicURL(env("CODEBUILD_PUBLIC_BUILD_URL")), codeBuildPage(env("CODEBUILD_BUILD_ARN"))),
			Workspace: env("CODEBUILD_SRC_DIR"),
		},
	}
	if initiator := env("CODEBUILD_INITIATOR"); !strings.Contains(initiator, "/") && initiator != codeBuildJenkins {
		info.Job.User = initiator // a person; a program has a slash in its name
	}
	info.Pipeline.RunURL = info.Job.URL
	info.codeBuildHead(env)
	info.Event = Event{Kind: codeBuildEventKind(env, info), Name: cmp.Or(env("CODEBUILD_WEBHOOK_EVENT"), env("CODEBUILD_INITIATOR"))}
	return info
}

// codeBuildJenkins is who starts a build for the plugin of Jenkins.
const codeBuildJenkins = "CodeBuild-Jenkins-Plugin"

// codeBuildHead sets what is built. CODEBUILD_WEBHOOK_TRIGGER is pr/7, branch/main or tag/v1; without a webhook
// CODEBUILD_SOURCE_VERSION may be that, a reference, a commit, or a name of which it is not known what it names.
func (i *Info) codeBuildHead(env func(string) string) {
	kind, name, _ := strings.Cut(cmp.Or(env("CODEBUILD_WEBHOOK_TRIGGER"), env("CODEBUILD_SOURCE_VERSION")), "/")
	commit := cmp.Or(commitSHA(env("CODEBUILD_RESOLVED_SOURCE_VERSION")), commitSHA(env("CODEBUILD_SOURCE_VERSION")))
	switch kind {
	case "branch":
		i.Head = headAt(name, "", commit)
	case "tag":
		i.Head = headAt("", name, commit)
	case "pr":
		i.Head = headAt(env("CODEBUILD_WEBHOOK_HEAD_REF"), "", commit)
		i.Change = changeIn(i.Repository, name)
		i.Change.BaseRef = shortRef(env("CODEBUILD_WEBHOOK_BASE_REF"))
	case "refs": // refs/heads/main^{commit}
		ref, _, _ := strings.Cut(env("CODEBUILD_SOURCE_VERSION"), "^")
		i.Head = headAt(ref, "", commit)
	default:
		i.Head = headAt("", "", commit)
	}
}

func codeBuildEventKind(env func(string) string, i Info) EventKind {
	initiator := env("CODEBUILD_INITIATOR")
	switch {
	case env("CODEBUILD_WEBHOOK_EVENT") == "PUSH":
		return startedBy(Change{}, i.Head, EventPush)
	case env("CODEBUILD_WEBHOOK_EVENT") != "":
		return startedBy(i.Change, i.Head, EventOther)
	case strings.HasPrefix(initiator, "codepipeline/"), initiator == codeBuildJenkins:
		return EventUpstream
	case i.Change.ID != "":
		return EventChange
	case initiator != "" && !strings.Contains(initiator, "/"):
		return EventManual
	}
	return EventOther
}

// codeBuildPage is the page of a build in the console:
// arn:aws:codebuild:us-east-1:123456789012:build/train:b1e6661e.
func codeBuildPage(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[1] != "aws" {
		return ""
	}
	region, account := url.PathEscape(parts[3]), url.PathEscape(parts[4])
	build, ok := strings.CutPrefix(parts[5], "build/")
	project, _, named := strings.Cut(build, ":")
	if !ok || !named || region == "" || account == "" {
		return ""
	}
	return "https://" + region + ".console.aws.amazon.com/codesuite/codebuild/" + account + "/projects/" +
		url.PathEscape(project) + "/build/" + url.QueryEscape(build)
}
