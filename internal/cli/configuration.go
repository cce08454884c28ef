package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// configuration reads the settings of the configuration file in a folder: mlops-track.toml, else the table tool.mlops-track
// of pyproject.toml. A list becomes lines, a table JSON, as the settings take them. Without a file there are none.
func configuration(dir string) (map[string]string, error) {
	file := filepath.Join(dir, "mlops-track.toml")
	var own map[string]any
	_, err := toml.DecodeFile(file, &own)
	if errors.Is(err, fs.ErrNotExist) {
		file = filepath.Join(dir, "pyproject.toml")
		own, err = projectTable(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration file %q: %w", file, err)
	}
	values := make(map[string]string, len(own))
	for name, value := range own {
		if values[name], err = settingText(value); err != nil {
			return nil, fmt.Errorf("configuration file %q: %s: %w", file, name, err)
		}
	}
	return values, nil
}

// projectTable is the table tool.mlops-track of a pyproject.toml. A file that is broken is no reason not to train unless it
// names the table: it is about other tools.
func projectTable(file string) (map[string]any, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the user's own file
	if err != nil || !strings.Contains(string(text), "mlops-track") {
		return nil, ignoreMissing(err)
	}
	var project struct {
		Tool map[string]any
	}
	_, err = toml.Decode(string(text), &project)
	table, _ := project.Tool["mlops-track"].(map[string]any)
	return table, err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// settingText is a value of TOML as a setting takes it.
func settingText(value any) (string, error) {
	switch v := value.(type) {
	case []any:
		var lines []string
		for _, item := range v {
			lines = append(lines, fmt.Sprint(item))
		}
		return strings.Join(lines, "\n"), nil
	case map[string]any:
		text, err := json.Marshal(v)
		return string(text), err
	}
	return fmt.Sprint(value), nil
}
