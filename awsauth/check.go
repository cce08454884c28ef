package awsauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of STS.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
const (
	minDuration     = 15 * time.Minute
	maxDuration     = 12 * time.Hour
	chainedDuration = time.Hour // maximum where one role assumes another
	maxPolicy       = 2048      // characters of an inline session policy
	maxPolicyARNs   = 10
	maxTags         = 50
	maxTagKey       = 128
	maxTagValue     = 256
	maxSessionName  = 64
)

var (
	sessionNamePattern = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	externalIDPattern  = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
	policyARNPattern   = regexp.MustCompile(`^arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$`)
	regionPattern      = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
	anyRegionPattern   = regexp.MustCompile(`^[A-Za-z0-9-]{1,63}$`) // other services name theirs as they like
)

// Check returns all errors that can be found before anything is sent.
func (o Options) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, account := range o.AllowedAccounts {
		if !accountPattern.MatchString(account) {
			fault("allowed account %q must be 12 digits", account)
		}
	}
	pattern := anyRegionPattern
	if o.Role.ARN != "" && o.STSEndpoint == "" {
		pattern = regionPattern
	}
	if o.Region != "" && !pattern.MatchString(o.Region) {
		fault("region %q must have the form us-east-1", o.Region)
	}
	if o.STSEndpoint != "" {
		if u, err := url.Parse(o.STSEndpoint); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			fault("STS endpoint %q must have the form https://HOST", o.STSEndpoint)
		}
	}
	if o.Role.ARN != "" {
		faults = append(faults, o.checkRole()...)
	}
	return errors.Join(faults...)
}

// checkRole returns the errors in the settings of the role.
func (o Options) checkRole() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	r := o.Role
	named, err := parseRole(r.ARN)
	if err != nil {
		faults = append(faults, err)
	} else {
		if err := named.matches(o.Region); err != nil {
			faults = append(faults, err)
		}
		if named.account != "" && !o.allows(named.account) {
			fault("role %q is in account %s, which is not one of the allowed accounts %v", r.ARN, named.account, o.AllowedAccounts)
		}
		if named.partition == "" && o.Tokens != nil {
			fault("role %q is a name without an account: with an OIDC token the role must be named by its ARN, "+
				"arn:aws:iam::123456789012:role/%[1]s", r.ARN)
		}
	}
	if r.SessionName != "" && !sessionNamePattern.MatchString(r.SessionName) {
		fault("role session name %q must be 2 to 64 characters of letters, digits and _+=,.@-", r.SessionName)
	}
	switch {
	case r.Duration != 0 && (r.Duration < minDuration || r.Duration > maxDuration):
		fault("role duration of %d s must be between %d s and %d s",
			int(r.Duration.Seconds()), int(minDuration.Seconds()), int(maxDuration.Seconds()))
	case r.Chained && r.Duration > chainedDuration:
		fault("role duration of %d s is more than %d s, the maximum with role chaining",
			int(r.Duration.Seconds()), int(chainedDuration.Seconds()))
	}
	if n := len(r.ExternalID); n != 0 && (n < 2 || n > 1224 || !externalIDPattern.MatchString(r.ExternalID)) {
		fault("role external id must be 2 to 1224 characters of letters, digits and _+=,.@:/-")
	}
	faults = append(faults, checkPolicies(r)...)
	return append(faults, checkTags(r.Tags)...)
}

func checkPolicies(r Role) []error {
	var faults []error
	if r.Policy != "" {
		if text, err := compactPolicy(r.Policy); err != nil {
			faults = append(faults, err)
		} else if n := utf8.RuneCountInString(text); n > maxPolicy {
			faults = append(faults, fmt.Errorf("the inline session policy has %d characters; AWS allows %d", n, maxPolicy))
		}
	}
	if n := len(r.PolicyARNs); n > maxPolicyARNs {
		faults = append(faults, fmt.Errorf("%d managed session policies; AWS allows %d", n, maxPolicyARNs))
	}
	for _, p := range r.PolicyARNs {
		if !policyARNPattern.MatchString(p) {
			faults = append(faults, fmt.Errorf("managed session policy %q must have the form arn:aws:iam::aws:policy/NAME", p))
		}
	}
	return faults
}

// compactPolicy checks that a policy is a JSON object and removes the blanks, which count towards its length.
func compactPolicy(policy string) (string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(policy), &object); err != nil {
		return "", fmt.Errorf("the inline session policy is no JSON object: %w", err)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(policy)); err != nil {
		return "", fmt.Errorf("the inline session policy is no JSON object: %w", err)
	}
	return out.String(), nil
}

// checkTags returns the errors in the user's tags. Those of the job fit.
func checkTags(t SessionTags) []error {
	var faults []error
	const form = "letters, digits, blanks and _.:/=+-@"
	if n := len(t.Job) + len(t.Custom); n > maxTags {
		faults = append(faults, fmt.Errorf("%d session tags; AWS allows %d", n, maxTags))
	}
	seen := map[string]bool{}
	for _, tag := range t.Custom {
		key := strings.ToLower(tag.Key) // keys are case-insensitive
		switch {
		case !fitsTag(tag.Key, maxTagKey) || tag.Key == "":
			faults = append(faults, fmt.Errorf("custom-tags: key %q must be 1 to %d %s", tag.Key, maxTagKey, form))
		case strings.HasPrefix(key, "aws:"):
			faults = append(faults, fmt.Errorf("custom-tags: key %q begins with aws:, which is reserved", tag.Key))
		case containsKey(slices.Concat(ownKeys(), droppableKeys()), tag.Key):
			faults = append(faults, fmt.Errorf("custom-tags: key %q is that of a tag of the CI job, which cannot be replaced", tag.Key))
		case seen[key]:
			faults = append(faults, fmt.Errorf("custom-tags: key %q is given twice; case does not count", tag.Key))
		case !fitsTag(tag.Value, maxTagValue):
			faults = append(faults, fmt.Errorf("custom-tags: the value of %q must be at most %d %s", tag.Key, maxTagValue, form))
		}
		seen[key] = true
	}
	for _, key := range t.Transitive {
		if !fitsTag(key, maxTagKey) {
			faults = append(faults, fmt.Errorf("transitive-tag-keys: %q must be 1 to %d %s", key, maxTagKey, form))
		}
	}
	return faults
}

// fitsTag reports whether a text may be the key or value of a session tag.
func fitsTag(text string, most int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, notInTags)
}

// allows reports whether credentials of this account may be used.
func (o Options) allows(account string) bool {
	return len(o.AllowedAccounts) == 0 || slices.Contains(o.AllowedAccounts, account)
}
