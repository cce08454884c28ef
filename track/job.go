package track

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Job is the main job from inputs to exit code: plan, run, report. An error means that it could not begin.
func Job(ctx context.Context, in Inputs, ci ciinfo.Info, host Host) (int, error) {
	work, err := os.MkdirTemp("", "mlops-track-")
	if err != nil {
		return 0, fmt.Errorf("make a temporary folder: %w", err)
	}
	defer os.RemoveAll(work)
	p := NewPlan(in, ci, host, rand.Text(), work)
	for _, key := range p.CutTags {
		host.Console.Warn(fmt.Sprintf("tag %q is cut to %d characters", key, mlflow.MaxTagLength), "")
	}
	if in.DryRun {
		return 0, describe(p, host)
	}
	watched := watch(ctx, host.Signals)
	defer watched.stop()
	out := run(watched, p, host)
	publish(watched, p, host, out)
	return out.ExitCode, out.Refused
}
