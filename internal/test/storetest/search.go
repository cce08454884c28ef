package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// dated creates one run for each list of tags, each a minute older than the one before, and returns their ids.
func (f fixture) dated(t *testing.T, experimentID string, lists ...[]mlflow.Tag) []string {
	t.Helper()
	ids, start := make([]string, len(lists)), time.Now().Add(-time.Hour)
	for i, tags := range lists {
		r, err := f.CreateRun(t.Context(), mlflow.NewRun{
			ExperimentID: experimentID, Name: fmt.Sprintf("r%d", i), Start: start.Add(-time.Duration(i) * time.Minute), Tags: tags,
		})
		if err != nil {
			t.Fatalf("create run: %v", err)
		}
		ids[i] = r.ID
	}
	return ids
}

// search returns the ids of the runs that a search finds.
func (f fixture) search(t *testing.T, search mlflow.RunSearch) []string {
	t.Helper()
	runs, err := f.SearchRuns(t.Context(), search)
	if err != nil {
		t.Fatalf("search runs: %v", err)
	}
	ids := make([]string, len(runs))
	for i, r := range runs {
		if !search.Match(r.Status, r.Tags) || r.ExperimentID != search.ExperimentID || r.Name == "" {
			t.Errorf("%+v finds %+v", search, r)
		}
		ids[i] = r.ID
	}
	return ids
}

func tags(pairs ...string) []mlflow.Tag {
	var out []mlflow.Tag
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, mlflow.Tag{Key: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func searchByTags(t *testing.T, s fixture) {
	const pipeline, branch = "cicd.pipeline.run.id", "vcs.ref.head.name"
	e := s.experiment(t).ID
	id := s.dated(t, e,
		tags(pipeline, "yes", branch, "main"), tags(pipeline, "no", branch, "main"), tags(pipeline, "yes", branch, "dev"),
		tags(pipeline, "it's yes", branch, "main"), tags(pipeline, `back\slash`), tags(pipeline, `'both" quotes`), tags(pipeline, "yes"))
	s.runIn(t, s.experiment(t).ID, tags(pipeline, "yes", branch, "main")...)
	for name, c := range map[string]struct {
		tags []mlflow.Tag
		want []string
	}{
		"oldest first":   {tags(pipeline, "yes"), []string{id[6], id[2], id[0]}},
		"all must match": {tags(pipeline, "yes", branch, "main"), []string{id[0]}},
		"nobody":         {tags(pipeline, "maybe"), nil},
		"another case":   {tags(pipeline, "YES"), nil},
		"quote":          {tags(pipeline, "it's yes"), []string{id[3]}},
		"backslash":      {tags(pipeline, `back\slash`), []string{id[4]}},
		"both quotes":    {tags(pipeline, `'both" quotes`), []string{id[5]}},
		"no tag":         {nil, []string{id[6], id[5], id[4], id[3], id[2], id[1], id[0]}},
	} {
		equal(t, name, s.search(t, mlflow.RunSearch{ExperimentID: e, Tags: c.tags}), c.want)
	}
	one := s.search(t, mlflow.RunSearch{ExperimentID: e, Tags: tags(pipeline, `back\slash`), Newest: true, Limit: 1})
	equal(t, "a limit with a value that cannot be asked for", one, []string{id[4]})
}

func searchByStatus(t *testing.T, s fixture) {
	e := s.experiment(t).ID
	id := s.dated(t, e, nil, nil, nil, nil, nil, nil)
	for i, status := range []mlflow.Status{mlflow.Finished, mlflow.Failed, mlflow.Finished, mlflow.Killed, mlflow.Scheduled} {
		s.update(t, id[i], mlflow.RunUpdate{Status: status})
	}
	for name, c := range map[string]struct {
		statuses []mlflow.Status
		want     []string
	}{
		"one":     {[]mlflow.Status{mlflow.Finished}, []string{id[2], id[0]}},
		"several": {[]mlflow.Status{mlflow.Running, mlflow.Scheduled, mlflow.Failed}, []string{id[5], id[4], id[1]}},
		"all":     {mlflow.Statuses(), []string{id[5], id[4], id[3], id[2], id[1], id[0]}},
	} {
		equal(t, name, s.search(t, mlflow.RunSearch{ExperimentID: e, Statuses: c.statuses}), c.want)
	}
}

// searchOrderAndLimit asks for the last finished run of a branch, among others.
func searchOrderAndLimit(t *testing.T, s fixture) {
	e, main := s.experiment(t).ID, tags("vcs.ref.head.name", "main")
	id := s.dated(t, e, main, tags("vcs.ref.head.name", "dev"), main, main, main)
	for _, i := range []int{1, 2, 3} {
		s.update(t, id[i], mlflow.RunUpdate{Status: mlflow.Finished})
	}
	finished := []mlflow.Status{mlflow.Finished}
	for name, c := range map[string]struct {
		search mlflow.RunSearch
		want   []string
	}{
		"last finished run of a branch": {mlflow.RunSearch{Tags: main, Statuses: finished, Newest: true, Limit: 1}, []string{id[2]}},
		"newest first":                  {mlflow.RunSearch{Newest: true}, id},
		"two newest":                    {mlflow.RunSearch{Newest: true, Limit: 2}, id[:2]},
		"two oldest":                    {mlflow.RunSearch{Limit: 2}, []string{id[4], id[3]}},
		"more than there are":           {mlflow.RunSearch{Tags: main, Newest: true, Limit: 100}, []string{id[0], id[2], id[3], id[4]}},
	} {
		c.search.ExperimentID = e
		equal(t, name, s.search(t, c.search), c.want)
	}
}
