// Package ciinfo says what the CI system told us about this job: who runs it, for which commit, branch and change.
//
// There is one file a system. Detect reads the environment and GitHub's event file as they are handed in; on a laptop it
// asks git. It never fails: what is unknown is empty. It never opens a connection, and it takes no token, so nothing it
// returns is secret.
//
// Followed documents: GitHub's default variables
// (https://docs.github.com/en/actions/reference/workflows-and-actions/variables) and event payloads
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads), GitLab's predefined variables
// (https://docs.gitlab.com/ci/variables/predefined_variables/), and for the names of tags the OpenTelemetry semantic
// conventions (https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/ and .../vcs/).
package ciinfo
