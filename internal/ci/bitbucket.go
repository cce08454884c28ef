package ci

import "fmt"

// bitbucket is Bitbucket Pipelines. A step with oidc: true has a token.
// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
func bitbucket(job Job) System {
	const variable = "BITBUCKET_STEP_OIDC_TOKEN"
	s := System{Keep: archiveOnBitbucket}
	if token := job.Getenv(variable); token != "" {
		s.AWS = AWS{Offered: true, Origin: variable, SessionName: "Bitbucket", Tokens: givenToken(variable, token)}
	}
	return s
}

// archiveOnBitbucket returns lines of the step. Paths are relative to the clone.
// https://support.atlassian.com/bitbucket-cloud/docs/use-artifacts-in-steps/
func archiveOnBitbucket(dir string) string {
	return fmt.Sprintf("archive the folder with these lines in the step\n    artifacts:\n      - %s/**", dir)
}
