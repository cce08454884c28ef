package redact_test

import (
	"slices"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/redact"
)

// Words are no secrets, whatever their variable is called: to mask them would tear the log to pieces.
func TestPlausible(t *testing.T) {
	t.Parallel()
	for _, word := range []string{
		"refreshing", "main", "postgres", "Postgres", "POSTGRES", "true", "false", "********", "xxxxxxxx", "000000", "", "   ", "12345", "abababab", "  main  ", "übermut", "Übermut", "ÜBERMUT",
	} {
		if redact.Plausible(word) {
			t.Errorf("%q is taken for a secret", word)
		}
	}
	for _, secret := range []string{
		"hunter2", "a3f9c1", "deadbeef01", "correcthorsebatterystaple", "correct horse", "pass-word", "camelCase", "123456", "s3cr\"t/value", " hunter2\n", "пароль1",
	} {
		if !redact.Plausible(secret) {
			t.Errorf("%q is not taken for a secret", secret)
		}
	}
}

func TestSecretName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"MLFLOW_TRACKING_TOKEN", "INPUT_GITHUB-TOKEN", "api-key", "API_KEY", "AWS_SECRET_ACCESS_KEY", "aws_access_key_id", "DB_PASSWORD", "PGPASSWORD",
		"SLACK_JWT", "GH_PAT", "SSH_PASSPHRASE", "CLIENT_SECRET", "DATABASE_CONNECTION_STRING",
	} {
		if !redact.SecretName(name) {
			t.Errorf("%q is not the name of a secret", name)
		}
	}
	for _, name := range []string{"AUTH", "PATH", "KEY", "MONKEY", "TOKENIZERS_PARALLELISM", "PATTERN", "COMPAT", "SECRETARY", "", "MAX_TOKENS"} {
		if redact.SecretName(name) {
			t.Errorf("%q is taken for the name of a secret", name)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	environ := []string{
		"PATH=/usr/bin", "MLFLOW_TRACKING_TOKEN=t0ken-of-mlflow", "DATABASE_URL=postgresql://ann:p%40ss-w0rd@db/x?sslmode=on",
		"GOOGLE_APPLICATION_CREDENTIALS=/home/ann/key.json", "X_CREDENTIALS=abc:def", "EMPTY_TOKEN=", "no equals sign", "A=b=c",
		"GIT=https://ghp_0123456789abcdefghij@github.com/acme/model and https://x/y?sig=abc%2Fdef&page=2",
	}
	command := []string{
		"train", "--api-key", "k3y-of-api", "--token=t0ken-of-flag", "--password", "--verbose", "--epochs", "10", "API_TOKEN=t0ken-in-word",
		"--store=https://bob:hunter2/slash@host/x", "--secret",
	}
	want := []string{
		"t0ken-of-mlflow", "p%40ss-w0rd", "p@ss-w0rd", "abc:def", "", "ghp_0123456789abcdefghij", "abc%2Fdef", "abc/def",
		"k3y-of-api", "t0ken-of-flag", "t0ken-in-word", "hunter2/slash",
	}
	if got := redact.Find(environ, command); !slices.Equal(got, want) {
		t.Errorf("found %q\n want %q", got, want)
	}
	if got := redact.Find(nil, nil); len(got) > 0 {
		t.Errorf("found %q in nothing", got)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"https://host:8080/a@b":                    nil,
		"https://ann@host/x":                       nil,
		"s3://bucket/key":                          nil,
		"mysql://root:a:b@host":                    {"a:b"},
		"say 'https://u:pw-1@h' and <ftp://:p2@h>": {"pw-1", "p2"},
		"https://h/?X-Amz-Signature=abc123&x=1":    {"abc123"},
		"no address":                               nil,
	} {
		if got := redact.Passwords(text); !slices.Equal(got, want) {
			t.Errorf("passwords of %q: %q, want %q", text, got, want)
		}
	}
}
