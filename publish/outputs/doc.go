// Package outputs writes values for later steps and jobs: GitHub's step outputs and job summary, and a dotenv file for
// GitLab.
//
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
// https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv
package outputs
