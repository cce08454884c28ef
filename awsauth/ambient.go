package awsauth

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// Ambient returns the configuration of the SDK with existing AWS credentials: those of the profile, or what the SDK's default
// chain finds when they are first needed. An empty region is that of the environment or of the profile.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func Ambient(ctx context.Context, profile, region string, client Client) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, client.options(region, profile)...)
	if err != nil {
		return cfg, notLoaded(err)
	}
	if cfg.Credentials != nil {
		cfg.Credentials = checkedKeys{cfg.Credentials}
	}
	cfg.Region = strings.TrimSpace(cfg.Region)
	return cfg, nil
}

// notLoaded returns the error for AWS configuration files that cannot be used.
func notLoaded(err error) error {
	shown := fmt.Errorf("load the AWS configuration: %w", err)
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return hint.With(fmt.Errorf("load the AWS configuration: there is no profile %q", missing.Profile), profileAdvice)
	}
	return shown
}

// noAmbient returns the error for a machine where the SDK finds no credentials.
func noAmbient(profile string, cause error) error {
	if broken, ok := errors.AsType[*keyError](cause); ok {
		return hint.With(fmt.Errorf("use the AWS credentials: %w", broken), hint.Of(cause))
	}
	shown := oneLine(cause.Error())
	if profile != "" {
		return hint.With(&ambientError{fmt.Sprintf("find AWS credentials by the profile %q: %s", profile, shown), cause}, profileAdvice)
	}
	return hint.With(&ambientError{"find AWS credentials on this machine: " + shown, cause}, ambientAdvice)
}

// ambientError is an error whose cause has too many lines to be shown.
type ambientError struct {
	text  string
	cause error
}

func (e *ambientError) Error() string { return e.text }
func (e *ambientError) Unwrap() error { return e.cause }

// notAllowed returns the error for credentials of an account that is not allowed.
func (o Options) notAllowed(who Identity) error {
	if who.Account == "" {
		return hint.With(errors.New("check the account of the credentials: STS did not name it"), accountAdvice)
	}
	return hint.With(fmt.Errorf("check the account of the credentials: %q is in account %s, not in %s",
		who.ARN, who.Account, strings.Join(o.AllowedAccounts, ", ")), accountAdvice)
}
