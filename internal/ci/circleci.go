package ci

import (
	"fmt"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/settings"
)

// circleci is CircleCI. Every job has a token, whose audience is the organization's id: credentials in the environment have priority.
// https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
func circleci(job Job) System {
	s := System{Keep: archiveOnCircleCI}
	for _, name := range []string{"CIRCLE_OIDC_TOKEN_V2", "CIRCLE_OIDC_TOKEN"} {
		if token := job.Getenv(name); token != "" {
			s.AWS = AWS{Origin: name, SessionName: "CircleCI", Tokens: givenToken(name, token)}
			break
		}
	}
	return s
}

// givenToken is a token from the environment of the job. There is no later one.
func givenToken(name, token string) func(settings.Token) (awsauth.TokenSource, time.Time) {
	return func(settings.Token) (awsauth.TokenSource, time.Time) {
		return awsauth.VariableToken(name, token), time.Time{}
	}
}

// archiveOnCircleCI returns a step that archives a folder.
// https://circleci.com/docs/guides/optimize/artifacts/
func archiveOnCircleCI(dir string) string {
	return fmt.Sprintf("archive the folder with a step after this one\n      - store_artifacts: {path: %s}", dir)
}
