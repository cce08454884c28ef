package awsauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

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

// checkKeys returns an error if keys hold what AWS's keys never do, such as the line end of a pasted secret: they could not be
// sent at all, or their signature would be wrong.
func checkKeys(creds aws.Credentials) error {
	for _, key := range []struct{ what, value string }{
		{"access key id", creds.AccessKeyID}, {"secret access key", creds.SecretAccessKey}, {"session token", creds.SessionToken},
	} {
		if strings.TrimSpace(key.value) != key.value || strings.ContainsFunc(key.value, unicode.IsControl) {
			return hint.With(fmt.Errorf("check the existing AWS credentials: the %s (of %s) has a line end, a control character, or a blank "+
				"at its end or beginning", key.what, sourceOf(creds)), keysAdvice)
		}
	}
	return nil
}

// sourceOf says where the SDK found keys.
func sourceOf(creds aws.Credentials) string {
	if creds.Source == config.CredentialsSourceName {
		return "the environment"
	}
	return creds.Source
}

// noAmbient returns the error for a machine where the SDK finds no credentials.
func noAmbient(profile string, cause error) error {
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
