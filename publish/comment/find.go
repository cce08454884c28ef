package comment

import (
	"context"
	"strings"

	"github.com/google/go-github/v60/github"
	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

// Branch is the source branch of a pull or merge request.
type Branch struct {
	Project string // owner/name of its repository
	Name    string
	Commit  string // at its tip; a request that is at this commit goes before others
}

// FindGitHub returns the number of an open pull request from the branch into the repository of the options; 0: there is none.
// Number in the options is ignored.
func FindGitHub(ctx context.Context, o GitHubOptions, branch Branch) (int, error) {
	o.Number = 1 // any
	g, err := NewGitHub(o)
	if err != nil {
		return 0, err
	}
	owner, _, _ := strings.Cut(branch.Project, "/")
	options := &github.PullRequestListOptions{State: "open", Head: owner + ":" + branch.Name}
	var all []*github.PullRequest
	err = patiently(ctx, func(ctx context.Context) error {
		all, _, err = g.client.PullRequests.List(ctx, g.owner, g.repo, options)
		if err != nil {
			return g.fault("look for the pull request of branch "+branch.Name, err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	found := 0
	for _, pr := range all { // a filter that GitHub does not understand is ignored
		head := pr.GetHead()
		if head.GetRef() != branch.Name || !strings.EqualFold(head.GetRepo().GetFullName(), branch.Project) || pr.GetState() != "open" {
			continue
		}
		if found == 0 || head.GetSHA() == branch.Commit {
			found = pr.GetNumber()
		}
		if head.GetSHA() == branch.Commit {
			break
		}
	}
	return found, nil
}

// FindGitLab returns the number of an open merge request from the branch of the project in the options, into the same; 0: there is
// none. Number in the options is ignored.
func FindGitLab(ctx context.Context, o GitLabOptions, branch Branch) (int, error) {
	o.Number = 1 // any
	g, err := NewGitLab(o)
	if err != nil {
		return 0, err
	}
	options := &gitlab.ListProjectMergeRequestsOptions{State: new("opened"), SourceBranch: &branch.Name}
	var all []*gitlab.BasicMergeRequest
	err = patiently(ctx, func(ctx context.Context) error {
		var resp *gitlab.Response
		all, resp, err = g.client.MergeRequests.ListProjectMergeRequests(g.project, options, gitlab.WithContext(ctx))
		if err != nil {
			return g.fault("look for the merge request of branch "+branch.Name, resp, err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	found := 0
	for _, mr := range all { // those of forks have a branch of that name, too
		if mr.SourceBranch != branch.Name || mr.SourceProjectID != mr.TargetProjectID || mr.State != "opened" {
			continue
		}
		if found == 0 || mr.SHA == branch.Commit {
			found = int(mr.IID)
		}
		if mr.SHA == branch.Commit {
			break
		}
	}
	return found, nil
}

// patiently repeats a request that changes nothing, as long as its error is temporary, three times at most.
func patiently(ctx context.Context, request func(context.Context) error) error {
	return retry.Do(ctx, retry.Policy{
		Backoff: backoff(),
		Classify: func(attempt int, err error) retry.Decision {
			if !isTemporary(err) || attempt >= maxLooks {
				return retry.Stop()
			}
			return retry.Again()
		},
	}, request)
}

const maxLooks = 3
