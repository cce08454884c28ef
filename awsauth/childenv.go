package awsauth

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ChildMode is how a training step gets credentials.
type ChildMode string

// How a step gets credentials.
const (
	Refreshing ChildMode = "refreshing" // from the endpoint, for as long as it runs
	Env        ChildMode = "env"        // in variables, not renewed
	None       ChildMode = "none"       // no credentials from us
)

// Child is what a training step gets from a session.
type Child struct {
	Mode          ChildMode
	Endpoint      *Endpoint       // for Refreshing
	Credentials   aws.Credentials // for Env
	Region        string          // empty: the step's own
	SharedFiles   SharedFiles     // to use instead of the user's files, see WithoutCredentials; empty names: the user's
	RoleAssumed   bool            // then the step needs no OIDC tokens of its own
	TokenVariable string          // that holds the web identity token, if one does

	// NoProxy holds NO_PROXY and no_proxy as the step would inherit them; nil: they stay as they are.
	NoProxy map[string]string
}

// Environment returns the variables to set for the step and, of the names that it would inherit, those to remove. No name is
// in both.
func (c Child) Environment(inherited []string) (set map[string]string, remove []string) {
	set = map[string]string{}
	var out []string
	if c.RoleAssumed {
		out = append(out, c.TokenVariable)
		out = append(out, oidcVariables()...)
	}
	if c.Mode != None {
		out = append(out, credentialVariables()...)
		put(set, "AWS_REGION", c.Region)
		put(set, "AWS_DEFAULT_REGION", c.Region) // boto3 reads only this one
	}
	put(set, "AWS_CONFIG_FILE", c.SharedFiles.Config)
	put(set, "AWS_SHARED_CREDENTIALS_FILE", c.SharedFiles.Credentials)
	switch {
	case c.Mode == Refreshing && c.Endpoint != nil:
		put(set, "AWS_CONTAINER_CREDENTIALS_FULL_URI", c.Endpoint.URL)
		put(set, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", c.Endpoint.TokenFile)
		c.keepOffProxy(set, inherited)
	case c.Mode == Env:
		put(set, "AWS_ACCESS_KEY_ID", c.Credentials.AccessKeyID)
		put(set, "AWS_SECRET_ACCESS_KEY", c.Credentials.SecretAccessKey)
		put(set, "AWS_SESSION_TOKEN", c.Credentials.SessionToken)
	}
	for _, name := range out {
		if _, ours := set[name]; !ours && slices.Contains(inherited, name) {
			remove = append(remove, name)
		}
	}
	return set, remove
}

// keepOffProxy makes clients connect to the endpoint directly. Most do anyway, but object_store, which polars uses, would send
// the request and its token to the proxy.
func (c Child) keepOffProxy(set map[string]string, inherited []string) {
	has := func(name string) bool { return slices.Contains(inherited, name) }
	if c.NoProxy == nil || !slices.ContainsFunc([]string{"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}, has) {
		return
	}
	names := slices.DeleteFunc([]string{"NO_PROXY", "no_proxy"}, func(name string) bool { return !has(name) })
	if len(names) == 0 {
		names = []string{"NO_PROXY"}
	}
	for _, name := range names {
		switch value := c.NoProxy[name]; {
		case value == "":
			set[name] = loopbackAddress
		case value != "*" && !slices.Contains(strings.Split(value, ","), loopbackAddress):
			set[name] = value + "," + loopbackAddress
		}
	}
}

// put sets a variable that has a value.
func put(set map[string]string, name, value string) {
	if value != "" {
		set[name] = value
	}
}

// oidcVariables are variables with tokens, or with access to them. ACTIONS_RUNTIME_TOKEN is not one: it is for the job's cache and artifacts, and
// stays.
func oidcVariables() []string {
	return []string{
		"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
		"CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "BITBUCKET_STEP_OIDC_TOKEN",
	}
}

// credentialVariables are the variables in which SDKs look for credentials, most of them before a container's endpoint.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func credentialVariables() []string {
	return []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", // the second of each: SDKs for Go and Java
		"AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY",
		"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
		"AWS_CREDENTIAL_EXPIRATION",
		"AWS_CREDENTIAL_FILE", // old versions of boto3
		"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
		"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", // wins over FULL_URI
		"AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	}
}
