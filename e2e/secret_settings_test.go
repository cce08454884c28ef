//go:build unix

package e2e_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/settings"
)

// plantedSecret is what must be found nowhere.
const plantedSecret = "s3cr3t-Planted-77"

// wayIn is one way in which a setting gets its value.
type wayIn struct {
	name string
	give func(dir string, s settings.Setting, value string) (args, env []string)
}

// waysIn are all: two spellings of a flag, the variable, the action input, the configuration file.
func waysIn(t *testing.T) []wayIn {
	run := func(flags ...string) []string {
		return append(append([]string{"run"}, flags...), "--", "sh", "-c", "exit 3")
	}
	return []wayIn{
		{"flag and space", func(_ string, s settings.Setting, value string) ([]string, []string) {
			if s.Name == "tags" {
				return run("--tag", value), nil
			}
			return run("--"+s.Name, value), nil
		}},
		{"flag and equals sign", func(_ string, s settings.Setting, value string) ([]string, []string) {
			if s.Name == "tags" {
				return run("--tag=" + value), nil
			}
			return run("--" + s.Name + "=" + value), nil
		}},
		{"environment", func(_ string, s settings.Setting, value string) ([]string, []string) {
			return run(), []string{s.Env() + "=" + value}
		}},
		{"action input", func(_ string, s settings.Setting, value string) ([]string, []string) {
			return []string{"action"}, []string{"INPUT_RUN=exit 3", s.Input() + "=" + value}
		}},
		{"configuration file", func(dir string, s settings.Setting, value string) ([]string, []string) {
			writeFile(t, filepath.Join(dir, "mlops-track.toml"), fmt.Sprintf("%s = %q\n", s.Name, value))
			return run(), nil
		}},
	}
}

// TestSecretInEverySetting plants a secret in each setting by each way in and looks at all that is printed and written. Tokens
// and tags whose keys say so are secret by themselves; in the other settings it is the value of a variable that is.
func TestSecretInEverySetting(t *testing.T) {
	t.Parallel()
	for _, s := range settings.All() {
		if s.ActionOnly || strings.HasSuffix(s.Name, "-file") || strings.HasSuffix(s.Name, "-report") || strings.HasSuffix(s.Name, "-dir") {
			continue // the step itself, and paths, which are where they are
		}
		for _, way := range waysIn(t) {
			if s.Kind == settings.Switch && way.name == "flag and space" {
				continue // a switch takes its value with an equals sign only
			}
			t.Run(s.Name+" by "+way.name, func(t *testing.T) {
				t.Parallel()
				value, env := plantedSecret, []string{"PLANTED_TOKEN=" + plantedSecret}
				switch {
				case s.Name == "tags":
					value, env = "my_api_token="+plantedSecret, nil
				case s.Name == "tracking-uri":
					value, env = "http://ci:"+plantedSecret+"@127.0.0.1:1", nil
				case s.Secret:
					env = nil
				}
				dir := t.TempDir()
				args, more := way.give(dir, s, value)
				leaksNothing(t, dir, append(env, more...), args)
			})
		}
	}
}

// leaksNothing runs the binary in a folder as a job of GitHub's and looks for the secret in what it prints and writes.
func leaksNothing(t *testing.T, dir string, env, args []string) {
	t.Helper()
	config := filepath.Join(dir, "mlops-track.toml")
	cmd := exec.Command(filepath.Join(binFolder, "mlops-track"), args...)
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_ACTIONS=true",
		"GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"), "MLOPS_REPORT_FILE=report.json", "MLOPS_JUNIT_REPORT=junit.xml",
	}, env...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("%v ended with 0:\n%s", args, out)
	}
	var said []byte
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte("::add-mask::")) { // how the runner learns of it
			said = append(said, line...)
		}
	}
	if bytes.Contains(said, []byte(plantedSecret)) {
		t.Errorf("the log tells the secret:\n%s", said)
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == config {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(plantedSecret)) {
			t.Errorf("%s holds the secret", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWordsOfSettingsAreNoSecrets leaves words alone that a variable with a secret's name holds: neither log nor run lose them.
func TestWordsOfSettingsAreNoSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(filepath.Join(binFolder, "mlops-track"), "run", "--experiment", "main", "--tag", "how=refreshing", "--", "sh", "-c",
		`echo '{"metrics": {"postgres_ms": 1, "testing": 2}}' > "$MLOPS_RESULT"`)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GITHUB_ACTIONS=true", "MY_SECRET=main", "AUTH_TOKEN=refreshing",
		"POSTGRES_PASSWORD=postgres", "AWS_SECRET_ACCESS_KEY=testing", "INPUT_COMMENT-MODE_TOKEN=hide-and-new",
	}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "***") || strings.Contains(string(out), "add-mask") || !strings.Contains(string(out), "postgres_ms") {
		t.Errorf("%v\n%s", err, out)
	}
}
