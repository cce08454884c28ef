package awsauth

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

// everyTag is a job of which every fact is known.
func everyTag() []Tag {
	return GitHubTags(Job{
		Repository: "octo/train", Workflow: "ci", Action: "train", Job: "fit", Actor: "octo", TriggeringActor: "cat", Ref: "refs/heads/x", Commit: "c0ffee",
		EventName: "pull_request", BaseRef: "main", HeadRef: "x", RunID: "42",
	})
}

// chain is an AWS with a user and two roles, the second of which trusts the first.
func chain(t *testing.T) (*awstest.AWS, Options) {
	t.Helper()
	cloud, opts := newAWS(t)
	signIn(t, cloud.STS.AddUser(awstest.Account, "ci"))
	for _, role := range []string{trainRole, deployRole} {
		cloud.STS.SetRole(awstest.Role{ARN: role, Trust: awstest.TrustAccount(awstest.Account)})
	}
	opts.Tokens = nil
	return cloud, opts
}

const deployRole = "arn:aws:iam::123456789012:role/deploy"

// TestTransitiveTags sends the job's and the user's tags, of which a later session of the chain gets the transitive ones.
func TestTransitiveTags(t *testing.T) {
	cloud, opts := chain(t)
	opts.Role.Tags = SessionTags{
		Job: everyTag(), Custom: []Tag{{"cost center", "4711"}}, Transitive: []string{"repository", "cost center", "BaseRef", "Absent"},
	}
	creds, _, err := prompt(t, opts).issue(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := cloud.STS.Lookup(creds.AccessKeyID)
	want := []string{
		"Action", "Actor", "BaseRef", "Branch", "Commit", "EventName", "GitHub", "HeadRef", "Job", "Repository", "RunId", "TriggeringActor", "Workflow", "cost center",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(first.Tags))); diff != "" {
		t.Errorf("session tags (-want +got):\n%s", diff)
	}
	if got := opts.Role.Tags.Unknown(); !slices.Equal(got, []string{"Absent"}) {
		t.Errorf("unknown keys are %q", got)
	}

	signIn(t, first)
	opts.Role = Role{ARN: deployRole, Chained: true}
	creds, _, err = prompt(t, opts).issue(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := cloud.STS.Lookup(creds.AccessKeyID)
	if diff := cmp.Diff(map[string]string{"Repository": "octo/train", "BaseRef": "main", "cost center": "4711"}, second.Tags); diff != "" {
		t.Errorf("inherited tags (-want +got):\n%s", diff)
	}

	opts.Role.Tags.Job = everyTag()
	_, _, err = prompt(t, opts).issue(t.Context(), 0)
	if e, ok := err.(*Error); !ok || !strings.Contains(e.Hint(), "role-skip-session-tagging") || e.Attempts != 1 { //nolint:errorlint // it is that itself
		t.Errorf("tags that are inherited were set again: %v", err)
	}
}

// TestTagsThatAreTooLarge leaves out the tags that no policy relies on, for this session and those that renew it.
func TestTagsThatAreTooLarge(t *testing.T) {
	cloud, opts := chain(t)
	var warnings []string
	opts.Warn = func(message, hint string) { warnings = append(warnings, message+"|"+hint) }
	opts.Role.Tags = SessionTags{Job: everyTag(), Custom: []Tag{{"team", "a"}}, Transitive: []string{"RunId", "team"}}
	cloud.STS.SetTagSpace(100)
	i := prompt(t, opts)
	for session := range 2 {
		creds, _, err := i.issue(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		key, _ := cloud.STS.Lookup(creds.AccessKeyID)
		want := []string{"Action", "Actor", "Branch", "Commit", "GitHub", "Repository", "Workflow", "team"}
		if got := slices.Sorted(maps.Keys(key.Tags)); !slices.Equal(got, want) || !slices.Equal(key.Transitive, []string{"team"}) {
			t.Errorf("session %d has the tags %q, transitive %q", session, got, key.Transitive)
		}
	}
	if n := cloud.STS.Count("AssumeRole"); n != 3 {
		t.Errorf("%d requests, want one that was rejected and two more", n)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "consumes") || !strings.Contains(warnings[0], "EventName, BaseRef, HeadRef, RunId, Job, TriggeringActor are left out") {
		t.Errorf("warnings %q", warnings)
	}

	cloud.STS.SetTagSpace(40) // even fewer tags do not fit
	_, _, err := prompt(t, opts).issue(t.Context(), 0)
	if e, ok := err.(*Error); !ok || e.Code != "PackedPolicyTooLarge" || e.Attempts != 2 || !strings.Contains(e.Hint(), "custom-tags") { //nolint:errorlint // it is that itself
		t.Errorf("error %v", err)
	}
}
