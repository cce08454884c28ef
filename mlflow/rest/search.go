package rest

import (
	"context"
	"fmt"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// pageSize is how many runs are asked for at once: so many large ones fit into maxAnswer.
const pageSize = 200

// SearchRuns implements mlflow.Experiments. It asks for pages until the limit is reached.
func (c *Client) SearchRuns(ctx context.Context, search mlflow.RunSearch) ([]mlflow.Run, error) {
	filter, exact := searchFilter(search)
	size := pageSize
	if exact && search.Limit > 0 {
		size = min(search.Limit, pageSize)
	}
	order := "attributes.start_time ASC"
	if search.Newest {
		order = "attributes.start_time DESC"
	}
	var runs []mlflow.Run
	for token := ""; ; {
		var answer struct {
			Runs []wireRun
			Next string `json:"next_page_token"`
		}
		err := c.post(ctx, "runs/search", map[string]any{
			"experiment_ids": []string{search.ExperimentID}, "filter": filter, "run_view_type": "ACTIVE_ONLY",
			"order_by": []string{order}, "max_results": size, "page_token": token,
		}, &answer)
		if err != nil {
			return nil, err
		}
		for _, w := range answer.Runs {
			if r := w.run(); search.Match(r.Status, r.Tags) { // MySQL compares without regard to case
				runs = append(runs, r)
			}
			if search.Limit > 0 && len(runs) == search.Limit {
				return runs, nil
			}
		}
		if token = answer.Next; token == "" {
			return runs, nil
		}
	}
}

// searchFilter writes the conditions of a search in MLflow's language. It is false if a tag had to be left out, so that more
// runs may come than match.
func searchFilter(search mlflow.RunSearch) (filter string, exact bool) {
	var terms []string
	exact = true
	for _, tag := range search.Tags {
		quoted, ok := quote(tag.Value)
		if !ok {
			exact = false
			continue
		}
		terms = append(terms, fmt.Sprintf("tags.`%s` = %s", tag.Key, quoted))
	}
	for _, status := range mlflow.Statuses() { // the language has no "or", and "in" for run ids only
		if !search.MatchStatus(status) {
			terms = append(terms, fmt.Sprintf("attributes.status != '%s'", status))
		}
	}
	return strings.Join(terms, " AND "), exact
}

// quote writes a value for a search filter, which knows no escapes. It is false where that cannot be done.
func quote(value string) (string, bool) {
	switch {
	case strings.ContainsAny(value, `\`):
		return "", false
	case !strings.Contains(value, "'"):
		return "'" + value + "'", true
	case !strings.Contains(value, `"`):
		return `"` + value + `"`, true
	}
	return "", false
}
