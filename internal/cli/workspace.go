package cli

import "github.com/Iyalvan/mlops-track/internal/workspace"

// inWorkspace runs a job in the workspace that the runner lends a container: with the package caches that lie there, and with
// all that the step wrote given to the workspace's owner at the end.
func (a *app) inWorkspace(job func() error) error {
	dir := a.getenv("GITHUB_WORKSPACE")
	if dir == "" {
		return job()
	}
	a.Environ = append(a.Environ, workspace.Caches(dir, a.getenv)...)
	err := job()
	if fault := workspace.GiveBack(dir); fault != nil {
		a.console.Warn(fault.Error(), "")
	}
	return err
}
