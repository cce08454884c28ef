package step

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/step/results"
)

// Files holds the paths of the files by which the step and this process exchange data; all absolute.
type Files struct {
	Work    string // private folder, removed at the end
	Result  string // the step writes its result here
	Metrics string // and its live metrics here
	Hook    string // folder with the Python hook's configuration and events
	Script  string // the step's script; empty for a command
}

// NewFiles returns the paths. It creates nothing. Without a private folder there are only the files that the user named.
func NewFiles(s settings.Step, work string) Files {
	private := func(name string) string {
		if work == "" {
			return ""
		}
		return filepath.Join(work, name)
	}
	f := Files{
		Work:    work,
		Result:  cmp.Or(s.Results.File, private("result.json")),
		Metrics: cmp.Or(s.Results.MetricsFile, private("metrics.jsonl")),
		Hook:    private("hook"),
	}
	if s.Script != "" {
		f.Script = private("step.sh")
		if s.Shell == "python" {
			f.Script = private("step.py")
		}
	}
	return f
}

// Prepared is the files as they are there when the step starts.
type Prepared struct {
	Files    Files             // without what could not be written
	Renamed  []string          // of an earlier run, now with the suffix .old
	Problems []results.Problem // what could not be done; the step can run all the same
}

// Prepare writes the files that the step reads, and renames a result of an earlier run, which must not count as this run's.
func (f Files) Prepare(script string, hook HookConfig) Prepared {
	p := Prepared{Files: f}
	if f.Hook != "" {
		if err := hook.write(f.Hook); err != nil {
			p.Files.Hook = ""
			p.problem("make TMPDIR writable", "autolog is not available: write the configuration of the Python hook: %w", err)
		}
	}
	if f.Script != "" {
		if err := os.WriteFile(f.Script, []byte(script+"\n"), 0o600); err != nil {
			p.Files.Script = ""
			p.problem("make TMPDIR writable", "the script of the step is passed as an argument: %w", err)
		}
	}
	for _, file := range []*string{&p.Files.Result, &p.Files.Metrics} {
		there, err := setAside(*file)
		switch {
		case err != nil:
			instead := ""
			if f.Work != "" {
				instead = filepath.Join(f.Work, filepath.Base(*file))
			}
			p.problem("delete it before the job, or make its folder writable",
				"%q of an earlier run is not used, and cannot be renamed: %w; the step gets the path %q", *file, withoutPaths(err), instead)
			*file = instead
		case there:
			p.Renamed = append(p.Renamed, *file)
		}
	}
	return p
}

func (p *Prepared) problem(hint, format string, args ...any) {
	p.Problems = append(p.Problems, results.Problem{Severity: results.Warning, Hint: hint, Message: fmt.Errorf(format, args...).Error()})
}

// withoutPaths removes the paths from an error of os.Rename.
func withoutPaths(err error) error {
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
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
