package cli

import "github.com/Iyalvan/mlops-track/internal/workspace"

// inWorkspace runs a job in a container action's workspace: with the package caches in it, and at the end the workspace's
// owner becomes the owner of all that the step wrote.
func (a *app) inWorkspace(job func() error) error {
	dir := a.getenv("GITHUB_WORKSPACE")
	if dir == "" {
		return job()
	}
	a.Environ = append(a.Environ, workspace.Caches(dir, a.getenv)...)
	err := job()
	if fault := workspace.RestoreOwner(dir); fault != nil {
		a.console.Warn(fault.Error(), "")
	}
	return err
}
