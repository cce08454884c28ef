package outputs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/publish/outputs"
)

// TestGitHubValuesComeOutAsTheyWere holds that every value is read back whole, and that none of its lines is an output.
func TestGitHubValuesComeOutAsTheyWere(t *testing.T) {
	for _, evil := range []string{
		"", "plain", "a=b<<c", "x\nstatus=forged", "x\rstatus=forged", "x\r\nstatus=forged\r\n", "\n\nx\n", "x\r",
		"EOF\nstatus<<EOF\nforged\nEOF", "ghadelimiter_1\nstatus=forged", "_GitHubActionsFileCommandDelimeter_\nstatus=forged",
	} {
		file := filepath.Join(t.TempDir(), "output")
		if err := os.WriteFile(file, []byte("own=1"), 0o600); err != nil { // the step wrote it, without the end of the line
			t.Fatal(err)
		}
		for range 2 { // what was written once is known to whoever reads the file
			err := outputs.WriteGitHub(file, []outputs.Value{{Name: "metrics", Text: evil}, {Name: "status", Text: "FINISHED"}})
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := readOutputs(t, string(text))
			if got["status"] != "FINISHED" || got["metrics"] != evil || got["own"] != "1" || len(got) != 3 {
				t.Errorf("a runner reads %q of %q", got, evil)
			}
			evil = string(text) + "\nstatus=forged"
		}
	}
}

// readOutputs reads the file as the runner does on Linux, where a line ends with \n alone.
// https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
func readOutputs(t *testing.T, text string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if line == "" {
			continue
		}
		name, delimiter, ok := strings.Cut(line, "<<")
		if !ok {
			name, value, _ := strings.Cut(line, "=")
			found[name] = value
			continue
		}
		var value []string
		for {
			line, rest, more := strings.Cut(text, "\n")
			text = rest
			if line == delimiter {
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
	if err := outputs.WriteSummary(file, whole); err == nil || !strings.Contains(err.Error(), "job summary not written") {
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
