package cli

import (
	"cmp"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
	"github.com/Iyalvan/mlops-track/publish"
	"github.com/Iyalvan/mlops-track/settings"
)

// publisher reports runs on the CI system of a job.
func (a *app) publisher(s settings.Report, info ciinfo.Info, system ci.System) publish.Publisher {
	return publish.Publisher{
		Console: a.console, Secrets: a.secrets, CI: info, Summary: system.Summary, Outputs: system.Outputs, Files: s.Files,
		Thread: publish.Thread{
			Number: cmp.Or(s.Comment.On, info.Change.ID), Queue: info.Event.Kind == ciinfo.EventMergeGroup && s.Comment.On == "",
			Settings: s.Comment, Open: system.Request, Find: system.Find,
		},
	}
}
