package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/python"
)

func (a *app) pythonPathCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "python-path",
		Short: "Print the folder to put on PYTHONPATH for the Python helper outside a step",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			binary, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this executable for the Python helper: %w", err)
			}
			dir, err := a.unpackPython(binary)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), dir)
			return err
		},
	}
}

// unpackPython returns the folder with the hook and the helper, unpacked once per version into the user's cache. Where
// there is no cache that can be written, a temporary folder serves. binary is what the helper runs outside a step, empty for
// use inside one.
func (a *app) unpackPython(binary string) (string, error) {
	release := python.Release{Version: a.Version, Binary: binary}
	if cache, err := os.UserCacheDir(); err == nil {
		if dir, err := python.Unpack(filepath.Join(cache, "mlops-track"), release); err == nil {
			return dir, nil
		}
	}
	return python.Unpack(filepath.Join(os.TempDir(), fmt.Sprintf("mlops-track-%d", os.Getuid())), release)
}
