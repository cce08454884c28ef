package ci

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/settings"
)

// maxAnnotation is what Buildkite takes as the body of an annotation.
// https://buildkite.com/docs/agent/cli/reference/annotate
const maxAnnotation = 1 << 20

// buildkite is Buildkite, whose jobs speak to it through the program buildkite-agent. A container has that only if it is
// mounted there.
func buildkite(job Job) System {
	s := System{Keep: keepOnBuildkite}
	agent, found := findProgram(job.Environ, "buildkite-agent")
	if !found {
		s.Summary = func(func(int) string) error {
			return hint.With(errors.New("the report is not shown on the page of the build: buildkite-agent is not on PATH"),
				"mount the agent's program into the container, with the Docker plugin by mount-buildkite-agent: true")
		}
		return s
	}
	s.Log = &buildkiteLog{agent: agent}
	s.Summary = func(render func(int) string) error { return annotate(agent, job.Getenv("BUILDKITE_JOB_ID"), render) }
	// Every job may ask for tokens, so a job that does is not known: credentials in the environment go first.
	s.AWS = AWS{Origin: "Buildkite", Audience: true, SessionName: "Buildkite", Tokens: func(t settings.Token) (awsauth.TokenSource, time.Time) {
		return buildkiteTokens{agent, t.Audience}, time.Time{}
	}}
	return s
}

// annotate adds to the annotation of this job: another job, or another attempt, has one of its own.
func annotate(agent program, jobID string, render func(limit int) string) error {
	_, err := agent.run(context.Background(), render(maxAnnotation), "annotate", "--append", "--style", "info", "--context", "mlops-track-"+jobID)
	if err != nil {
		return hint.With(fmt.Errorf("annotate the build: %w", err), "the closing table in the log says the same")
	}
	return nil
}

// buildkiteLog has the agent take out secrets. The log itself takes no commands.
// https://buildkite.com/docs/agent/cli/reference/redactor
type buildkiteLog struct {
	agent  program
	failed bool // then so will the next one
}

func (l *buildkiteLog) Mask(text string) ([]byte, error) {
	if l.failed {
		return nil, nil
	}
	if _, err := l.agent.run(context.Background(), text, "redactor", "add"); err != nil {
		l.failed = true
		return nil, hint.With(fmt.Errorf("secrets are not hidden in what the step prints: %w", err),
			"update buildkite-agent to 3.66 or later, or name the variables in BUILDKITE_REDACTED_VARS")
	}
	return nil, nil
}

func (l *buildkiteLog) Annotate(_, _ string) []byte { return nil }

// buildkiteTokens asks for an OIDC token, a new one each time. The agent hides it in the log.
// https://buildkite.com/docs/agent/cli/reference/oidc
type buildkiteTokens struct {
	agent    program
	audience string
}

// Token returns a token with the audience.
func (b buildkiteTokens) Token(ctx context.Context) (string, error) {
	out, err := b.agent.run(ctx, "", "oidc", "request-token", "--audience", b.audience)
	token := strings.TrimSpace(out)
	if err == nil && token == "" {
		err = errors.New("buildkite-agent oidc printed no token")
	}
	if err != nil {
		return "", hint.With(fmt.Errorf("ask Buildkite for an OIDC token: %w", err),
			"to assume the role with the agent's own AWS credentials, set role-chaining")
	}
	return token, nil
}

// keepOnBuildkite is a line of the step.
// https://buildkite.com/docs/pipelines/configure/artifacts
func keepOnBuildkite(dir string) string {
	return fmt.Sprintf("keep the folder with this line in the step\n    artifact_paths: [\"%s/**/*\"]", dir)
}
