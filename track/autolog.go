package track

import (
	"fmt"

	"github.com/Iyalvan/mlops-track/internal/console"
)

// Autolog is tag mlops.autolog: what became of autolog in this run.
type Autolog string

// What can become of autolog.
const (
	AutologCaptured    Autolog = "captured"    // the run has params
	AutologEmpty       Autolog = "empty"       // it was in force and the run has none
	AutologOff         Autolog = "off"         // the user said so
	AutologUnavailable Autolog = "unavailable" // no Python with MLflow and a framework was seen
)

// autologOf tells what became of autolog from what the hook saw and from the run as the store has it.
func autologOf(enabled bool, t Training, capturedParams int) Autolog {
	switch {
	case !enabled:
		return AutologOff
	case t.InForce && capturedParams > 0:
		return AutologCaptured
	case t.InForce:
		return AutologEmpty
	}
	return AutologUnavailable
}

// autologEmpty is the warning for a run of which autolog saw no params; manual is how many the result has.
func autologEmpty(manual int) console.Note {
	n := console.Note{
		Text: "autolog enabled but captured 0 params\n" +
			"framework may not support autolog (e.g., catboost)\n" +
			"falling back to manual param logging",
		Hint: `write {"params": {...}} to the file that MLOPS_RESULT names, or set autolog to false`,
	}
	if manual > 0 {
		n.Hint = fmt.Sprintf("nothing to do: the result has %d; with autolog set to false this warning goes away", manual)
	}
	return n
}
