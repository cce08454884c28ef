// Package workspace prepares and restores the runner's workspace for a container action: the step uses the package caches
// in it, and files that the step wrote as root get the workspace's owner afterwards, so that later steps can
// change and delete them.
//
// It follows no symbolic link and changes nothing outside of the workspace.
package workspace
