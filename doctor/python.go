package doctor

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

//go:embed python.py
var pythonProbe string

// Python is what is looked at of the step's Python.
type Python struct {
	Program string // path or name, looked up as the step's would be
	Dir     string
	Environ []string // as the step gets it, with the folder of the hook first on PYTHONPATH and MLOPS_HOOK
	Hook    bool     // the hook is to be loaded
	Plugin  string   // package that MLflow needs besides; empty: none
	// Find returns the program on the step's PATH.
	Find func(name string) (string, error)
}

// Check is that of Python. Nothing in it stops a run: the step may be no Python at all.
func (p Python) Check() Check { return Check{Name: "python", Look: p.look} }

func (p Python) look(ctx context.Context) Finding {
	path, err := p.Find(p.Program)
	if err != nil {
		return warn("install it, or put it on PATH, if the step is Python", "there is no %s", p.Program)
	}
	cmd := exec.CommandContext(ctx, path, "-c", pythonProbe, p.Plugin) //nolint:gosec // the user's own Python
	cmd.Dir, cmd.Env = p.Dir, p.Environ
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	var saw struct {
		Version, MLflow string
		Hook, Plugin    bool
	}
	if err := cmd.Run(); err != nil {
		return warn("see that "+path+" starts", "%s: %v: %s", path, err, lastLine(words.String()))
	}
	if err := json.Unmarshal(out.Bytes(), &saw); err != nil {
		return warn("", "%s answers %q", path, lastLine(out.String()))
	}
	text := fmt.Sprintf("%s at %s", saw.Version, path)
	switch {
	case saw.MLflow == "":
		return warn("pip install mlflow, in the Python of the step, for autolog", "%s, without mlflow", text)
	case p.Plugin != "" && !saw.Plugin:
		return warn("pip install "+p.Plugin+", in the Python of the step: MLflow needs it to log to this server",
			"%s, mlflow %s, without %s", text, saw.MLflow, p.Plugin)
	case p.Hook && !saw.Hook:
		return warn("the step's Python must read PYTHONPATH and sitecustomize: no -I, -E or -S, and no other sitecustomize before",
			"%s, mlflow %s, but the hook for autolog is not loaded", text, saw.MLflow)
	}
	return ok("%s, mlflow %s", text, saw.MLflow)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
