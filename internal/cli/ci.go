package cli

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/settings"
)

func (a *app) ciCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ci",
		Short: "Print the CI context that was detected and the tags derived from it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info := a.detectCI(settings.CI{}, a.Dir)
			tags := info.Tags()
			if asJSON {
				return a.printJSON(struct {
					Provider string            `json:"provider"`
					Tags     map[string]string `json:"tags"`
				}{string(info.Provider), tags})
			}
			a.print("provider: " + string(info.Provider) + "\n")
			for _, k := range slices.Sorted(maps.Keys(tags)) {
				a.print(k + ": " + tags[k] + "\n")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
