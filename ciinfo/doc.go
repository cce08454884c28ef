// Package ciinfo returns the facts about this job from the CI system: who runs it, for which commit, branch and change.
//
// There is one file a system, with the documentation that it follows at its head, and one line a system in the table of
// Detect. Detect reads the environment and the files of a system, and on a laptop runs git, all by functions
// that the caller passes. It never fails: what is unknown is empty, and a merge that was made only for the test is never the head's
// commit. It opens no connection, and it reads no token, so nothing it returns is secret.
//
// Followed documents besides: for the names of tags the OpenTelemetry semantic conventions
// (https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/ and .../vcs/).
package ciinfo
