package ciinfo_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/ciinfo"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden detects the jobs of testdata: one .env file each, with the event payload beside it where GitHub gives one.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.env")
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d environments: %v", len(files), err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".env")
		t.Run(strings.TrimPrefix(base, "testdata/"), func(t *testing.T) {
			env := readEnv(t, file)
			got := render(t, ciinfo.Detect(ciinfo.Source{
				Getenv: func(name string) string { return env[name] },
				ReadFile: func(name string) ([]byte, error) {
					if name != env["GITHUB_EVENT_PATH"] {
						return nil, fs.ErrNotExist
					}
					return os.ReadFile(base + ".json")
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
			for name, value := range env {
				if strings.HasSuffix(name, "TOKEN") && strings.Contains(got, value) {
					t.Errorf("%s leaked", name)
				}
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
