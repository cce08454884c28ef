package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	const own = `
experiment = "vision"
autolog = true
artifacts = ["plots/*", "model => m"]
autolog-config = {log_models = false, max = 3}
stop-grace = "10s"
number = 30
ratio = 0.5
none = []
`
	want := map[string]string{
		"experiment": "vision", "autolog": "true", "artifacts": "plots/*\nmodel => m", "autolog-config": `{"log_models":false,"max":3}`, "stop-grace": "10s",
		"number": "30", "ratio": "0.5", "none": "",
	}
	project := "[project]\nname = \"x\"\n\n[tool.other]\na = 1\n\n[tool.mlops-track]" + own
	for name, c := range map[string]struct {
		files map[string]string
		want  map[string]string
	}{
		"none":              {nil, map[string]string{}},
		"broken, of others": {map[string]string{"pyproject.toml": "[tool.black\n"}, map[string]string{}},
		"own file":          {map[string]string{"mlops-track.toml": own}, want},
		"pyproject":         {map[string]string{"pyproject.toml": project}, want},
		"own file wins":     {map[string]string{"mlops-track.toml": `experiment = "mine"`, "pyproject.toml": project}, map[string]string{"experiment": "mine"}},
		"empty file wins":   {map[string]string{"mlops-track.toml": "", "pyproject.toml": project}, map[string]string{}},
		"other pyproject":   {map[string]string{"pyproject.toml": "[tool.black]\nline-length = 120"}, map[string]string{}},
		"pyproject no tool": {map[string]string{"pyproject.toml": "[project]\nname = 'x'"}, map[string]string{}},
	} {
		got, err := configuration(folder(t, c.files))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A file that cannot be read is an error that names it, and shows no value of it.
func TestBrokenConfiguration(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"mlops-track.toml": {"mlops-track.toml": "github-token = hunter2-hunter2"},
		"pyproject.toml":   {"pyproject.toml": "[tool.mlops-track]\ngithub-token = \"hunter2-hunter2"},
	} {
		_, err := configuration(folder(t, files))
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2-hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "mlops-track.toml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := configuration(dir); err == nil || !strings.Contains(err.Error(), "mlops-track.toml") {
		t.Errorf("a folder of that name: %v", err)
	}
}
