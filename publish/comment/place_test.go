package comment_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/hosttest"
	"github.com/Iyalvan/mlops-track/publish/comment"
)

// told is a report of a run with what tells its place.
func told(report string, run int64, attempt int, more func(*comment.Section)) comment.Section {
	s := says("", run, report)
	s.Report, s.Order.Attempt = report, attempt
	s.Order.Time = time.Now()
	if more != nil {
		more(&s)
	}
	return s
}

func ofJob(id string) func(*comment.Section) { return func(s *comment.Section) { s.Job = id } }

func ofStep(name string) func(*comment.Section) { return func(s *comment.Section) { s.Step = name } }

func ofFamily(id string) func(*comment.Section) { return func(s *comment.Section) { s.Family = id } }

// TestEveryReportKeepsItsPlace posts reports that are alike in name, one after the other, and looks at the comment after each round.
func TestEveryReportKeepsItsPlace(t *testing.T) {
	for name, rounds := range map[string][]struct {
		post []comment.Section
		want string
	}{
		"two commands in a step": {
			{[]comment.Section{told("a1", 1, 1, nil), told("b1", 1, 1, nil)}, "a1|b1"},
			{[]comment.Section{told("a2", 2, 1, nil), told("b2", 2, 1, nil)}, "a2|b2"}, // the next run takes the same places
			{[]comment.Section{told("a3", 2, 2, nil)}, "a3|b2"},                        // an attempt that fails in its first step
			{[]comment.Section{told("b0", 1, 2, nil)}, "a3|b2"},                        // a run that was overtaken
		},
		"fewer in the next run": {
			{[]comment.Section{told("a1", 1, 1, nil), told("b1", 1, 1, nil), told("c1", 1, 1, ofStep("__run_2"))}, "a1|b1|c1"},
			{[]comment.Section{told("a2", 2, 1, nil)}, "a2|c1"}, // of another step nobody knows whether it comes
		},
		"the same report again": {
			{[]comment.Section{told("a1", 1, 1, nil), told("b1", 1, 1, nil), told("a1", 1, 1, nil)}, "a1|b1"},
		},
		"steps that the system names": {
			{[]comment.Section{told("a1", 1, 1, ofStep("__run_2")), told("b1", 1, 1, ofStep("__run_10"))}, "a1|b1"},
			{[]comment.Section{told("b2", 2, 1, ofStep("__run_10"))}, "a1|b2"}, // the first step was skipped
		},
		"attempts that are not counted": {
			{[]comment.Section{told("a1", 1, 0, ofJob("10")), told("b1", 1, 0, ofJob("10"))}, "a1|b1"},
			{[]comment.Section{told("a2", 1, 0, ofJob("11")), told("b2", 1, 0, ofJob("11"))}, "a2|b2"}, // retried
		},
		"child pipelines": {
			{[]comment.Section{told("a1", 11, 0, ofFamily("1")), told("b1", 12, 0, ofFamily("1"))}, "a1|b1"},
			{[]comment.Section{told("b2", 22, 0, ofFamily("2")), told("a2", 21, 0, ofFamily("2"))}, "b2|a2"}, // the later child ends first
		},
		"without an id": {
			{[]comment.Section{says("", 1, "a1"), says("", 2, "a2")}, "a2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s side) {
				for i, round := range rounds {
					for _, section := range round.post {
						time.Sleep(time.Second)
						section.Order.Time = time.Now()
						post(t, s, section, comment.Update)
					}
					if got := visible(s, 7); !slices.Equal(got, []string{round.want}) {
						t.Errorf("after round %d the comment says %q, want %q", i+1, got, round.want)
					}
				}
			})
		})
	}
}

// TestPlacesInOtherModes: the reports of one run, and of the children of one pipeline, share the comment of the run.
func TestPlacesInOtherModes(t *testing.T) {
	onBoth(t, func(t *testing.T, s side) {
		for _, section := range []comment.Section{
			told("a", 12, 0, ofFamily("1")), told("b", 11, 0, ofFamily("1")), told("c", 22, 0, ofFamily("2")), told("d", 21, 0, ofFamily("2")),
		} {
			post(t, s, section, comment.New)
		}
		if got := visible(s, 7); !slices.Equal(got, []string{"a|b", "c|d"}) {
			t.Errorf("the comments say %q", got)
		}
	})
}

// TestCallsOfAReusableWorkflow end at the same time and cannot be told apart by anything but what they report.
func TestCallsOfAReusableWorkflow(t *testing.T) {
	onBoth(t, func(t *testing.T, s side) {
		var all sync.WaitGroup
		for i := range 6 {
			section := told(fmt.Sprintf("call %d", i), 1, 1, nil)
			all.Go(func() { post(t, s, section, comment.Update) })
		}
		all.Wait()
		got := visible(s, 7)
		for i := range 6 {
			if n := strings.Count(strings.Join(got, ""), fmt.Sprintf("call %d", i)); n != 1 || len(got) != 1 {
				t.Errorf("call %d is there %d times: %q", i, n, got)
			}
		}
	})
}

// TestForeignKeys: no text makes the key of a trusted job that of a report which somebody else wrote.
func TestForeignKeys(t *testing.T) {
	foreign := comment.Foreign("o/r")
	for _, text := range []string{"unverified: o/r", " unverified: o/r", "\tunverified: o/r", "\u00a0unverified: o/r", "unverified:  o/r", string(foreign)} {
		onBoth(t, func(t *testing.T, s side) {
			for _, key := range []comment.Key{comment.Own(text), foreign} {
				if _, err := comment.Post(t.Context(), s.open(token, 7), key, says("", 1, "x"), comment.Update); err != nil {
					t.Fatal(err)
				}
			}
			if comments := s.Comments(7); len(comments) != 2 || strings.Split(comments[0].Body, "\n")[0] == strings.Split(comments[1].Body, "\n")[0] {
				t.Errorf("%q: %d comments", text, len(comments))
			}
		})
	}
}

// TestFind finds the open request of a branch, and not one that only has a branch of that name.
func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		requests map[int]hosttest.Request
		project  string
		want     int
	}{
		"none":                   {nil, "acme/model", 0},
		"one":                    {map[int]hosttest.Request{7: {Branch: "faster"}}, "acme/model", 7},
		"closed":                 {map[int]hosttest.Request{7: {Branch: "faster", Closed: true}}, "acme/model", 0},
		"another branch":         {map[int]hosttest.Request{7: {Branch: "slower"}}, "acme/model", 0},
		"a branch of a fork":     {map[int]hosttest.Request{7: {Branch: "faster", Fork: true}}, "acme/model", 0},
		"at this commit":         {map[int]hosttest.Request{7: {Branch: "faster", Head: "abc"}, 9: {Branch: "faster", Head: "def"}}, "acme/model", 7},
		"the newest":             {map[int]hosttest.Request{7: {Branch: "faster"}, 9: {Branch: "faster"}}, "acme/model", 9},
		"of a fork, after a run": {map[int]hosttest.Request{7: {Branch: "faster", Fork: true}}, "someone/fork", 7},
	} {
		branch := comment.Branch{Project: c.project, Name: "faster", Commit: "abc"}
		g, l := hosttest.NewGitHub(t, "acme/model"), hosttest.NewGitLab(t, "acme/model")
		g.SetToken(token, hosttest.Account{App: true})
		l.SetToken(token, hosttest.Account{})
		for number, r := range c.requests {
			g.SetRequest(number, r)
			l.SetRequest(number, r)
		}
		n, err := comment.FindGitHub(t.Context(), comment.GitHubOptions{HTTP: g.Client(), Token: token, Repository: "acme/model"}, branch)
		if n != c.want || err != nil {
			t.Errorf("%s: GitHub has #%d (%v), want #%d", name, n, err, c.want)
		}
		if c.project != "acme/model" {
			continue
		}
		n, err = comment.FindGitLab(t.Context(), comment.GitLabOptions{HTTP: l.Client(), Token: token, Project: "acme/model"}, branch)
		if n != c.want || err != nil {
			t.Errorf("%s: GitLab has !%d (%v), want !%d", name, n, err, c.want)
		}
	}
}
