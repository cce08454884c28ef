// Package ciinfo says what the CI system told us about this job: who runs it, for which commit, branch and change.
//
// There is one file a system, with the documentation that it follows at its head, and one line a system in the table of
// Detect. Detect reads the environment and the files that a system hands over, and on a laptop asks git, all by functions
// that it is given. It never fails: what is unknown is empty, and a merge that was made only for the test is never taken for the head's
// commit. It never opens a connection, and it takes no token, so nothing it returns is secret.
//
// Followed documents besides: for the names of tags the OpenTelemetry semantic conventions
// (https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/ and .../vcs/).
package ciinfo
