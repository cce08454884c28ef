// Package workspace is how a container action treats the workspace that the runner lends it: the package caches that lie
// there are used, and what the step wrote as root belongs to the workspace's owner afterwards, so that later steps can
// change and delete it.
//
// It follows no symbolic link and never leaves the workspace.
package workspace
