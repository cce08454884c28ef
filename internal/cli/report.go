package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/publish/report"
	"github.com/Iyalvan/mlops-track/settings"
	"github.com/Iyalvan/mlops-track/track"
)

func (a *app) reportCommand() *cobra.Command {
	f := newFlags()
	var ids, files []string
	cmd := &cobra.Command{
		Use:   "report [--run-id ID]... [--from FILE]...",
		Short: "Write the summary and the comment of finished runs",
		Long: "Write the job summary, and post or update the comment on the pull or merge request, for finished runs: in a job after\n" +
			"a matrix by their ids, or in a trusted workflow_run job from the report file of a pull request from a fork.",
		Example: "  mlops-track report --run-id 5e9ab3b2c6c14f5d8a1c3a9c\n" +
			"  mlops-track report --from mlops-track-report.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(ids)+len(files) == 0 {
				return usageError{hint.With(errors.New("nothing to report: --run-id or --from is required"), "see mlops-track report --help")}
			}
			s, err := a.parse(f.sources(cmd, "report"), "mlops-track report")
			if err != nil {
				return err
			}
			return a.report(cmd.Context(), s, ids, files)
		},
	}
	f.register(cmd, "tracking-uri", "experiment", "comment", "comment-mode", "comment-key", "comment-on", "github-token", "gitlab-token", "outputs-file", "redact")
	cmd.Flags().StringArrayVar(&ids, "run-id", nil, "id of a finished run; can be repeated")
	cmd.Flags().StringArrayVar(&files, "from", nil, "report file of a job; can be repeated")
	return cmd
}

func (a *app) report(ctx context.Context, s settings.Settings, ids, files []string) error {
	info := a.detectCI(s.CI, a.Dir)
	publisher := a.publisher(s.Report, info, a.system(info))
	reports, err := a.storedReports(ctx, publisher, s, ids)
	if err != nil {
		return err
	}
	for _, file := range files {
		parsed, err := readReport(a.absolute(file))
		if err != nil {
			return err
		}
		// The author of the file must not choose where its links lead.
		reports = append(reports, parsed.LinksTo(s.Store.TrackingURI, info.Repository.URL))
	}
	return publisher.Later(ctx, reports, time.Now())
}

// storedReports are those of runs in the store.
func (a *app) storedReports(ctx context.Context, p publish.Publisher, s settings.Settings, ids []string) (reports []report.Report, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	options, err := a.storeOptions(s.Store.TrackingURI, credentials{settings: s.AWS})
	if err != nil {
		return nil, err
	}
	opened, err := store.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, opened.Close(ctx)) }()
	experiment := track.ExperimentName(s.Run.Experiment, p.CI.Repository.Project)
	for _, id := range ids {
		r, err := p.Stored(ctx, opened, id, experiment)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}

func readReport(file string) (report.Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return report.Report{}, hint.With(err, "download the artifact of the job that wrote it to its report-file")
	}
	defer f.Close()
	parsed, err := report.Parse(f)
	if err != nil {
		return parsed, fmt.Errorf("%s: %w", file, err)
	}
	return parsed, nil
}
