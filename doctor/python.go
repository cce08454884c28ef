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

// Python says which Python to check, and how the step would start it.
type Python struct {
	Program string // path or name, looked up like the step's command
	Dir     string
	Environ []string // of the step, with the folder of the hook first on PYTHONPATH, and MLOPS_HOOK
	Hook    bool     // whether the hook must be loaded
	Plugin  string   // further package that MLflow needs; empty: none
	// Find returns the program on the step's PATH.
	Find func(name string) (string, error)
}

// Check returns the check of Python. It only warns: the step may not be Python at all.
func (p Python) Check() Check { return Check{Name: "python", Look: p.look} }

func (p Python) look(ctx context.Context) Finding {
	path, err := p.Find(p.Program)
	if err != nil {
		return warn("if the step is Python, install it or add it to PATH", "%s not found", p.Program)
	}
	cmd := exec.CommandContext(ctx, path, "-c", pythonProbe, p.Plugin) //nolint:gosec // the user's own Python
	cmd.Dir, cmd.Env = p.Dir, p.Environ
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	var found struct {
		Version, MLflow string
		Hook, Plugin    bool
	}
	if err := cmd.Run(); err != nil {
		return warn("check that "+path+" starts", "%s: %v: %s", path, err, lastLine(stderr.String()))
	}
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		return warn("", "unexpected output of %s: %q", path, lastLine(out.String()))
	}
	text := fmt.Sprintf("%s at %s", found.Version, path)
	switch {
	case found.MLflow == "":
		return warn("pip install mlflow, in the Python of the step, for autolog", "%s, without mlflow", text)
	case p.Plugin != "" && !found.Plugin:
		return warn("pip install "+p.Plugin+", in the Python of the step: MLflow needs it to log to this server",
			"%s, mlflow %s, without %s", text, found.MLflow, p.Plugin)
	case p.Hook && !found.Hook:
		return warn("the step's Python must read PYTHONPATH and sitecustomize: no -I, -E or -S, and no other sitecustomize before",
			"%s, mlflow %s, but the hook for autolog is not loaded", text, found.MLflow)
	}
	return ok("%s, mlflow %s", text, found.MLflow)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
