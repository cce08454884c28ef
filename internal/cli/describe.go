package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/track"
)

// describe prints the plan and does nothing: names, tags, the step and its environment, secrets hidden.
func (j job) describe(plan track.Plan) error {
	s := j.settings
	target, err := store.Describe(store.Options{URI: s.Store.TrackingURI, Dir: j.Dir})
	if err != nil {
		return err
	}
	tags := make([]mlflow.Tag, len(plan.Tags))
	for i, t := range plan.Tags {
		tags[i] = mlflow.Tag{Key: t.Key, Value: hidden(t.Key, t.Value)}
	}
	named, _ := step.RunVariables("<new run>", "<experiment>", tags)
	env := step.NewEnvironment(j.Environ, step.Join(
		named, step.Variables{Set: target.ChildEnv},
		j.files.Variables(s.Step.WorkingDirectory, j.python.folder()), planned(s.AWS, j.files.Work).variables(j.Environ),
	), s.Step.PassEnv)
	var b strings.Builder
	fmt.Fprintf(&b, "store:       %s\nexperiment:  %s\nrun:         %s\n", target.Display, plan.Experiment, plan.RunName)
	fmt.Fprintf(&b, "step:        %s\nin:          %s\n", step.CommandLine(s.Step.Command, s.Step.Script), s.Step.WorkingDirectory)
	fmt.Fprintf(&b, "autolog:     %t\n", s.Step.Autolog.Enabled)
	if s.AWS.Role.ARN != "" {
		fmt.Fprintf(&b, "aws role:    %s\n", s.AWS.Role.ARN)
	}
	for _, glob := range s.Step.Results.Artifacts {
		fmt.Fprintf(&b, "artifacts:   %s\n", glob)
	}
	for _, t := range tags {
		fmt.Fprintf(&b, "tag:         %s=%s\n", t.Key, t.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(env.Set)) {
		fmt.Fprintf(&b, "environment: %s=%s\n", name, hidden(name, store.Redact(env.Set[name])))
	}
	if len(env.Removed) > 0 {
		fmt.Fprintf(&b, "removed:     %s\n", strings.Join(env.Removed, " "))
	}
	fmt.Fprintf(&b, "and %d unchanged variables of this environment\n", len(env.All)-len(env.Set))
	j.print(b.String())
	return nil
}

// hidden hides a value with a secret's name, however short it is.
func hidden(name, value string) string {
	if redact.SecretName(name) {
		return redact.Mask
	}
	return value
}
