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

// maxAnnotation is Buildkite's limit for the body of an annotation.
// https://buildkite.com/docs/agent/cli/reference/annotate
const maxAnnotation = 1 << 20

// buildkite is Buildkite, whose jobs use the program buildkite-agent. A container has that only if it is
// mounted there.
func buildkite(job Job) System {
	s := System{Keep: archiveOnBuildkite}
	agent, found := findProgram(job.Environ, "buildkite-agent")
	if !found {
		s.Summary = func(func(int) string) error {
			return hint.With(errors.New("the build is not annotated with the report: buildkite-agent is not on PATH"),
				"mount the agent's program into the container; with the Docker plugin, set mount-buildkite-agent: true")
		}
		return s
	}
	s.Log = &buildkiteLog{agent: agent}
	s.Summary = func(render func(int) string) error { return annotate(agent, job.Getenv("BUILDKITE_JOB_ID"), render) }
	// Every job can request tokens, so that says nothing about the user's intent: credentials in the environment have priority.
	s.AWS = AWS{Origin: "Buildkite", Audience: true, SessionName: "Buildkite", Tokens: func(t settings.Token) (awsauth.TokenSource, time.Time) {
		return buildkiteTokens{agent, t.Audience}, time.Time{}
	}}
	return s
}

// annotate appends to the annotation of this job: another job, or another attempt, has one of its own.
func annotate(agent program, jobID string, render func(limit int) string) error {
	_, err := agent.run(context.Background(), render(maxAnnotation), "annotate", "--append", "--style", "info", "--context", "mlops-track-"+jobID)
	if err != nil {
		return hint.With(fmt.Errorf("annotate the build: %w", err), "the table at the end of the log has the same content")
	}
	return nil
}

// buildkiteLog passes secrets to the agent, which removes them from the log. The log itself supports no commands.
// https://buildkite.com/docs/agent/cli/reference/redactor
type buildkiteLog struct {
	agent  program
	failed bool // then the next call would fail, too
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

// buildkiteTokens requests an OIDC token, a new one each time. The agent hides it in the log.
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
		err = errors.New("buildkite-agent oidc: it printed no token")
	}
	if err != nil {
		return "", hint.With(fmt.Errorf("request an OIDC token from Buildkite: %w", err),
			"to assume the role with the agent's own AWS credentials, set role-chaining")
	}
	return token, nil
}

// archiveOnBuildkite returns a line of the step.
// https://buildkite.com/docs/pipelines/configure/artifacts
func archiveOnBuildkite(dir string) string {
	return fmt.Sprintf("archive the folder with this line in the step\n    artifact_paths: [\"%s/**/*\"]", dir)
}
