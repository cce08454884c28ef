package ciinfo

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// recogniseTeamCity wants more than TEAMCITY_VERSION, which people set on a laptop to see what a test prints for TeamCity.
func recogniseTeamCity(env func(string) string) bool {
	return env("TEAMCITY_VERSION") != "" && cmp.Or(env("TEAMCITY_BUILDCONF_NAME"), env("TEAMCITY_BUILD_PROPERTIES_FILE")) != ""
}

// detectTeamCity reads the few variables, and the two files of parameters, of
// https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html. The files hold passwords too: only the
// parameters named here are taken.
func detectTeamCity(s Source) Info {
	env := s.Getenv
	system := readProperties(s, env("TEAMCITY_BUILD_PROPERTIES_FILE"))
	config := readProperties(s, system["teamcity.configuration.properties.file"])
	repo := repositoryAt(cmp.Or(config["vcsroot.url"], firstOf(config, "vcsroot.", ".url")), "")
	info := Info{
		Repository: repo,
		Change:     changeIn(repo, config["teamcity.pullRequest.number"]),
		Pipeline: Pipeline{
			Name:   teamCityPipeline(env),
			RunID:  cmp.Or(system["teamcity.build.id"], env("BUILD_NUMBER")),
			RunURL: publicURL(env("BUILD_URL")),
		},
		Job: Job{
			Name:      env("TEAMCITY_BUILDCONF_NAME"),
			ID:        cmp.Or(s.JobID, system["teamcity.build.id"]),
			Worker:    cmp.Or(config["teamcity.agent.name"], system["agent.name"]),
			User:      config["teamcity.build.triggeredBy.username"],
			Workspace: system["teamcity.build.checkoutDir"],
		},
	}
	if server := publicURL(config["teamcity.serverUrl"]); server != "" && system["teamcity.build.id"] != "" {
		info.Pipeline.RunURL = server + "/viewLog.html?buildId=" + url.QueryEscape(system["teamcity.build.id"])
	}
	info.Job.URL = info.Pipeline.RunURL
	info.teamCityHead(config, cmp.Or(env("BUILD_VCS_NUMBER"), system["build.vcs.number"]))
	info.Event = Event{Kind: teamCityEventKind(config, info), Name: config["teamcity.build.triggeredBy"]}
	return info
}

// teamCityPipeline names the build configuration with its project, as the page of a build does.
func teamCityPipeline(env func(string) string) string {
	if project := env("TEAMCITY_PROJECT_NAME"); project != "" {
		return project + " / " + env("TEAMCITY_BUILDCONF_NAME")
	}
	return env("TEAMCITY_BUILDCONF_NAME")
}

// teamCityHead sets what is built. teamcity.build.vcs.branch.ROOT is git's name of the branch; teamcity.build.branch is a
// name to show, and may be <default>. The source branch of a pull request is told only if it is not of a fork.
// https://www.jetbrains.com/help/teamcity/pull-requests.html
func (i *Info) teamCityHead(config map[string]string, commit string) {
	ref := firstOf(config, "teamcity.build.vcs.branch.", "")
	if shown := config["teamcity.build.branch"]; ref == "" && shown != "<default>" {
		ref = shown
	}
	i.Head = headAt(cmp.Or(ref, config["vcsroot.branch"]), "", commit)
	if isTrue(config["teamcity.build.branch.is_default"]) {
		i.Repository.DefaultBranch = i.Head.Ref
	}
	if i.Change.ID == "" {
		return
	}
	if strings.HasSuffix(ref, "/merge") {
		i.Head.SHA = ""
	}
	source := config["teamcity.pullRequest.source.branch"]
	i.Head.Ref, i.Head.Type, i.Change.Fork = shortRef(source), Branch, source == ""
	i.Change.BaseRef = shortRef(config["teamcity.pullRequest.target.branch"])
	i.Change.Title = firstLine(config["teamcity.pullRequest.title"])
}

// teamCityEventKind reads teamcity.build.triggeredBy, a sentence for people.
func teamCityEventKind(config map[string]string, i Info) EventKind {
	by := config["teamcity.build.triggeredBy"]
	switch {
	case i.Change.ID != "" || i.Head.Type == Tag:
		return startedBy(i.Change, i.Head, EventOther)
	case config["teamcity.build.triggeredBy.username"] != "":
		return EventManual
	case strings.HasPrefix(by, "Schedule Trigger"):
		return EventSchedule
	case strings.HasPrefix(by, "Finish Build Trigger"), strings.HasPrefix(by, "Snapshot dependency"):
		return EventUpstream
	case strings.HasPrefix(by, "Git"):
		return EventPush
	}
	return EventOther
}

// firstOf is the value of the first key, in alphabetical order, with this start and end.
func firstOf(properties map[string]string, start, end string) string {
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		if strings.HasPrefix(key, start) && strings.HasSuffix(key, end) {
			return properties[key]
		}
	}
	return ""
}
