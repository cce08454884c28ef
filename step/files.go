package step

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/settings"
)

// Files holds the paths of the files by which the step and this process exchange data; all absolute.
type Files struct {
	Work    string // private folder, removed at the end
	Result  string // the step writes its result here
	Metrics string // and its live metrics here
	Hook    string // folder with the Python hook's configuration and events
	Script  string // the step's script; empty for a command
}

// NewFiles returns the paths. It creates nothing.
func NewFiles(s settings.Step, work string) Files {
	f := Files{
		Work:    work,
		Result:  cmp.Or(s.Results.File, filepath.Join(work, "result.json")),
		Metrics: cmp.Or(s.Results.MetricsFile, filepath.Join(work, "metrics.jsonl")),
		Hook:    filepath.Join(work, "hook"),
	}
	if s.Script != "" {
		f.Script = filepath.Join(work, "step.sh")
		if s.Shell == "python" {
			f.Script = filepath.Join(work, "step.py")
		}
	}
	return f
}

// Prepare writes the files that the step reads, and renames a result of an earlier run, which must not count as this run's. It
// returns the files that were renamed, now with the suffix .old.
func (f Files) Prepare(script string, hook HookConfig) (renamed []string, err error) {
	if err := hook.write(f.Hook); err != nil {
		return nil, fmt.Errorf("prepare the Python hook: %w", err)
	}
	if f.Script != "" {
		if err := os.WriteFile(f.Script, []byte(script+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("write the script of the step: %w", err)
		}
	}
	for _, file := range []string{f.Result, f.Metrics} {
		there, err := setAside(file)
		if err != nil {
			return renamed, fmt.Errorf("rename the %q of an earlier run: %w", file, err)
		}
		if there {
			renamed = append(renamed, file)
		}
	}
	return renamed, nil
}

// setAside renames a file. One that is not a regular file, such as /dev/null, stays.
func setAside(file string) (renamed bool, err error) {
	info, err := os.Lstat(file)
	switch {
	case err != nil: // nothing there, or told when it is read
		return false, nil
	case !info.Mode().IsRegular():
		return false, nil
	}
	err = os.Rename(file, file+".old")
	return err == nil, err
}

// own returns the files that are of this program, and what setAside renamed: it belongs to an earlier run.
func (f Files) own(s settings.Results) []string {
	own := []string{f.Hook}
	if f.Script != "" {
		own = append(own, f.Script)
	}
	for file, chosen := range map[string]string{f.Result: s.File, f.Metrics: s.MetricsFile} {
		switch {
		case chosen != "":
			own = append(own, chosen+".old")
		case file != "":
			own = append(own, file)
		}
	}
	return own
}
