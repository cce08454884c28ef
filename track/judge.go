package track

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
)

// Stored is the run as the store has it when the step has ended.
type Stored struct {
	Run     mlflow.Run
	Had     int              // params that it had when it was opened: a resumed run has some
	Unread  bool             // the store could not be read: Run is what is known of it, and may lack what the step logged
	Model   Model            // that the result names; zero: none
	Problem *results.Problem // why the model that the result names is missing; nil: it exists, or the result names none
}

// Gate is the result of one condition on the run's metrics.
type Gate struct {
	Condition string
	Failed    bool
	Reason    string // one line
}

// Verdict is what is decided about a run when its step has ended.
type Verdict struct {
	Status       mlflow.Status
	ExitCode     int // of this process
	ErrorType    string
	ErrorMessage string // at most 500 characters
	Autolog      Autolog
	Add          mlflow.Batch    // what the result has that the run lacks, and the verdict's tags
	Notices      []notice.Notice // in the order in which they are read
}

// Judge decides from the run as it is stored, from how the step ended, from its outputs and from the gates. It is a
// pure function. The exit code decides, never the status that the script's own MLflow client wrote.
func Judge(stored Stored, result step.Result, outputs step.Outputs, gates []Gate) Verdict {
	problems := slices.Clone(outputs.Problems)
	if stored.Problem != nil {
		problems = append(problems, *stored.Problem)
	}
	autolog := autologOf(outputs.Training.Enabled, outputs.Training.InForce, len(stored.Run.Params)-stored.Had)
	if stored.Unread && autolog == AutologEmpty {
		autolog = autologUnknown
	}
	named := outputs.Result.Params
	missing := autolog == AutologEmpty && outputs.Training.Trained && len(named) == 0
	e := endOf(result, outputs.Training.Exception, invalid(problems), missing)
	v := Verdict{Status: e.status, ExitCode: e.exitCode, ErrorType: e.errorType, ErrorMessage: e.message, Autolog: autolog}

	params, takenParams := split(named, func(p mlflow.Param) string { return p.Key }, stored.Run.Params)
	metrics, takenMetrics := split(outputs.Result.Metrics, func(m mlflow.Metric) string { return m.Key }, stored.Run.Metrics)
	for i := range metrics {
		metrics[i].Timestamp = result.End.UnixMilli()
	}
	tags := slices.Concat(outputs.Result.Tags, stored.Run.WithoutOldErrors(e.tags()))
	if autolog != autologUnknown {
		tags = append(tags, mlflow.Tag{Key: "mlops.autolog", Value: string(autolog)})
	}
	if taken := slices.Concat(takenParams, takenMetrics); len(taken) > 0 {
		tags = append(tags, mlflow.Tag{Key: "mlops.collisions", Value: jsonList(taken)})
	}
	v.Add = mlflow.Batch{Metrics: metrics, Params: params, Tags: tags}

	v.Notices = problemNotices(problems)
	if result.NotRun != nil {
		v.Notices = append(v.Notices, notice.Fail(v.ErrorMessage, ""))
	}
	if autolog == AutologEmpty {
		v.Notices = append(v.Notices, EmptyAutolog(len(named)))
	}
	v.Notices = append(v.Notices, slices.Concat(
		collision("param", takenParams), collision("metric", takenMetrics), trainingNotices(outputs.Training, autolog, v.Status), survivors(result.Survivors),
	)...)
	if v.ErrorType == errorMissingParams {
		v.Notices = append(v.Notices, notice.Fail("MissingParams: "+v.ErrorMessage, addParams))
	}
	return v.gated(gates)
}

// gated returns the verdict after the gates: one that failed makes the job fail, while the run's status does not change.
func (v Verdict) gated(gates []Gate) Verdict {
	for _, g := range gates {
		if !g.Failed {
			continue
		}
		v.Notices = append(v.Notices, notice.Fail(fmt.Sprintf("gate %q failed: %s", g.Condition, g.Reason), ""))
		if v.ExitCode == 0 {
			v.ExitCode = 1
		}
	}
	return v
}

// invalid returns the problems that make a result invalid.
func invalid(problems []results.Problem) []string {
	var out []string
	for _, p := range problems {
		if p.Severity == results.Error {
			out = append(out, p.Message)
		}
	}
	return out
}

func problemNotices(problems []results.Problem) []notice.Notice {
	var out []notice.Notice
	for _, p := range problems {
		n := notice.Warn(p.Message, p.Hint)
		if p.Severity == results.Error {
			n.Severity = notice.Error
		}
		out = append(out, n)
	}
	return out
}

func survivors(there bool) []notice.Notice {
	if !there {
		return nil
	}
	return []notice.Notice{notice.Warn("processes of the step are still running; what they log from now on may be lost",
		"let the step wait for them, for example with wait in a shell script")}
}

// jsonList writes keys as one line that fits a tag.
func jsonList(keys []string) string {
	slices.Sort(keys)
	text, err := json.Marshal(keys)
	if err != nil { // cannot happen with strings
		return ""
	}
	short, _ := mlflow.Truncate(string(text), mlflow.MaxTagLength)
	return strings.ToValidUTF8(short, "")
}
