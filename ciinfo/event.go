package ciinfo

// EventKind is the kind of thing that started the pipeline, in one vocabulary for all systems.
type EventKind string

// The kinds of events.
const (
	EventPush       EventKind = "push"         // to a branch
	EventTag        EventKind = "tag"          // a tag was pushed, or a release made of it
	EventChange     EventKind = "pull_request" // a pull request or merge request was opened or updated
	EventMergeGroup EventKind = "merge_group"  // a merge queue (GitHub) or merge train (GitLab) tries a change
	EventSchedule   EventKind = "schedule"
	EventManual     EventKind = "manual"   // somebody pressed a button
	EventUpstream   EventKind = "upstream" // another pipeline started this one
	EventAPI        EventKind = "api"      // a program started it
	EventOther      EventKind = "other"
)
