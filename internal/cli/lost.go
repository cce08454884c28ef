package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/tracker"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// closeLost closes the runs of an embedded store whose mlops-track was killed. That it cannot is a warning: the run of this job does not depend
// on it.
func closeLost(ctx context.Context, st *store.Opened) []notice.Notice {
	closed, err := st.CloseLost(ctx, func(tags map[string]string) bool {
		process, ok := tracker.Parse(tags[mlflow.ProcessTag])
		return ok && process.Gone()
	})
	if err != nil {
		return []notice.Notice{notice.Warn("close the runs of killed jobs: "+err.Error(), "")}
	}
	if len(closed) == 0 {
		return nil
	}
	return []notice.Notice{notice.Warn(fmt.Sprintf("closed as FAILED, because their mlops-track is gone: run %s", strings.Join(closed, ", ")), "")}
}

// originTags say which process of which machine opens a run, so that a later one can close it.
func originTags() map[string]string {
	tags := map[string]string{}
	if host, err := os.Hostname(); err == nil {
		tags[mlflow.HostTag] = mlflow.ValidText(host)
	}
	if process, ok := tracker.Self(); ok {
		tags[mlflow.ProcessTag] = process.String()
	}
	return tags
}
