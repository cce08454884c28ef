package settings_test

import (
	"slices"
	"testing"

	"github.com/Iyalvan/mlops-track/settings"
)

// TestAccounts finds the accounts to hide in every source, also where the settings are wrong, and none where nobody asked.
func TestAccounts(t *testing.T) {
	const account, other = "123456789012", "111111111111"
	role := "arn:aws:iam::" + account + ":role/train"
	for name, src := range map[string]settings.Sources{
		"a role":             flags("mask-aws-account-id", "true", "role-to-assume", role),
		"another source":     sources(map[string]string{"role-to-assume": "train", "mask-aws-account-id": "TRUE"}, nil, map[string]string{"role-to-assume": role}),
		"a policy":           flags("mask-aws-account-id", "1", "managed-session-policies", "arn:aws-cn:iam::"+account+":policy/p"),
		"a server":           flags("mask-aws-account-id", "true", "tracking-uri", "arn:aws:sagemaker:eu-west-1:"+account+":mlflow-tracking-server/x"),
		"allowed":            flags("mask-aws-account-id", "true", "allowed-account-ids", other+","+account),
		"a wrong switch":     flags("mask-aws-account-id", "yes please", "role-to-assume", role),
		"a tag":              {Set: flags("mask-aws-account-id", "true").Set, Env: func(string) string { return "" }, Tags: []string{"role=" + role}},
		"by the environment": sources(nil, map[string]string{"MLOPS_MASK_AWS_ACCOUNT_ID": "true", "MLOPS_ROLE_TO_ASSUME": role}, nil),
	} {
		if found := settings.Accounts(src, nil); !slices.Contains(found, account) {
			t.Errorf("%s: %q", name, found)
		}
	}
	if found := settings.Accounts(flags("mask-aws-account-id", "true"), []string{"AWS_ROLE_ARN=" + role}); !slices.Equal(found, []string{account}) {
		t.Errorf("in the environment: %q", found)
	}
	for name, src := range map[string]settings.Sources{
		"not asked": flags("role-to-assume", role), "false": flags("mask-aws-account-id", "False", "role-to-assume", role), "nothing": flags("mask-aws-account-id", "true"),
	} {
		if found := settings.Accounts(src, nil); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
}
