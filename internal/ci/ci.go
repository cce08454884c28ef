// Package ci is what a job can do on its CI system beyond printing to its log: hide a text in the log, annotate, write a
// summary and outputs, get OIDC tokens, comment on the pull or merge request, archive a folder after the job.
//
// Facts about a job are in package ciinfo. A system is one file here, which sets the abilities that the system supports
// natively; the job does without the others.
package ci

import (
	"context"
	"net/http"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/outputs"
	"github.com/Iyalvan/mlops-track/settings"
)

// System is what a job can do. Each part may be nil or zero: then the system has no way for it.
type System struct {
	Log     console.Commands
	Summary func(render func(limit int) string) error                        // adds Markdown of at most limit bytes to the job's page
	Outputs func(values []outputs.Value) error                               // passes values to later steps
	AWS     AWS                                                              // how a role is assumed
	Request func(number string, c settings.Comment) (publish.Request, error) // a pull or merge request of the project
	// Find returns the number of the open request from the job's branch; nil: there is no branch to look for.
	Find func(ctx context.Context, c settings.Comment) (number string, err error)
	Keep func(dir string) string // how to archive a folder after the job, as lines to copy
}

// AWS is how a role is assumed on a CI system.
type AWS struct {
	Offered     bool // the job can get tokens; else Tokens returns an error that says what is missing
	Tokens      func(t settings.Token) (source awsauth.TokenSource, last time.Time)
	Origin      string // where the tokens come from, for people
	Audience    bool   // the audience of tokens can be chosen; else the system chooses it
	SessionName string
	SessionTags []awsauth.Tag
	RunID       string // of the pipeline run, for AWS's own log
	Attempt     int
}

// Job is what a system is made from.
type Job struct {
	Info      ciinfo.Info
	Getenv    func(string) string
	Environ   []string // for programs of the CI system
	HTTP      *http.Client
	UserAgent string
	Now       func() time.Time
	Command   func(lines []byte) // writes commands to the log; nil: no runner reads the log
}

// entry is a system in the table: its abilities, or why it has none.
type entry struct {
	abilities func(Job) System
	none      string
}

// systems has every system of ciinfo.
func systems() map[ciinfo.Provider]entry {
	const noStore = "it has no comments, no outputs and no artifact store of its own"
	return map[ciinfo.Provider]entry{
		ciinfo.GitHub:     {abilities: github},
		ciinfo.GitLab:     {abilities: gitlab},
		ciinfo.Buildkite:  {abilities: buildkite},
		ciinfo.CircleCI:   {abilities: circleci},
		ciinfo.Azure:      {abilities: azure},
		ciinfo.Bitbucket:  {abilities: bitbucket},
		ciinfo.TeamCity:   {abilities: teamcity},
		ciinfo.Travis:     {abilities: travis},
		ciinfo.AppVeyor:   {abilities: appveyor},
		ciinfo.Buddy:      {abilities: buddy},
		ciinfo.Bitrise:    {abilities: bitrise},
		ciinfo.CodeBuild:  {abilities: codebuild},
		ciinfo.Jenkins:    {abilities: jenkins},
		ciinfo.Woodpecker: {none: noStore},
		ciinfo.Drone:      {none: noStore},
		ciinfo.Codefresh:  {none: noStore},
		ciinfo.Local:      {none: "not a CI system, or an unknown one"},
	}
}

// For returns what a job can do on the system that it runs on.
func For(job Job) System {
	if abilities := systems()[job.Info.Provider].abilities; abilities != nil {
		system := abilities(job)
		system.AWS.RunID, system.AWS.Attempt = job.Info.Pipeline.RunID, job.Info.Pipeline.Attempt
		return system
	}
	if job.Getenv(tokenRequestURL) != "" { // what imitates GitHub's tokens elsewhere
		return System{AWS: githubAWS(job)}
	}
	return System{}
}
