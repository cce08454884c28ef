package ciinfo

import (
	"cmp"
	"net/url"
)

// detectAzure reads the variables of
// https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables. BUILD_SOURCEVERSION is a merge made for the
// test when a pull request is built; the source's own commit is SYSTEM_PULLREQUEST_SOURCECOMMITID.
func detectAzure(s Source) Info {
	env := s.Getenv
	repo := repositoryAt(env("BUILD_REPOSITORY_URI"), env("BUILD_REPOSITORY_PROVIDER"))
	info := Info{
		Repository: repo,
		Head:       headAt(env("BUILD_SOURCEBRANCH"), "", env("BUILD_SOURCEVERSION")),
		Change:     changeIn(repo, cmp.Or(env("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"), env("SYSTEM_PULLREQUEST_PULLREQUESTID"))),
		Pipeline: Pipeline{
			Name:    env("BUILD_DEFINITIONNAME"),
			RunID:   env("BUILD_BUILDID"),
			Attempt: counted(env("SYSTEM_JOBATTEMPT"), 1),
		},
		Job: Job{
			Name:      cmp.Or(env("SYSTEM_PHASENAME"), env("SYSTEM_JOBNAME")),
			ID:        cmp.Or(s.JobID, env("SYSTEM_JOBID")),
			Worker:    cmp.Or(env("AGENT_NAME"), env("AGENT_MACHINENAME")),
			User:      env("BUILD_REQUESTEDFOR"),
			Workspace: env("BUILD_SOURCESDIRECTORY"),
		},
	}
	if info.Change.ID != "" {
		info.Head.Ref, info.Head.Type = shortRef(env("SYSTEM_PULLREQUEST_SOURCEBRANCH")), Branch
		info.Head.SHA = commitSHA(env("SYSTEM_PULLREQUEST_SOURCECOMMITID"))
		info.Change.BaseRef = shortRef(env("SYSTEM_PULLREQUEST_TARGETBRANCH"))
		info.Change.Fork = isTrue(env("SYSTEM_PULLREQUEST_ISFORK"))
	}
	info.Event = Event{Kind: azureEventKind(env("BUILD_REASON"), info), Name: env("BUILD_REASON")}
	info.Job.Matrix, info.Job.MatrixLabel = shard(env("SYSTEM_JOBPOSITIONINPHASE"), env("SYSTEM_TOTALJOBSINPHASE"), 1)
	info.azureURLs(env)
	return info
}

// azureURLs sets the pages of the run and of the job, which are told apart by their query.
func (i *Info) azureURLs(env func(string) string) {
	server := publicURL(cmp.Or(env("SYSTEM_COLLECTIONURI"), env("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")))
	project := env("SYSTEM_TEAMPROJECT")
	if server == "" || project == "" || i.Pipeline.RunID == "" {
		return
	}
	i.Pipeline.RunURL = server + "/" + url.PathEscape(project) + "/_build/results?buildId=" + url.QueryEscape(i.Pipeline.RunID)
	if id := env("SYSTEM_JOBID"); id != "" {
		i.Job.URL = i.Pipeline.RunURL + "&view=logs&j=" + url.QueryEscape(id)
	}
}

func azureEventKind(reason string, i Info) EventKind {
	switch reason {
	case "IndividualCI", "BatchedCI":
		return startedBy(Change{}, i.Head, EventPush)
	case "PullRequest":
		return EventChange
	case "Schedule":
		return EventSchedule
	case "Manual":
		return startedBy(i.Change, Head{}, EventManual)
	case "ResourceTrigger", "BuildCompletion":
		return EventUpstream
	}
	return startedBy(i.Change, i.Head, EventOther)
}
