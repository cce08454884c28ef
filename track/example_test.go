package track_test

import (
	"fmt"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/step"
	"github.com/Iyalvan/mlops-track/step/results"
	"github.com/Iyalvan/mlops-track/track"
)

// The run has a param already that the result names as well: the run's own value stays.
func ExampleJudge() {
	stored := track.Stored{Run: mlflow.Run{Params: map[string]string{"max_depth": "3"}}}
	outputs := step.Outputs{Result: results.Result{Params: []mlflow.Param{{Key: "max_depth", Value: "5"}, {Key: "seed", Value: "1"}}}}
	verdict := track.Judge(stored, step.Result{}, outputs, nil)
	fmt.Println(verdict.Status, verdict.Add.Params)
	fmt.Println(verdict.Notices[0].Text)

	verdict = track.Judge(stored, step.Result{ExitCode: 3, Tail: "no data\n"}, step.Outputs{}, nil)
	fmt.Println(verdict.Status, verdict.ErrorType, verdict.ErrorMessage, verdict.ExitCode)
	// Output:
	// FINISHED [{seed 1}]
	// param collision detected: ['max_depth']
	// FAILED ExitError no data 3
}
