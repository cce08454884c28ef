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

// AWS is what is looked at of a role and its credentials.
type AWS struct {
	// Token gives an OIDC token; nil: the role, or what stands in for one, comes from the credentials at hand.
	Token func(context.Context) (string, error)
	// Source says where the token comes from, for people.
	Source   string
	Audience string // that the token should be for; empty: any

	Role     string // to assume; empty: none
	Duration time.Duration
	Policy   string // inline session policy; empty: none
	Policies []string
	// Identity assumes the role, or finds the credentials at hand, and says whose they are.
	Identity func(context.Context) (awsauth.Identity, error)
	// Needed says that a role or profile is asked for, or requests are signed. Without need nobody looks for credentials,
	// which can mean asking the network; that of the artifacts shows by itself.
	Needed bool
	Now    func() time.Time
}

// RoleCheck is the name of the check after which there are credentials.
const RoleCheck = "role"

// Checks are those of the token, the claims in it, the role, the session policy and the region, as far as there are any.
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
		return append(checks, Check{Name: RoleCheck, Look: func(context.Context) Finding { return ok("none is asked for") }})
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
		return failed(err, "give the OIDC token itself; "+a.Source+" holds something else")
	}
	text := fmt.Sprintf("iss %s, sub %s, aud %s", claims.Issuer, claims.Subject, strings.Join(claims.Audience, " "))
	left := claims.Expires.Sub(a.Now()).Round(time.Second)
	switch {
	case claims.Issuer == "" || claims.Subject == "" || claims.Expires.IsZero():
		return Finding{Level: Fail, Text: text, Fix: "AWS wants the claims iss, sub and exp; take a token of an OIDC provider"}
	case left <= 0:
		return Finding{
			Level: Fail, Text: fmt.Sprintf("the token ended %s ago: %s", -left, text),
			Fix: "use the token earlier in the job, have its file kept fresh, or look at the clock of this machine",
		}
	case a.Audience != "" && !slices.Contains(claims.Audience, a.Audience):
		return warn(fmt.Sprintf("have the token made for %q, or let the identity provider and the trust policy in AWS name the one it has", a.Audience),
			"the audience is not %q: %s", a.Audience, text)
	}
	return ok("%s, good for %s", text, left)
}

func (a AWS) role(ctx context.Context) (awsauth.Identity, Finding) {
	who, err := a.Identity(ctx)
	if err != nil {
		return who, failed(err, "")
	}
	text := who.ARN
	if text == "" {
		text = "the credentials at hand"
	}
	if who.Expires.IsZero() {
		return who, ok("%s", text)
	}
	left := who.Expires.Sub(a.Now())
	text += fmt.Sprintf(", for %s", left.Round(time.Minute))
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

// policy looks at what AWS would refuse; whether the session can do its work, the bucket shows.
func (a AWS) policy() Finding {
	var parts []string
	if a.Policy != "" {
		var policy struct{ Statement json.RawMessage }
		size := len([]rune(a.Policy))
		switch err := json.Unmarshal([]byte(a.Policy), &policy); {
		case err != nil || len(policy.Statement) == 0:
			return Finding{
				Level: Fail, Text: "inline-session-policy is no IAM policy: it has no Statement",
				Fix: `write {"Version": "2012-10-17", "Statement": [...]}`,
			}
		case size > maxPolicy:
			return Finding{
				Level: Fail, Text: fmt.Sprintf("inline-session-policy has %d characters, and AWS takes %d", size, maxPolicy),
				Fix: "shorten it, or make it a managed policy and name that in managed-session-policies",
			}
		}
		parts = append(parts, fmt.Sprintf("inline, %d of %d characters", size, maxPolicy))
	}
	if n := len(a.Policies); n > maxPolicies {
		return Finding{
			Level: Fail, Text: fmt.Sprintf("%d managed-session-policies, and AWS takes %d", n, maxPolicies), Fix: "join some of them",
		}
	} else if n > 0 {
		parts = append(parts, fmt.Sprintf("%d managed", n))
	}
	return ok("%s; the session may do what both it and the role allow", strings.Join(parts, ", "))
}

func (a AWS) region(who awsauth.Identity) Finding {
	if who.Region == "" {
		return Finding{Level: Fail, Text: "none is set", Fix: "set aws-region or AWS_REGION"}
	}
	return ok("%s", who.Region)
}
