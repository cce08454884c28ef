package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/track"
)

func (a *app) runCommand() *cobra.Command {
	f := newFlags()
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARG...]",
		Short: "Track one command as one MLflow run",
		Example: `  mlops-track run -- python train.py --epochs 10
  mlops-track run --tracking-uri https://mlflow.example.com --tag team=vision -- make train`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := misplaced(args); err != nil {
				return err
			}
			return a.track(cmd.Context(), track.Given{Set: f.lookup(cmd), Tags: f.tags, Env: a.getenv, Command: args, Dir: a.Dir})
		},
	}
	f.register(cmd)
	// What follows the command belongs to it, with or without the two dashes before.
	cmd.Flags().SetInterspersed(false)
	return cmd
}

func (a *app) actionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "action",
		Short: "Track the script of a GitHub action step; settings come from the action inputs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.inWorkspace(func() error {
				return a.track(cmd.Context(), track.Given{Set: a.input, Env: a.getenv, Dir: a.Dir, Action: true})
			})
		},
	}
}

// input reads an action input as the runner passes it.
func (a *app) input(name string) (string, bool) {
	value := strings.TrimSpace(a.getenv(track.Setting{Name: name}.Input()))
	return value, value != ""
}

// track runs the main job, from inputs to exit code.
func (a *app) track(ctx context.Context, given track.Given) error {
	a.maskAll()
	in, err := track.ParseInputs(given)
	if err != nil {
		return usageError{hinted{err, "see mlops-track run --help"}}
	}
	a.secrets.Hide(in.Redact...)
	host, err := a.host()
	if err != nil {
		return err
	}
	a.code, err = track.Job(ctx, in, a.detectCI(in.Matrix, in.JobID), host)
	return err
}

// misplaced finds the value of a switch that was written without an equals sign: it would be run as the step.
func misplaced(args []string) error {
	if len(args) < 2 || args[1] != "--" || (args[0] != "true" && args[0] != "false") {
		return nil
	}
	return usageError{hinted{
		fmt.Errorf("%q stands where the step begins: a switch takes its value with an equals sign", args[0]),
		"write --autolog=" + args[0] + " or --dry-run=" + args[0],
	}}
}

// flags holds the flags of run, one for each setting.
type flags struct {
	values map[string]*string
	lists  map[string]*[]string
	tags   []string
}

func newFlags() *flags {
	return &flags{values: map[string]*string{}, lists: map[string]*[]string{}}
}

// register adds the flags of some settings, or of all and --tag.
func (f *flags) register(cmd *cobra.Command, names ...string) {
	for _, s := range track.Settings() {
		if s.ActionOnly || len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		help := flagHelp(s)
		switch s.Kind {
		case track.Lines:
			f.lists[s.Name] = cmd.Flags().StringArray(s.Name, nil, help)
		case track.Switch:
			f.values[s.Name] = cmd.Flags().String(s.Name, "", help)
			cmd.Flags().Lookup(s.Name).NoOptDefVal = "true"
		default:
			f.values[s.Name] = cmd.Flags().String(s.Name, "", help)
		}
	}
	if len(names) == 0 {
		cmd.Flags().StringArrayVar(&f.tags, "tag", nil, "one tag, key=value; repeats")
	}
}

// lookup returns what was given on the command line.
func (f *flags) lookup(cmd *cobra.Command) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if flag := cmd.Flags().Lookup(name); flag == nil || !flag.Changed {
			return "", false
		}
		if list, ok := f.lists[name]; ok {
			return strings.Join(*list, "\n"), true
		}
		return *f.values[name], true
	}
}

func flagHelp(s track.Setting) string {
	help := strings.ReplaceAll(s.Help, "`", "")
	switch {
	case s.Otherwise != "":
		help += " (default: " + strings.ReplaceAll(s.Otherwise, "`", "") + ")"
	case s.Default != "":
		help += fmt.Sprintf(" (default %s)", s.Default)
	}
	return help
}
