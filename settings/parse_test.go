package settings

import (
	"strings"
	"testing"
	"time"
)

func given(t *testing.T, flags, env map[string]string) Given {
	t.Helper()
	return Given{
		Set:     func(name string) (string, bool) { v, ok := flags[name]; return v, ok },
		Env:     func(name string) string { return env[name] },
		Command: []string{"true"},
		Dir:     t.TempDir(),
	}
}

func TestPrecedence(t *testing.T) {
	env := map[string]string{"MLOPS_EXPERIMENT": "ours", "MLFLOW_EXPERIMENT_NAME": "theirs", "MLFLOW_TRACKING_URI": "http://a"}
	in, err := ParseInputs(given(t, map[string]string{"experiment": "flag"}, env))
	if err != nil {
		t.Fatal(err)
	}
	if in.Experiment != "flag" || in.TrackingURI != "http://a" || in.StopGrace != 5*time.Second {
		t.Errorf("inputs = %+v", in)
	}
	in, err = ParseInputs(given(t, map[string]string{"experiment": ""}, env)) // an empty input means unset
	if err != nil {
		t.Fatal(err)
	}
	if in.Experiment != "ours" {
		t.Errorf("experiment = %q, want that of MLOPS_EXPERIMENT", in.Experiment)
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	g := given(t, map[string]string{
		"tags": "no equals sign", "stop-grace": "soon", "autolog": "maybe", "autolog-config": "[1]",
		"on-tracking-error": "panic", "working-directory": "missing",
	}, map[string]string{"MLOPS_ROLE_TO_ASSUME": "arn:aws:iam::1:role/x", "MLOPS_FAIL_IF": "glpat-x", "MLOPS_METRICS": "/tmp/metrics.jsonl"})
	g.Command = nil
	_, err := ParseInputs(g)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`tag "no equals sign" has no =`, `stop-grace "soon"`, `autolog "maybe"`, "autolog-config is no JSON object",
		`on-tracking-error "panic" is unknown: one of keep, fail`, "working-directory", "no command", "fail-if is set",
		`role "arn:aws:iam::1:role/x" has not`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "glpat-x") {
		t.Error("the error tells the value of a setting that may be secret")
	}
	if strings.Contains(err.Error(), "metrics is set") {
		t.Error("MLOPS_METRICS of a step around us is taken for a setting")
	}
}

func TestTagsAsLinesAndAsJSON(t *testing.T) {
	for _, tags := range []string{"team=vision\nurl=https://x/?a=b\n", `{"url": "https://x/?a=b", "team": "vision"}`} {
		g := given(t, map[string]string{"tags": tags}, nil)
		g.Tags = []string{"n=1"}
		in, err := ParseInputs(g)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, tag := range in.Tags {
			got[tag.Key] = tag.Value
		}
		if len(got) != 3 || got["team"] != "vision" || got["url"] != "https://x/?a=b" || got["n"] != "1" {
			t.Errorf("tags = %v", got)
		}
	}
}
