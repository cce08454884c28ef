package track

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
)

// AWSInputs say which AWS role is assumed and how the step gets its credentials.
type AWSInputs struct {
	RoleToAssume           string // ARN or name; empty: none
	RoleChaining           bool
	RoleSessionName        string // empty: chosen by the CI system
	RoleDuration           time.Duration
	RoleExternalID         string
	RoleSkipSessionTagging bool
	InlineSessionPolicy    string // JSON
	ManagedSessionPolicies []string
	Audience               string
	Region                 string
	Profile                string
	WebIdentityTokenFile   string // absolute
	WebIdentityTokenEnv    string
	AllowedAccountIDs      []string
	MaskAccountID          bool
	STSEndpoint            string
	Credentials            string // refreshing, env, none
}

func (p *parser) aws() AWSInputs {
	in := AWSInputs{
		RoleToAssume:           p.text("role-to-assume"),
		RoleChaining:           p.bool("role-chaining"),
		RoleSessionName:        p.text("role-session-name"),
		RoleDuration:           time.Duration(p.number("role-duration-seconds")) * time.Second,
		RoleExternalID:         p.text("role-external-id"),
		RoleSkipSessionTagging: p.bool("role-skip-session-tagging"),
		InlineSessionPolicy:    p.compact("inline-session-policy"),
		ManagedSessionPolicies: p.list("managed-session-policies"),
		Audience:               p.text("audience"),
		Region:                 p.text("aws-region"),
		Profile:                p.text("aws-profile"),
		WebIdentityTokenFile:   p.path("web-identity-token-file"),
		WebIdentityTokenEnv:    p.text("web-identity-token-env"),
		AllowedAccountIDs:      p.list("allowed-account-ids"),
		MaskAccountID:          p.bool("mask-aws-account-id"),
		STSEndpoint:            p.text("sts-endpoint"),
		Credentials:            p.text("aws-credentials"),
	}
	if err := in.options().Check(); err != nil {
		p.fault("%w", err)
	}
	return in
}

// options are those that follow from the settings alone.
func (in AWSInputs) options() awsauth.Options {
	return awsauth.Options{
		Role: awsauth.Role{
			ARN: in.RoleToAssume, Chained: in.RoleChaining, SessionName: in.RoleSessionName, Duration: in.RoleDuration,
			ExternalID: in.RoleExternalID, Policy: in.InlineSessionPolicy, PolicyARNs: in.ManagedSessionPolicies,
		},
		Profile: in.Profile, Region: in.Region, STSEndpoint: in.STSEndpoint, AllowedAccounts: in.AllowedAccountIDs,
	}
}

// compact is a JSON object on one line, as it counts against the limits of AWS.
func (p *parser) compact(name string) string {
	object := p.object(name)
	if object == nil {
		return ""
	}
	text, err := json.Marshal(object)
	if err != nil {
		p.fault("%s: %w", name, err)
	}
	return string(text)
}

// list is a setting of several values, one a line or separated by commas.
func (p *parser) list(name string) []string {
	var out []string
	for _, line := range p.lines(name) {
		for part := range strings.SplitSeq(line, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}
