package track

import (
	"fmt"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
)

// Autolog is the value of the tag mlops.autolog: what autolog did in this run.
type Autolog string

// What autolog can have done.
const (
	AutologCaptured    Autolog = "captured"    // the run has params
	AutologEmpty       Autolog = "empty"       // it was active and the run has none
	AutologOff         Autolog = "off"         // the user disabled it
	AutologUnavailable Autolog = "unavailable" // no Python with MLflow and a framework was seen
	autologUnknown     Autolog = ""            // it was active, but the run's params cannot be read: no tag
)

// autologOf decides from whether autolog was enabled and active, and from the number of params that the run got while the
// step ran.
func autologOf(enabled, inForce bool, captured int) Autolog {
	switch {
	case !enabled:
		return AutologOff
	case inForce && captured > 0:
		return AutologCaptured
	case inForce:
		return AutologEmpty
	}
	return AutologUnavailable
}

// EmptyAutolog returns the warning for a run of which autolog captured no params; manual is how many the result has.
func EmptyAutolog(manual int) notice.Notice {
	n := notice.Warn("autolog enabled but captured 0 params\n"+
		"framework may not support autolog (e.g., catboost)\n"+
		"falling back to manual param logging", addParams)
	if manual > 0 {
		n.Hint = fmt.Sprintf("nothing to do: the result has %d; with autolog set to false this warning disappears", manual)
	}
	return n
}

// addParams is what to do about missing params.
const addParams = `write {"params": {...}} to the file that MLOPS_RESULT names, or set autolog to false`

// trainingNotices returns what was wrong with autolog in the step. status is how the run ended.
func trainingNotices(t step.Training, autolog Autolog, status mlflow.Status) []notice.Notice {
	var out []notice.Notice
	if t.Enabled && t.Trouble != "" && autolog != AutologCaptured {
		out = append(out, notice.Warn("autolog is not available: "+t.Trouble, "install mlflow beside the training framework, or set autolog to false"))
	}
	switch {
	case !t.Enabled || t.Python || status != mlflow.Finished || !t.NamesPython:
	case t.OldPython != "":
		out = append(out, notice.Warn(fmt.Sprintf("autolog captured nothing: Python %s is too old", t.OldPython),
			"use Python 3.8 or newer, or set autolog to false"))
	default:
		out = append(out, notice.Warn("autolog captured nothing: no Python of the step loaded the hook",
			"python -I, -E and -S disable the hook, and so does a command that sets PYTHONPATH: write PYTHONPATH=src:$PYTHONPATH there, or set autolog to false"))
	}
	for _, w := range t.Warnings {
		out = append(out, notice.Warn(w, ""))
	}
	return out
}
