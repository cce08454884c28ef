package redact_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/redact"
)

// Words are no secrets, whatever their variable is called: to mask them would tear the log to pieces.
func TestPlausible(t *testing.T) {
	t.Parallel()
	for _, word := range []string{
		"refreshing", "main", "postgres", "Postgres", "POSTGRES", "true", "false", "********", "xxxxxxxx", "000000", "", "   ", "12345", "abababab", "  main  ", "übermut", "Übermut", "ÜBERMUT",
		"changeme", "changeme123", "password1", "Password123", "pass-word", "test-token", "dummy_key", "my-secret", "postgres15", "test-db-2", "12345678", "987654",
		"${DB_PASSWORD}", "${{ secrets.TOKEN }}", "$TOKEN", "{{ token }}", "%TOKEN%", "/etc/keys/token", "minioadmin", "local-dev", "not-a-secret", "mlflowuser",
	} {
		if redact.Plausible(word) {
			t.Errorf("%q is taken for a secret", word)
		}
	}
	for _, secret := range []string{
		"hunter2", "a3f9c1", "deadbeef01", "correcthorsebatterystaple", "correct horse", "camelCase", "s3cr3t", "s3cr\"t/value", " hunter2\n", "пароль1", "tr0ub4dor&3", "20241125",
		"/wJalrXUtnFEMI/K7MDENG", "true-Love-47x", "null-X9q",
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
		"SLACK_JWT", "GH_PAT", "SSH_PASSPHRASE", "CLIENT_SECRET", "DATABASE_CONNECTION_STRING", "MYSQL_PWD", "DB_PASS", "TOKEN_2", "HF_TOKEN_READ", "DD_APP_KEY",
		"GITHUB_PAT1", "PASSWORD1", "SECRETS_JSON", "CI_JOB_JWT_V2", "SSHPASS", "DJANGO_SECRET_KEY", "githubToken", "openaiApiKey", "APIKey", "db.password", "MY_CREDENTIALS",
	} {
		if !redact.SecretName(name) {
			t.Errorf("%q is not the name of a secret", name)
		}
	}
	for _, name := range []string{
		"AUTH", "PATH", "KEY", "MONKEY", "TOKENIZERS_PARALLELISM", "PATTERN", "COMPAT", "SECRETARY", "", "MAX_TOKENS", "PWD", "OLDPWD", "KEYBOARD", "PASSENGER", "AUTHOR",
		"GITHUB_TOKEN_PERMISSIONS", "GIT_AUTHOR_NAME", "PAD_TOKEN", "eos-token", "TOKEN_URL", "SECRET_NAME", "PASSWORD_FILE", "SSH_AUTH_SOCK", "GIT_ASKPASS", "BYPASS",
		"token-embedding", "KEY_COLUMN", "PUBLIC_KEY", "COMPASS", "PASSES", "TOKEN_TTL", "_", "2",
	} {
		if redact.SecretName(name) {
			t.Errorf("%q is taken for the name of a secret", name)
		}
	}
}

// TestIn finds what a name makes a secret, and leaves what is none by its value.
func TestIn(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string][]string{
		"MYSQL_PWD=wk-mysqlpwd-a1": {"wk-mysqlpwd-a1"}, "KAGGLE_KEY=wk-kagglekey-b2": {"wk-kagglekey-b2"}, "OPENAI_KEY=wk-openai-o5xx": {"wk-openai-o5xx"},
		"REDISCLI_AUTH=wk-redis-r8xx": {"wk-redis-r8xx"}, "FERNET_KEY=wk-fernet-v2xx": {"wk-fernet-v2xx"}, "X_SECRET_ID=wk-secretid-x4": {"wk-secretid-x4"},
		"VAULT_ROLE_ID=wk-role-y5xxx": {"wk-role-y5xxx"}, "SESSION_COOKIE=wk-cookie-l2x": {"wk-cookie-l2x"}, "NPM_CONFIG__AUTH=wk-npmauth-a7": {"wk-npmauth-a7"},
		"AUTHORIZATION=Bearer wk-authz-j0xx":                                          {"Bearer wk-authz-j0xx", "wk-authz-j0xx"},
		"BASIC_AUTH=user:wk-basic-k1xx":                                               {"user:wk-basic-k1xx", "wk-basic-k1xx"},
		"SLACK_WEBHOOK_URL=https://hooks.example/services/T0/B0/wk-slackhook-c3":      {"wk-slackhook-c3"},
		"AZURE_STORAGE_SAS_URL=sv=2020&sig=wk-sasurl-n4x":                             {"sv=2020&sig=wk-sasurl-n4x", "wk-sasurl-n4x"},
		`DOCKER_AUTH_CONFIG={"auths":{"r":{"auth":"dXNlcjp3ay1kb2NrZXItZTU="}}}`:      {"dXNlcjp3ay1kb2NrZXItZTU=", "user:wk-docker-e5", "wk-docker-e5", `{"auths":{"r":{"auth":"dXNlcjp3ay1kb2NrZXItZTU="}}}`},
		`SECRETS_JSON={"a":"wk-secretsjson-p6","n":1,"type":"service_account"}`:       {"wk-secretsjson-p6", `{"a":"wk-secretsjson-p6","n":1,"type":"service_account"}`},
		`ANYTHING={"private_key":"QWERTYuiopASDF\nGHjklZXCVBNm12","user":"ann-0815"}`: {"QWERTYuiopASDF\nGHjklZXCVBNm12"},
		"STORE=Server=db;User Id=sa;Password=wk-pair-b7;Pooling=true":                 {"wk-pair-b7"},
		"DSN=host=db user=ann password='wk-libpq-c8'":                                 {"host=db user=ann password='wk-libpq-c8'", "wk-libpq-c8"},
		"AWS_SECRET_ACCESS_KEY=testing":                                               nil,
		"POSTGRES_PASSWORD=postgres":                                                  nil, "SECRET=main": nil, "CACHE_KEY=linux-py3.11-4711abc": nil, "MODEL_KEY=resnet50": nil,
		"MODEL_KEY=resnet50-imagenet-v2": nil, "DATASET_KEY=imagenet-1k-validation": nil, "RUN_KEY=2024-11-25-nightly": nil, "OPENAI_API_KEY=not-needed": nil, "API_KEY=lm-studio": nil,
		"SORT_KEY=created_at_2024": nil, "GITHUB_TOKEN_PERMISSIONS=contents-read-4711x": nil, "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus": nil,
		"SSH_AUTH_SOCK=/tmp/ssh-XXabc123/agent.4711": nil, "GOOGLE_APPLICATION_CREDENTIALS=/home/ann/key.json": nil, "token-embedding=bert-base-uncased": nil,
		"EOS_TOKEN=<|endoftext|>": nil, "KEY=/keys/id_ed25519": nil, "OAUTH_TOKEN_URL=https://auth.example/oauth2/token": nil, "TOKENIZERS_PARALLELISM=false1234": nil,
		"DESKTOP_SESSION=ubuntu-xorg": nil, "XDG_SESSION_ID=c4711": nil, "GIT_AUTHOR_NAME=ann0815-x4711": nil,
	} {
		name, value, _ := strings.Cut(entry, "=")
		got := slices.Sorted(slices.Values(redact.In(name, value)))
		slices.Sort(want)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", entry, got, want)
		}
	}
}

// TestShaped finds secrets whose shape is well known, whatever they are called.
func TestShaped(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "glpat-xUe93Wfr2aXk47Lm01Qz", "AKIAQ3EGUZ5LOXKZJ4TM", "xoxb-263594206564-2343594206574FGqddMF8t08v8N7Oq4i57vs1",
		"hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
	} {
		if got := redact.Shaped("FOO=" + secret + "\nBAR=1"); !slices.Contains(got, secret) {
			t.Errorf("%q: found %q", secret, got)
		}
		if got := redact.Find([]string{"FOO=" + secret}, nil); !slices.Contains(got, secret) {
			t.Errorf("%q in an environment: found %q", secret, got)
		}
	}
	if got := redact.Shaped("key-value they.say test_data s.x pat.terns sk learn curl"); len(got) > 0 {
		t.Errorf("found %q in words", got)
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
		"import os\nprint('x?token='+os.environ['A_TOKEN_47'])", "--store=https://bob:hunter2/slash@host/x", "--secret",
	}
	want := []string{
		"abc%2Fdef", "abc/def", "abc:def", "ghp_0123456789abcdefghij", "hunter2/slash", "k3y-of-api", "p%40ss-w0rd", "p@ss-w0rd", "t0ken-in-word", "t0ken-of-flag",
		"t0ken-of-mlflow",
	}
	if got := slices.Compact(slices.Sorted(slices.Values(redact.Find(environ, command)))); !slices.Equal(got, want) {
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
