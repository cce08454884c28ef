package outputs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/publish/outputs"
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

// TestGitHubValueOfSeveralLines comes out as one value: no line of it is an output, not after a carriage return either.
func TestGitHubValueOfSeveralLines(t *testing.T) {
	for _, evil := range []string{
		"x\nstatus=forged", "x\rstatus=forged", "EOF\nstatus<<EOF\nforged\nEOF", "ghadelimiter_1\nstatus=forged",
		"x\r_GitHubActionsFileCommandDelimeter_\nstatus=forged", "_GitHubActionsFileCommandDelimeter_\r\nstatus=forged",
	} {
		file := filepath.Join(t.TempDir(), "output")
		_ = outputs.WriteGitHub(file, []outputs.Value{{Name: "metrics", Text: evil}, {Name: "status", Text: "FINISHED"}})
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := readOutputs(t, string(text)); got["status"] != "FINISHED" || (got["metrics"] != evil && got["metrics"] != "") {
			t.Errorf("a runner reads %q of %q", got, evil)
		}
	}
}

// readOutputs reads the file as the runner does.
// https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
func readOutputs(t *testing.T, text string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		name, delimiter, ok := strings.Cut(strings.TrimSuffix(line, "\r"), "<<")
		if !ok {
			name, value, _ := strings.Cut(line, "=")
			found[name] = value
			continue
		}
		var value []string
		for {
			line, rest, more := strings.Cut(text, "\n")
			text = rest
			if strings.TrimSuffix(line, "\r") == delimiter {
				break
			}
			if !more {
				t.Fatalf("output %s does not end", name)
			}
			value = append(value, line)
		}
		found[name] = strings.Join(value, "\n")
	}
	return found
}

func TestGitHubFileThatCannotBeOpenedIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := outputs.WriteGitHub(dir, []outputs.Value{{Name: "status", Text: "FINISHED"}}); err == nil {
		t.Error("no error for a folder as output file")
	}
	if err := outputs.WriteSummary(filepath.Join(dir, "no", "such"), func(int) string { return "# x" }); err == nil {
		t.Error("no error for a missing folder")
	}
}

// TestSummaryHasTheRoomThatIsLeft holds that what is there already counts, and that a full file is an error.
func TestSummaryHasTheRoomThatIsLeft(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(file, make([]byte, 1<<20-100), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := func(limit int) string { return strings.Repeat("x", limit) }
	if err := outputs.WriteSummary(file, whole); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() > 1<<20 || info.Size() < 1<<20-10 {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
	if err := outputs.WriteSummary(file, whole); err == nil || !strings.Contains(err.Error(), "job summary is left out") {
		t.Errorf("a full file: %v", err)
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
