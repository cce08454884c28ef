package ciinfo_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/ciinfo"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden detects the jobs of testdata, a folder a system: one .env file each, with the event payload beside it where
// GitHub gives one, and the files of parameters where TeamCity does. What is secret in them has that word in it.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.env")
	if err != nil || len(files) < 90 {
		t.Fatalf("found %d environments: %v", len(files), err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".env")
		t.Run(strings.TrimPrefix(base, "testdata/"), func(t *testing.T) {
			env := readEnv(t, file)
			got := render(t, ciinfo.Detect(ciinfo.Source{
				Getenv: func(name string) string { return env[name] },
				ReadFile: func(name string) ([]byte, error) {
					if name == env["GITHUB_EVENT_PATH"] {
						return os.ReadFile(base + ".json")
					}
					return os.ReadFile(filepath.Join(filepath.Dir(file), filepath.Base(name)))
				},
				Matrix: env["SETTING_MATRIX"],
				JobID:  env["SETTING_JOB_ID"],
			}))
			if *update {
				if err := os.WriteFile(base+".golden", []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(base + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(got, "secret") {
				t.Error("a secret leaked")
			}
			if folder := filepath.Base(filepath.Dir(file)); !strings.Contains(got, `"Provider": "`+folder+`"`) {
				t.Errorf("it was not recognised as %s", folder)
			}
		})
	}
}

func readEnv(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			env[name] = value
		}
	}
	return env
}

// render shows the fields that are set, and the tags.
func render(t *testing.T, info ciinfo.Info) string {
	t.Helper()
	text, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	removeEmpty(fields)
	text, err = json.MarshalIndent(map[string]any{"info": fields, "short": info.Head.ShortSHA(), "tags": info.Tags()}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// removeEmpty removes the fields that are not set, and the groups in which none is.
func removeEmpty(fields map[string]any) {
	for name, value := range fields {
		group, isGroup := value.(map[string]any)
		if isGroup {
			removeEmpty(group)
		}
		if isGroup && len(group) == 0 || value == "" || value == false || value == 0.0 {
			delete(fields, name)
		}
	}
}
