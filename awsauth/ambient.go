package awsauth

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Ambient is the configuration of the SDK with the credentials at hand: those of the profile, or what the SDK's default chain
// finds, which it looks for when they are first needed. An empty region is that of the environment or of the profile.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func Ambient(ctx context.Context, profile, region string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithSharedConfigProfile(profile))
	if err != nil {
		return cfg, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return cfg, nil
}
