package ci

import (
	"fmt"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/settings"
)

// circleci is CircleCI. Every job has a token, whose audience is the organization's id: credentials in the environment go first.
// https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
func circleci(job Job) System {
	s := System{Keep: keepOnCircleCI}
	for _, name := range []string{"CIRCLE_OIDC_TOKEN_V2", "CIRCLE_OIDC_TOKEN"} {
		if token := job.Getenv(name); token != "" {
			s.AWS = AWS{Origin: name, SessionName: "CircleCI", Tokens: givenToken(name, token)}
			break
		}
	}
	return s
}

// givenToken is a token that the job found in its environment. There is no later one.
func givenToken(name, token string) func(settings.Token) (awsauth.TokenSource, time.Time) {
	return func(settings.Token) (awsauth.TokenSource, time.Time) {
		return awsauth.VariableToken(name, token), time.Time{}
	}
}

// keepOnCircleCI is a step that keeps a folder.
// https://circleci.com/docs/guides/optimize/artifacts/
func keepOnCircleCI(dir string) string {
	return fmt.Sprintf("keep the folder with a step after this one\n      - store_artifacts: {path: %s}", dir)
}
