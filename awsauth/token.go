package awsauth

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// DefaultAudience is the audience that a role's identity provider lists unless it was set up otherwise.
const DefaultAudience = "sts.amazonaws.com"

// TokenSource returns OIDC tokens for AssumeRoleWithWebIdentity.
type TokenSource interface {
	// Token returns a JSON Web Token, requested or read again each time. It is never empty without an error.
	Token(ctx context.Context) (string, error)
}

// tokenError is why there is no token. It never contains one.
type tokenError struct {
	what  string
	cause error
	again retryKind
}

func (e *tokenError) Error() string {
	if e.cause == nil {
		return e.what
	}
	return e.what + ": " + e.cause.Error()
}

func (e *tokenError) Unwrap() error { return e.cause }

// VariableToken returns the source for a token that the CI system put into the variable of that name, as GitLab does with id_tokens.
// It is the same each time.
//
// https://docs.gitlab.com/ci/secrets/id_token_authentication/
func VariableToken(name, value string) TokenSource {
	return variableToken{name: name, value: strings.TrimSpace(value)}
}

type variableToken struct{ name, value string }

func (t variableToken) Token(context.Context) (string, error) {
	if t.value != "" {
		return t.value, nil
	}
	return "", hint.With(&tokenError{what: fmt.Sprintf("read the OIDC token: the variable %q is empty", t.name)}, fmt.Sprintf("on GitLab, add these lines to the job in .gitlab-ci.yml:\n"+
		"  id_tokens:\n    %s:\n      aud: %s", t.name, DefaultAudience))
}

// FileToken returns the source for a token in a file that another program updates. It is read again each time.
func FileToken(path string) TokenSource { return fileToken(path) }

type fileToken string

// maxToken is more than STS accepts, 20,000 characters.
const maxToken = 64 << 10

func (path fileToken) Token(context.Context) (string, error) {
	file, err := os.Open(string(path))
	if err != nil {
		return "", hint.With(&tokenError{what: "read the OIDC token", cause: err}, "web-identity-token-file must name the file that holds the token")
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	switch token := strings.TrimSpace(string(text)); {
	case err != nil:
		return "", &tokenError{what: "read the OIDC token", cause: err}
	case token == "":
		return "", &tokenError{what: fmt.Sprintf("read the OIDC token: the file %q is empty", string(path))}
	case len(text) > maxToken:
		return "", &tokenError{what: fmt.Sprintf("read the OIDC token: the file %q is too long for a token", string(path))}
	default:
		return token, nil
	}
}
