// Package testenv brings what tests need of the real world: a Python with MLflow of a line, 3 or 2, and tracking servers
// of those. The environments are built by make test-env; a test that lacks one fails, because a suite that skips what it
// exists for shows nothing. Under go test -short, as make test-unit runs it, each of these tests is skipped and names what it
// needs.
package testenv
