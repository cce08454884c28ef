package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/track"
)

func (a *app) reportCommand() *cobra.Command {
	f := newFlags()
	var ids, files []string
	cmd := &cobra.Command{
		Use:   "report [--run-id ID]... [--from FILE]...",
		Short: "Write the summary and the comment of runs that have ended",
		Long: "Write the job summary, and post or update the comment on the pull or merge request, of runs that have ended: in a job after\n" +
			"a matrix by their ids, or in a trusted workflow_run job from the report file of a pull request from a fork.",
		Example: "  mlops-track report --run-id 5e9ab3b2c6c14f5d8a1c3a9c\n" +
			"  mlops-track report --from mlops-track-report.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(ids)+len(files) == 0 {
				return usageError{hinted{errors.New("nothing to report: give --run-id or --from"), "see mlops-track report --help"}}
			}
			a.maskAll()
			in, err := track.ParseInputs(track.Given{Set: f.lookup(cmd), Env: a.getenv, Command: []string{"report"}, Dir: a.Dir})
			if err != nil {
				return usageError{hinted{err, "see mlops-track report --help"}}
			}
			a.secrets.Hide(in.Redact...)
			return a.report(cmd.Context(), in, ids, files)
		},
	}
	f.register(cmd, "tracking-uri", "experiment", "comment", "comment-mode", "comment-key", "github-token", "gitlab-token", "outputs-file", "redact")
	cmd.Flags().StringArrayVar(&ids, "run-id", nil, "a run that has ended; repeats")
	cmd.Flags().StringArrayVar(&files, "from", nil, "a report that a job wrote to its report-file; repeats")
	return cmd
}

func (a *app) report(ctx context.Context, in track.Inputs, ids, files []string) error {
	host, err := a.host()
	if err != nil {
		return err
	}
	ci := a.detectCI("", "")
	var reports []report.Report
	if len(ids) > 0 {
		if reports, err = track.Stored(ctx, in, ci, host, ids); err != nil {
			return err
		}
	}
	for _, file := range files {
		parsed, err := a.readReport(file)
		if err != nil {
			return err
		}
		// Whoever wrote the file shall not choose where its links lead.
		reports = append(reports, parsed.LinksTo(in.TrackingURI, ci.ServerURL))
	}
	return track.Repost(ctx, in, ci, host, reports)
}

func (a *app) readReport(file string) (report.Report, error) {
	f, err := os.Open(a.absolute(file))
	if err != nil {
		return report.Report{}, hinted{err, "download the artifact of the job that wrote it to its report-file"}
	}
	defer f.Close()
	parsed, err := report.Parse(f)
	if err != nil {
		return parsed, fmt.Errorf("%s: %w", file, err)
	}
	return parsed, nil
}
