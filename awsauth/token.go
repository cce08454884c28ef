package awsauth

import "context"

// TokenSource gives OIDC tokens for AssumeRoleWithWebIdentity.
type TokenSource interface {
	// Token returns a JSON Web Token, asked for or read anew each time. It is never empty without an error.
	Token(ctx context.Context) (string, error)
}
