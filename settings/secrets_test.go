package settings_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/settings"
)

func TestSecretTagsOfEverySource(t *testing.T) {
	const secret = "hunter2hunter2"
	byFlag := flags()
	byFlag.Tags = []string{"db_password=" + secret}
	for name, src := range map[string]settings.Sources{
		"--tag":                   byFlag,
		"lines":                   flags("tags", "team=vision\ndb_password = "+secret),
		"JSON":                    flags("tags", `{"team": "vision", "db_password": "`+secret+`"}`),
		"MLOPS_TAGS":              sources(nil, map[string]string{"MLOPS_TAGS": "db_password=" + secret}, nil),
		"the file":                sources(nil, nil, map[string]string{"tags": "db_password=" + secret}),
		"a source that is weaker": sources(map[string]string{"tags": "team=vision"}, nil, map[string]string{"tags": "db_password=" + secret}),
		"a URL in a tag":          flags("tags", "data=https://user:"+secret+"@host/x"),
		"a line with a colon":     flags("tags", "db_password: "+secret),
		"a line with white space": flags("tags", "db_password "+secret),
		"another tag is at fault": flags("tags", "no equals sign\ndb_password="+secret),
	} {
		if found := settings.Secrets(src); !slices.Contains(found, secret) {
			t.Errorf("by %s: %q", name, found)
		}
	}
}

func TestSecretSettings(t *testing.T) {
	src := sources(map[string]string{"github-token": "ghp_flag"},
		map[string]string{"GH_TOKEN": "ghp_variable", "MLFLOW_TRACKING_URI": "https://me:pass%40word@mlflow.example"},
		map[string]string{"gitlab-token": "glpat-file", "sts-endpoint": "https://sts:other@host"})
	want := []string{"ghp_flag", "ghp_variable", "glpat-file", "other", "pass%40word", "pass@word"}
	if found := slices.Sorted(slices.Values(settings.Secrets(src))); !slices.Equal(found, want) {
		t.Errorf("secrets: %q, want %q", found, want)
	}
}

func TestNothingElseIsASecret(t *testing.T) {
	src := flags("tags", "team=vision\nurl=https://host/x?a=b", "experiment", "token", "run-name", "password")
	src.Tags = []string{"tokenizer=bpe"}
	if found := settings.Secrets(src); len(found) > 0 {
		t.Errorf("secrets: %q", found)
	}
}

func TestNoFaultShowsASecret(t *testing.T) {
	const secret = "hunter2hunter2"
	for _, tags := range []string{
		`{"db_password": "` + secret + `"`, `{"db_password": "` + secret + `", "a?": 1}`, "a?=1\ndb_password=" + secret, "db_password: " + secret,
	} {
		src := flags("tags", tags)
		text := faults(t, src)
		for _, known := range settings.Secrets(src) { // the console takes them out
			text = strings.ReplaceAll(text, known, "***")
		}
		if strings.Contains(text, secret) {
			t.Errorf("the fault of %s shows it: %s", tags, text)
		}
	}
}
