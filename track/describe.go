package track

import (
	"fmt"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// describe prints the plan and does nothing: names, tags, the step and its environment, secrets hidden.
func describe(p Plan, host Host) error {
	target, err := store.Describe(p.storeOptions(host))
	if err != nil {
		return err
	}
	o := open{store: &store.Opened{Target: target}, run: mlflow.Run{ID: "<new run>", ExperimentID: "<experiment>"}}
	for i, t := range p.Tags { // the step's environment repeats them
		p.Tags[i].Value = hidden(t.Key, t.Value)
	}
	env, err := stepEnvironment(p, o, planned(p), host.PythonDir, host.Environ)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "store:       %s\nexperiment:  %s\nrun:         %s\n", target.Display, p.Experiment, p.RunName)
	fmt.Fprintf(&b, "step:        %s\nin:          %s\n", commandLine(p), p.WorkingDirectory)
	fmt.Fprintf(&b, "autolog:     %t\n", p.Autolog)
	if p.AWS.RoleToAssume != "" {
		fmt.Fprintf(&b, "aws role:    %s\n", p.AWS.RoleToAssume)
	}
	for _, a := range p.Artifacts {
		fmt.Fprintf(&b, "artifacts:   %s\n", a)
	}
	for _, t := range p.Tags {
		fmt.Fprintf(&b, "tag:         %s=%s\n", t.Key, t.Value)
	}
	for _, name := range sortedKeys(env.Set) {
		fmt.Fprintf(&b, "environment: %s=%s\n", name, hidden(name, store.Redact(env.Set[name])))
	}
	if len(env.Taken) > 0 {
		fmt.Fprintf(&b, "taken out:   %s\n", strings.Join(env.Taken, " "))
	}
	fmt.Fprintf(&b, "and %d variables of this environment as they are\n", len(env.All)-len(env.Set))
	_, err = fmt.Fprint(host.Stdout, console.Inert(host.Secrets.Text(b.String())))
	return err
}

// hidden hides a value whose name says that it is a secret.
func hidden(name, value string) string {
	upper := strings.ToUpper(name)
	for _, word := range []string{"TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY", "PRIVATE_KEY"} {
		if strings.Contains(upper, word) {
			return "***"
		}
	}
	return value
}

// commandLine is the step as a person would type it; of a script its first line.
func commandLine(p Plan) string {
	if p.Script != "" {
		line, more, _ := strings.Cut(strings.TrimSpace(p.Script), "\n")
		if more != "" {
			line += " ..."
		}
		return line
	}
	words := make([]string, len(p.Args))
	for i, arg := range p.Args {
		words[i] = quoted(arg)
	}
	return strings.Join(words, " ")
}

// quoted writes a word as a shell takes it.
func quoted(word string) string {
	if word == "" || strings.ContainsAny(word, " \t\n\"'$\\*?[]{}()<>|&;#~`") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
