package awsauth

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Session holds credentials and keeps them fresh until Stop. It is safe for concurrent use.
type Session struct{}

// Start gets the first credentials; an error says why there are none and what to do. From then on they are renewed in the
// background. ctx bounds the start only.
func Start(ctx context.Context, opts Options) (*Session, error) { return nil, errors.ErrUnsupported }

// Retrieve returns credentials that are valid, and as fresh as can be had. It implements aws.CredentialsProvider.
func (s *Session) Retrieve(ctx context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.ErrUnsupported
}

// Identity is whose credentials they are.
func (s *Session) Identity() Identity { return Identity{} }

// Config is a configuration of the SDK with these credentials and their region.
func (s *Session) Config() aws.Config { return aws.Config{} }

// Stop ends the renewal.
func (s *Session) Stop() {}
