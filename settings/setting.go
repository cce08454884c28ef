package settings

import (
	"slices"
	"strings"
)

// Kind is the form of a setting's value.
type Kind int

// The kinds of settings.
const (
	Text     Kind = iota
	Lines         // several values, one a line; the flag may be repeated
	Switch        // true or false
	Duration      // as Go writes it: 5s, 2m; a bare number is seconds
	JSON          // one JSON object
	Number        // a whole number
)

// Setting is one thing a user can set.
type Setting struct {
	Name       string
	Kind       Kind
	Default    string   // the value when nothing is set
	Otherwise  string   // how the default comes about when it is not a fixed value
	Ecosystem  []string // variables of MLflow, CI and AWS that are read after the MLOPS_ one and the configuration file
	Choices    []string // the only values allowed, where they are few
	ActionOnly bool
	Secret     bool   // the value is never shown
	Help       string // one sentence, Markdown
}

// Env is the name of the setting's own environment variable: MLOPS_TRACKING_URI.
func (s Setting) Env() string {
	return "MLOPS_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// TemplateEnv is the name of the variable in which GitLab's template passes its input: MLOPS_INPUT_TRACKING_URI. It is not the
// setting's own, because a variable of a job hides one of the whole pipeline file even if it is empty
// (https://docs.gitlab.com/ci/variables/#cicd-variable-precedence).
func (s Setting) TemplateEnv() string {
	return templatePrefix + strings.TrimPrefix(s.Env(), "MLOPS_")
}

const templatePrefix = "MLOPS_INPUT_"

// Input is the name of the variable in which a GitHub runner passes the action input: INPUT_TRACKING-URI.
// https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#inputs
func (s Setting) Input() string {
	return "INPUT_" + strings.ToUpper(strings.ReplaceAll(s.Name, " ", "_"))
}

// filledIn reports whether action.yml has the runner fill in the input where nobody set it.
func (s Setting) filledIn() bool {
	return slices.Contains([]string{"github-token", "matrix", "job-id"}, s.Name)
}

// All lists every setting that is built, in the order of the documentation.
func All() []Setting {
	return slices.Concat(jobSettings(), reportSettings(), awsSettings())
}

// IsVariable reports whether an environment variable is that of a setting.
func IsVariable(name string) bool {
	return strings.HasPrefix(name, templatePrefix) || slices.ContainsFunc(All(), func(s Setting) bool { return s.Env() == name })
}

// IsWord reports whether a value is a word of the settings themselves: a choice, a default, true or false. Such a word is
// never a secret, whatever the name of the variable that holds it.
func IsWord(value string) bool {
	if value == "true" || value == "false" {
		return true
	}
	return slices.ContainsFunc(All(), func(s Setting) bool {
		return s.Default == value || slices.Contains(s.Choices, value)
	})
}

// unbuilt names the settings of the interface that later versions bring. Setting one is an error: it must not look as
// if it had worked.
func unbuilt() []string {
	return []string{
		"baseline", "fail-if", "relay", "system-metrics", "metrics", "gate-mode", "model-alias", "promote-if",
	}
}
