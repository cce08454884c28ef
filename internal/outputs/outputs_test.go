package outputs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/outputs"
)

func TestGitHubValueCannotInjectAnOutput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "output")
	evil := "x\n_GitHubActionsFileCommandDelimeter_\nrun-id<<E\nforged\nE"
	err := outputs.WriteGitHub(file, []outputs.Value{{Name: "metrics", Text: evil}, {Name: "status", Text: "FINISHED"}})
	if err == nil || !strings.Contains(err.Error(), "metrics") {
		t.Errorf("error = %v, want one that names the output left out", err)
	}
	text, _ := os.ReadFile(file)
	if strings.Contains(string(text), "forged") || !strings.Contains(string(text), "FINISHED") {
		t.Errorf("output file:\n%s", text)
	}
}

func TestGitHubFileThatCannotBeOpenedIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := outputs.WriteGitHub(dir, []outputs.Value{{Name: "status", Text: "FINISHED"}}); err == nil {
		t.Error("no error for a folder as output file")
	}
	if err := outputs.WriteSummary(filepath.Join(dir, "no", "such"), "# x"); err == nil {
		t.Error("no error for a missing folder")
	}
}

func TestDotenvKeepsGitLabsLimits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sub", "out.env")
	values := []outputs.Value{
		{Name: "run-id", Text: "abc"},
		{Name: "metrics", Text: strings.Repeat("x", 6000)},
		{Name: "note", Text: "two\nlines"},
		{Name: "exit-code", Text: "0"},
	}
	left, err := outputs.WriteDotenv(file, values)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(left, ","); got != "metrics,note" {
		t.Errorf("left out %q", got)
	}
	text, _ := os.ReadFile(file)
	if want := "MLOPS_OUT_RUN_ID=abc\nMLOPS_OUT_EXIT_CODE=0\n"; string(text) != want {
		t.Errorf("file = %q, want %q", text, want)
	}
}
