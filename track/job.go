package track

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	"github.com/Iyalvan/mlops-track/ciinfo"
)

// Job is the main job from inputs to exit code: plan, run, report. An error means that it could not begin.
func Job(ctx context.Context, in Inputs, ci ciinfo.Info, host Host) (int, error) {
	work, err := os.MkdirTemp("", "mlops-track-")
	if err != nil {
		return 0, fmt.Errorf("make a temporary folder: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // a temporary folder
	p := NewPlan(in, ci, host, rand.Text(), work)
	if in.DryRun {
		return 0, describe(p, host)
	}
	out := Run(ctx, p, host)
	publish(p, host, out)
	return out.ExitCode, out.Refused
}
