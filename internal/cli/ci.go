package cli

import (
	"encoding/json"
	"fmt"
	"sort"

	"github.com/spf13/cobra"
)

func (a *app) ciCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ci",
		Short: "Print the CI context that was detected and the tags derived from it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info := a.detectCI("", "")
			tags := info.Tags()
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(struct {
					Provider string            `json:"provider"`
					Tags     map[string]string `json:"tags"`
				}{string(info.Provider), tags})
			}
			keys := make([]string, 0, len(tags))
			for k := range tags {
				keys = append(keys, k)
			}
			sort.Strings(keys)
			fmt.Fprintf(cmd.OutOrStdout(), "provider: %s\n", info.Provider)
			for _, k := range keys {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", k, tags[k])
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
