package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/awsauth"
)

// AWS says which role and credentials to check.
type AWS struct {
	// Token returns an OIDC token; nil: the existing AWS credentials are used.
	Token func(context.Context) (string, error)
	// Source names the source of the token in messages.
	Source   string
	Audience string // expected in the token; empty: any

	Role     string // to assume; empty: none
	Duration time.Duration
	Policy   string // inline session policy; empty: none
	Policies []string
	// Identity assumes the role, or finds existing AWS credentials, and returns their sts:GetCallerIdentity.
	Identity func(context.Context) (awsauth.Identity, error)
	// Needed is true if a role or profile is configured, or requests are signed. Otherwise no credentials are looked up,
	// which can mean network requests; the check of the artifacts shows whether those need any.
	Needed bool
	Now    func() time.Time
}

// RoleCheck is the name of the check that gets the credentials.
const RoleCheck = "role"

// Checks returns those of the token, the claims in it, the role, the session policy and the region, as far as configured.
func (a AWS) Checks() []Check {
	var checks []Check
	var token string
	if a.Token != nil {
		checks = append(checks, Check{Name: "token", Look: func(ctx context.Context) (f Finding) {
			token, f = a.token(ctx)
			return f
		}}, Check{Name: "claims", After: []string{"token"}, Look: func(context.Context) Finding { return a.claims(token) }})
	}
	if !a.Needed {
		return append(checks, Check{Name: RoleCheck, Look: func(context.Context) Finding { return ok("no role configured") }})
	}
	var who awsauth.Identity
	checks = append(checks, Check{Name: RoleCheck, After: []string{"token"}, Look: func(ctx context.Context) (f Finding) {
		who, f = a.role(ctx)
		return f
	}})
	if a.Policy != "" || len(a.Policies) > 0 {
		checks = append(checks, Check{Name: "policy", Look: func(context.Context) Finding { return a.policy() }})
	}
	return append(checks, Check{Name: "region", After: []string{RoleCheck}, Look: func(context.Context) Finding { return a.region(who) }})
}

func (a AWS) token(ctx context.Context) (string, Finding) {
	token, err := a.Token(ctx)
	if err != nil {
		return "", failed(err, "")
	}
	return token, ok("from %s", a.Source)
}

func (a AWS) claims(token string) Finding {
	claims, err := awsauth.ParseClaims(token)
	if err != nil {
		return failed(err, a.Source+" must hold an OIDC token, a JSON Web Token, and nothing else")
	}
	text := fmt.Sprintf("iss %s, sub %s, aud %s", claims.Issuer, claims.Subject, strings.Join(claims.Audience, " "))
	left := claims.Expires.Sub(a.Now()).Round(time.Second)
	switch {
	case claims.Issuer == "" || claims.Subject == "" || claims.Expires.IsZero():
		return Finding{Level: Fail, Text: text, Fix: "AWS requires the claims iss, sub and exp; use a token of an OIDC provider"}
	case left <= 0:
		return Finding{
			Level: Fail, Text: fmt.Sprintf("the token expired %s ago: %s", -left, text),
			Fix: "use the token earlier in the job, keep its file up to date, or check the clock of this machine",
		}
	case a.Audience != "" && !slices.Contains(claims.Audience, a.Audience):
		return warn(fmt.Sprintf("request the token for %q, or add its audience to the identity provider and the trust policy in AWS", a.Audience),
			"the audience is not %q: %s", a.Audience, text)
	}
	return ok("%s, valid for %s", text, left)
}

func (a AWS) role(ctx context.Context) (awsauth.Identity, Finding) {
	who, err := a.Identity(ctx)
	if err != nil {
		return who, failed(err, "")
	}
	text := who.ARN
	if text == "" {
		text = "existing AWS credentials"
	}
	if who.Expires.IsZero() {
		return who, ok("%s", text)
	}
	left := who.Expires.Sub(a.Now())
	text += fmt.Sprintf(", valid for %s", left.Round(time.Minute))
	if a.Role != "" && a.Duration > 0 && left < a.Duration-time.Minute {
		return who, warn("raise the role's \"Maximum session duration\", or lower role-duration-seconds; the session is renewed anyway",
			"%s instead of %s", text, a.Duration)
	}
	return who, ok("%s", text)
}

// maxPolicy is how long an inline session policy may be, in characters.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
const (
	maxPolicy   = 2048
	maxPolicies = 10
)

// policy checks what AWS would reject; the check of the artifacts shows whether the policy allows enough.
func (a AWS) policy() Finding {
	var parts []string
	if a.Policy != "" {
		var policy struct{ Statement json.RawMessage }
		size := len([]rune(a.Policy))
		switch err := json.Unmarshal([]byte(a.Policy), &policy); {
		case err != nil || len(policy.Statement) == 0:
			return Finding{
				Level: Fail, Text: "inline-session-policy is not an IAM policy: it has no Statement",
				Fix: `write {"Version": "2012-10-17", "Statement": [...]}`,
			}
		case size > maxPolicy:
			return Finding{
				Level: Fail, Text: fmt.Sprintf("inline-session-policy has %d characters; AWS allows %d", size, maxPolicy),
				Fix: "shorten it, or create a managed policy and set managed-session-policies to its ARN",
			}
		}
		parts = append(parts, fmt.Sprintf("inline, %d of %d characters", size, maxPolicy))
	}
	if n := len(a.Policies); n > maxPolicies {
		return Finding{
			Level: Fail, Text: fmt.Sprintf("%d managed-session-policies; AWS allows %d", n, maxPolicies), Fix: "merge some of them",
		}
	} else if n > 0 {
		parts = append(parts, fmt.Sprintf("%d managed", n))
	}
	return ok("%s; the session may do what both the policy and the role allow", strings.Join(parts, ", "))
}

func (a AWS) region(who awsauth.Identity) Finding {
	if who.Region == "" {
		return Finding{Level: Fail, Text: "no region configured", Fix: "set aws-region or AWS_REGION"}
	}
	return ok("%s", who.Region)
}
