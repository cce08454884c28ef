package awsauth_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/awsauth"
)

// inherited are names of variables as a runner may have them.
var inherited = []string{
	"PATH", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION", "AWS_CONFIG_FILE", "AWS_ENDPOINT_URL_S3",
	"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "MLOPS_ID_TOKEN",
	"CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "BITBUCKET_STEP_OIDC_TOKEN",
}

func TestChildEnvironment(t *testing.T) {
	endpoint := &awsauth.Endpoint{URL: "http://127.0.0.1:1/credentials", TokenFile: "/private/aws-token"}
	creds := aws.Credentials{AccessKeyID: "ASIA1", SecretAccessKey: "secret1", SessionToken: "token1"}
	oidc := []string{
		"MLOPS_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
		"CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "BITBUCKET_STEP_OIDC_TOKEN",
	}
	keys := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
	rest := []string{
		"AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
		"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
	}
	for name, test := range map[string]struct {
		child  awsauth.Child
		set    map[string]string
		remove []string
	}{
		"refreshing": {
			awsauth.Child{Mode: awsauth.Refreshing, Endpoint: endpoint, Credentials: creds, Region: "eu-west-1", RoleAssumed: true,
				TokenVariable: "MLOPS_ID_TOKEN", SharedFiles: awsauth.SharedFiles{Credentials: "/private/aws-credentials"}},
			map[string]string{
				"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://127.0.0.1:1/credentials",
				"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/private/aws-token",
				"AWS_SHARED_CREDENTIALS_FILE":            "/private/aws-credentials",
				"AWS_REGION":                             "eu-west-1",
				"AWS_DEFAULT_REGION":                     "eu-west-1",
			},
			slices.Concat(oidc, keys, rest),
		},
		"env": {
			awsauth.Child{Mode: awsauth.Env, Endpoint: endpoint, Credentials: creds, RoleAssumed: true},
			map[string]string{"AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SECRET_ACCESS_KEY": "secret1", "AWS_SESSION_TOKEN": "token1"},
			slices.Concat(oidc[1:], rest, []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI"}),
		},
		"env, static keys": {
			awsauth.Child{Mode: awsauth.Env, Credentials: aws.Credentials{AccessKeyID: "AKIA1", SecretAccessKey: "secret1"}},
			map[string]string{"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "secret1"},
			slices.Concat([]string{"AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}, rest),
		},
		"none": {
			awsauth.Child{Mode: awsauth.None, Endpoint: endpoint, Credentials: creds, Region: "eu-west-1", RoleAssumed: true,
				TokenVariable: "MLOPS_ID_TOKEN"},
			map[string]string{},
			oidc,
		},
		"none without a role": {awsauth.Child{Mode: awsauth.None}, map[string]string{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			set, remove := test.child.Environment(inherited)
			if diff := cmp.Diff(test.set, set); diff != "" {
				t.Errorf("set (-want +got)\n%s", diff)
			}
			slices.Sort(remove)
			slices.Sort(test.remove)
			if diff := cmp.Diff(test.remove, remove); diff != "" {
				t.Errorf("taken out (-want +got)\n%s", diff)
			}
		})
	}
}

func TestChildEnvironmentTakesOutOnlyWhatIsThere(t *testing.T) {
	child := awsauth.Child{Mode: awsauth.Refreshing, Endpoint: &awsauth.Endpoint{URL: "u", TokenFile: "f"}, RoleAssumed: true}
	if _, remove := child.Environment([]string{"PATH", "AWS_PROFILE"}); !slices.Equal(remove, []string{"AWS_PROFILE"}) {
		t.Errorf("takes out %q", remove)
	}
}

func TestChildEnvironmentKeepsTheEndpointOffTheProxy(t *testing.T) {
	for name, test := range map[string]struct {
		inherited, want map[string]string
	}{
		"no proxy":        {map[string]string{"no_proxy": "corp"}, map[string]string{}},
		"none are exempt": {map[string]string{"HTTP_PROXY": "p"}, map[string]string{"NO_PROXY": "127.0.0.1"}},
		"some are": {
			map[string]string{"http_proxy": "p", "NO_PROXY": "a", "no_proxy": "b,c"},
			map[string]string{"NO_PROXY": "a,127.0.0.1", "no_proxy": "b,c,127.0.0.1"},
		},
		"it is":   {map[string]string{"ALL_PROXY": "p", "no_proxy": "a,127.0.0.1"}, map[string]string{}},
		"all are": {map[string]string{"all_proxy": "p", "NO_PROXY": "*"}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			child := awsauth.Child{
				Mode: awsauth.Refreshing, Endpoint: &awsauth.Endpoint{},
				NoProxy: test.inherited,
			}
			set, _ := child.Environment(slices.Collect(maps.Keys(test.inherited)))
			if diff := cmp.Diff(test.want, set); diff != "" {
				t.Errorf("set (-want +got)\n%s", diff)
			}
		})
	}
}
