package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/settings"
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
			s, err := a.parse(f.sources(cmd, args...), "mlops-track run")
			if err != nil {
				return err
			}
			return a.track(cmd.Context(), s)
		},
	}
	f.register(cmd)
	// Arguments after the command are the command's, with or without the two dashes before it.
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
				s, err := a.parse(settings.Sources{Set: a.input, Action: true}, "mlops-track run")
				if err != nil {
					return err
				}
				return a.track(cmd.Context(), s)
			})
		},
	}
}

// misplaced finds the value of a switch that was written without an equals sign: it would be run as the step.
func misplaced(args []string) error {
	if len(args) < 2 || args[1] != "--" || (args[0] != "true" && args[0] != "false") {
		return nil
	}
	return usageError{hint.With(
		fmt.Errorf("%q is where the command should begin: the value of a switch needs an equals sign", args[0]),
		"write --autolog="+args[0]+" or --dry-run="+args[0],
	)}
}
