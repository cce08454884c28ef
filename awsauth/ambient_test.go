package awsauth

import (
	"context"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

// TestKeysWithALineEnd refuses keys that were stored with a line end before anything is sent, and does not show them.
func TestKeysWithALineEnd(t *testing.T) {
	for name, change := range map[string]func(*awstest.Key){
		"access key id":     func(k *awstest.Key) { k.ID += "\n" },
		"secret access key": func(k *awstest.Key) { k.Secret += "\r\n" },
		"session token":     func(k *awstest.Key) { k.Token = " FwoGtoken" },
		"line inside":       func(k *awstest.Key) { k.ID = "AKIA\nX-Evil: 1" },
	} {
		t.Run(name, func(t *testing.T) {
			cloud, opts := chain(t)
			key := cloud.STS.AddUser(awstest.Account, "pasted")
			change(&key)
			signIn(t, key)
			for _, allowed := range [][]string{nil, {awstest.Account}} { // AssumeRole, and GetCallerIdentity before it
				opts.AllowedAccounts = allowed
				opts.Role.ARN = map[bool]string{true: trainRole, false: "ci/train"}[allowed == nil]
				_, _, err := prompt(t, opts).issue(t.Context(), 0)
				if err == nil || !strings.Contains(err.Error(), "AWS_") || !strings.Contains(err.Error(), " contains ") || !strings.Contains(hint.Of(err), "set it again") {
					t.Errorf("error %v, hint %q", err, hint.Of(err))
				}
				silent(t, cloud, err.Error()+hint.Of(err))
			}
			if asked := cloud.STS.Asked(); len(asked) != 0 {
				t.Errorf("STS was asked %d times", len(asked))
			}
		})
	}
}

// TestProfileThatIsMissing says which one, and what to do.
func TestProfileThatIsMissing(t *testing.T) {
	_, opts := chain(t)
	opts.Profile = "work"
	_, err := newIssuer(t.Context(), opts)
	_, ambient := Ambient(t.Context(), "work", "", Client{})
	for _, err := range []error{err, ambient} {
		if err == nil || !strings.Contains(err.Error(), `there is no profile "work"`) || !strings.Contains(hint.Of(err), "list-profiles") {
			t.Errorf("error %v, hint %q", err, hint.Of(err))
		}
	}
}

// TestRequestThatCannotBeSent is not repeated, and no fault of the network.
func TestRequestThatCannotBeSent(t *testing.T) {
	cloud, opts := newAWS(t)
	environ := cloud.Issuer.GitHub()
	for i, variable := range environ {
		if strings.HasPrefix(variable, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=") {
			environ[i] = variable + "\nx"
		}
	}
	opts.Tokens = GitHubTokens(getenv(environ), "", nil)
	i := prompt(t, opts)
	attempts, err := i.pace.try(t.Context(), func(ctx context.Context) error {
		_, err := opts.Tokens.Token(ctx)
		return err
	})
	if attempts != 1 || err == nil || strings.Contains(err.Error(), "\n") || cloud.Issuer.Count("token") != 0 {
		t.Errorf("%d attempts: %v", attempts, err)
	}
	_, _, err = i.issue(t.Context(), 0)
	if err == nil || strings.Contains(hint.Of(err), "firewall") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}
