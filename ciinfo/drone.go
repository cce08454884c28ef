package ciinfo

import (
	"cmp"
	"strings"
)

// detectDrone reads the variables of https://docs.drone.io/pipeline/environment/reference/. They do not say whether a
// change comes from a fork.
func detectDrone(s Source) Info {
	env := s.Getenv
	repo := repositoryAt(cmp.Or(env("DRONE_REPO_LINK"), env("DRONE_GIT_HTTP_URL")), "")
	repo.DefaultBranch = env("DRONE_REPO_BRANCH")
	info := Info{
		Repository: repo,
		Head:       headAt(env("DRONE_COMMIT_BRANCH"), env("DRONE_TAG"), env("DRONE_COMMIT_SHA")),
		Change:     changeIn(repo, env("DRONE_PULL_REQUEST")),
		Pipeline: Pipeline{
			Name:   env("DRONE_STAGE_NAME"), // what Drone calls a pipeline in its file
			RunID:  env("DRONE_BUILD_NUMBER"),
			RunURL: publicURL(env("DRONE_BUILD_LINK")),
		},
		Job: Job{
			Name:      env("DRONE_STEP_NAME"),
			ID:        s.JobID,
			Worker:    env("DRONE_STAGE_MACHINE"),
			User:      env("DRONE_BUILD_TRIGGER"),
			Workspace: env("DRONE_WORKSPACE"),
		},
	}
	if user := info.Job.User; user == "" || strings.HasPrefix(user, "@") { // @hook
		info.Job.User = env("DRONE_COMMIT_AUTHOR")
	}
	if info.Change.ID != "" {
		info.Head.Ref, info.Head.Type = env("DRONE_SOURCE_BRANCH"), Branch
		if strings.HasSuffix(env("DRONE_COMMIT_REF"), "/merge") {
			info.Head.SHA = ""
		}
		info.Change.BaseRef = env("DRONE_TARGET_BRANCH")
		info.Change.Title = firstLine(env("DRONE_PULL_REQUEST_TITLE"))
	}
	info.Event = Event{Kind: droneEventKind(env("DRONE_BUILD_EVENT")), Name: env("DRONE_BUILD_EVENT")}
	return info
}

func droneEventKind(event string) EventKind {
	switch event {
	case "push":
		return EventPush
	case "tag":
		return EventTag
	case "pull_request":
		return EventChange
	case "cron":
		return EventSchedule
	case "custom", "promote", "rollback":
		return EventManual
	}
	return EventOther
}
