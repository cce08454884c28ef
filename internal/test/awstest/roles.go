package awstest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Role is a role that can be assumed.
type Role struct {
	ARN         string
	Trust       string        // trust policy: a document, or one statement of it, as JSON
	MaxDuration time.Duration // 0: one hour
}

// Trust is a trust policy that accepts the issuer's tokens with this audience and a sub that matches the pattern.
func (i *Issuer) Trust(account, subject string) string {
	host := hostOf(i.URL)
	return fmt.Sprintf(`{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": {"Federated": "arn:aws:iam::%s:oidc-provider/%s"},
		"Condition": {"StringEquals": {"%[2]s:aud": "sts.amazonaws.com"}, "StringLike": {"%[2]s:sub": "%[3]s"}}}`,
		account, host, subject)
}

// TrustAccount is a trust policy that accepts all callers of an account, with session tags.
func TrustAccount(account string) string {
	return fmt.Sprintf(`{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Principal": {"AWS": "arn:aws:iam::%s:root"}}`, account)
}

func hostOf(url string) string {
	_, host, _ := strings.Cut(url, "://")
	return host
}

// statement is one of a trust policy.
type statement struct {
	Effect    string
	Principal map[string]list
	Action    list
	Condition map[string]map[string]list
}

// list is a string or several.
type list []string

func (l *list) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

func parseTrust(text string) ([]statement, error) {
	var document struct{ Statement []statement }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return nil, err
	}
	if document.Statement != nil {
		return document.Statement, nil
	}
	var one statement
	err := json.Unmarshal([]byte(text), &one)
	return []statement{one}, err
}

// caller is who asks for a role, and what of it conditions can be about.
type caller struct {
	kind       string   // Federated or AWS
	principals []string // its names in trust policies
	facts      map[string][]string
}

// accepts tells whether the trust policy lets the caller do that.
func accepts(trust []statement, action string, who caller) bool {
	allowed := false
	for _, s := range trust {
		switch {
		case !slices.Contains(s.Action, action), !s.names(who), !s.holds(who):
		case s.Effect == "Deny":
			return false
		case s.Effect == "Allow":
			allowed = true
		}
	}
	return allowed
}

func (s statement) names(who caller) bool {
	return slices.ContainsFunc(s.Principal[who.kind], func(p string) bool {
		return p == "*" || slices.Contains(who.principals, p)
	})
}

// holds tells whether all conditions do.
func (s statement) holds(who caller) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !slices.ContainsFunc(who.facts[key], func(fact string) bool { return matchesAny(operator, values, fact) }) {
				return false
			}
		}
	}
	return true
}

func matchesAny(operator string, values []string, fact string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		switch operator {
		case "StringEquals":
			return value == fact
		case "StringLike":
			return like(value).MatchString(fact)
		default:
			return false // not known here, so it does not hold
		}
	})
}

// like makes a pattern of StringLike a regular expression.
func like(pattern string) *regexp.Regexp {
	tokens := regexp.MustCompile(`\$\{([*?$])\}|[*?]|[^*?$]+|\$`)
	expression := tokens.ReplaceAllStringFunc(pattern, func(token string) string {
		switch {
		case token == "*":
			return ".*"
		case token == "?":
			return "."
		case len(token) == 4 && strings.HasPrefix(token, "${"):
			return regexp.QuoteMeta(token[2:3])
		default:
			return regexp.QuoteMeta(token)
		}
	})
	return regexp.MustCompile("^(?s:" + expression + ")$")
}
