package track

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step/results"
)

// maxTold is how many of many failed files are named.
const maxTold = 10

func sayOpened(c *console.Console, p Plan, o open, url string) {
	where := o.store.Display
	if o.kept {
		where = p.OfflineDir
	}
	c.Say("run %s in experiment %s: %s", o.run.Name, p.Experiment, first(url, where))
	if o.store.Plugin != "" {
		c.Say("MLflow's own client needs the Python package %s to log there from the step", o.store.Plugin)
	}
}

// tell says what a person should know of the closing: problems of the result first, then the run's, then the store's.
func tell(c *console.Console, p Plan, out Outcome) {
	for _, problem := range append(out.Problems, out.Step.Points.Problems(p.Files.Metrics)...) {
		if problem.Severity == results.Error {
			c.Error(problem.Message, problem.Hint)
		} else {
			c.Warn(problem.Message, problem.Hint)
		}
	}
	if out.Step.NotRun != nil {
		c.Error(out.ErrorMessage, "")
	}
	for _, n := range out.Notes {
		c.Warn(n.Text, n.Hint)
	}
	training := out.Step.Training
	if p.Autolog && training.Trouble != "" && out.Autolog != AutologCaptured {
		c.Warn("autolog is not available: "+training.Trouble, "install mlflow beside the training framework, or set autolog to false")
	}
	if p.Autolog && !training.Python && out.Status == mlflow.Finished && runsPython(p) {
		c.Warn("autolog saw nothing: no Python of the step loaded the hook",
			"python -I, -E and -S leave it out, and so does a command that sets PYTHONPATH itself: write PYTHONPATH=src:$PYTHONPATH there, or set autolog to false")
	}
	for _, w := range training.Warnings {
		c.Warn(w, "")
	}
	if out.Step.Left {
		c.Warn("processes of the step are still running; what they log from now on may not be seen",
			"let the step wait for them, for instance with wait in a shell script")
	}
	for i, f := range out.Artifacts.Failed {
		if i == maxTold {
			c.Warn(fmt.Sprintf("and %d more artifacts are not uploaded", len(out.Artifacts.Failed)-maxTold), "")
			break
		}
		c.Warn(fmt.Sprintf("artifact %q is not uploaded: %v", f.File.Target, f.Err), "")
	}
	if err := out.Step.Points.Err; err != nil {
		c.Warn("live metrics were not all delivered: "+err.Error(), "")
	}
	for _, err := range out.Faults {
		c.Warn(err.Error(), hintOf(err))
	}
	if out.ErrorType == errorMissingParams {
		c.Error("MissingParams: "+out.ErrorMessage, `write {"params": {...}} to the file that MLOPS_RESULT names, or set autolog to false`)
	}
}

// runsPython says whether the step is, or names, a program that runs Python.
func runsPython(p Plan) bool {
	text := strings.Join(p.Args, " ") + "\n" + p.Script
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t\n;&|()'\"", r) }) {
		name := strings.TrimRight(filepath.Base(word), "0123456789.")
		if slices.Contains([]string{"python", "torchrun", "papermill", "ipython", "pytest", "accelerate", "deepspeed"}, name) {
			return true
		}
	}
	return false
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
