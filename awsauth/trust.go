package awsauth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// statement is a statement of a role's trust policy.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type statement struct {
	Effect    string
	Principal map[string]string
	Action    any                       // a string or several
	Condition map[string]map[string]any `json:",omitempty"`
}

// String returns the statement as JSON to paste into a policy.
func (s statement) String() string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("  ", "  ")
	if err := encoder.Encode(s); err != nil { // it holds nothing but strings
		return err.Error()
	}
	return "  " + strings.TrimSpace(out.String())
}

// webIdentityTrust returns a statement that accepts a token with these claims.
func webIdentityTrust(r role, c Claims) string {
	issuer := issuerHost(c)
	return statement{
		Effect:    "Allow",
		Principal: map[string]string{"Federated": providerARN(r, c)},
		Action:    "sts:AssumeRoleWithWebIdentity",
		Condition: map[string]map[string]any{
			"StringEquals": {issuer + ":aud": oneOrAll(c.Audience)},
			"StringLike":   {issuer + ":sub": oneOrAll(subjects(c))},
		},
	}.String()
}

// callerTrust returns a statement that accepts the caller of AssumeRole.
func callerTrust(caller, externalID string, tagged bool) string {
	s := statement{Effect: "Allow", Principal: map[string]string{"AWS": principal(caller)}, Action: "sts:AssumeRole"}
	if tagged {
		s.Action = []string{"sts:AssumeRole", "sts:TagSession"}
	}
	if externalID != "" {
		s.Condition = map[string]map[string]any{"StringEquals": {"sts:ExternalId": externalID}}
	}
	return s.String()
}

// subjects returns the patterns that match the token's sub. GitHub writes it in two forms, with names alone and with ids,
// which do not change: repo:OWNER/REPO:... and repo:OWNER@OWNER-ID/REPO@REPO-ID:... .
//
// https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
func subjects(c Claims) []string {
	own := literal(c.Subject)
	match := githubSubject.FindStringSubmatch(c.Subject)
	if match == nil {
		return []string{own}
	}
	owner, ownerID, repo, repoID, context := match[1], match[2], match[3], match[4], match[5]
	if ownerID == "" || repoID == "" {
		ownerID, repoID = c.RepositoryOwnerID, c.RepositoryID
	}
	all := []string{literal("repo:" + owner + "/" + repo + context)}
	if ownerID != "" && repoID != "" {
		all = append(all, literal("repo:"+owner+"@"+ownerID+"/"+repo+"@"+repoID+context))
	}
	if !slices.Contains(all, own) {
		return []string{own}
	}
	return all
}

// githubSubject is a sub that begins with a repository of GitHub, whose names hold no @.
var githubSubject = regexp.MustCompile(`^repo:([^/@:]+)(?:@(\d+))?/([^/@:]+)(?:@(\d+))?(:.*)$`)

// subjectNote explains the patterns if there are two.
func subjectNote(c Claims) string {
	if len(subjects(c)) < 2 {
		return ""
	}
	return " (both forms of GitHub's sub; the one with ids does not match another repository that gets this name later)"
}

// literal keeps StringLike from reading the text as a pattern.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
func literal(text string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(text)
}

// issuerHost returns the issuer as condition keys and ARNs name it.
func issuerHost(c Claims) string {
	_, host, ok := strings.Cut(c.Issuer, "://")
	if !ok {
		return c.Issuer
	}
	return host
}

// providerARN returns the ARN of the identity provider in the role's account.
func providerARN(r role, c Claims) string {
	return fmt.Sprintf("arn:%s:iam::%s:oidc-provider/%s", r.partition, r.account, issuerHost(c))
}

// callerIn returns the ARN of the caller from STS's message: User: ARN is not authorized to perform: ...
func callerIn(message string) string {
	match := regexp.MustCompile(`User: (arn:\S+)`).FindStringSubmatch(message)
	if match == nil {
		return "arn:aws:iam::ACCOUNT:role/CALLER"
	}
	return match[1]
}

// principal turns the ARN of a session into that of its role, which a trust policy can name before the session exists. The
// path of the role is lost.
func principal(caller string) string {
	parsed, err := arn.Parse(caller)
	session, ok := strings.CutPrefix(parsed.Resource, "assumed-role/")
	if err != nil || !ok {
		return caller
	}
	name, _, _ := strings.Cut(session, "/")
	return role{partition: parsed.Partition, account: parsed.AccountID, name: name}.String()
}

func oneOrAll(all []string) any {
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// String returns the role's ARN.
func (r role) String() string {
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", r.partition, r.account, r.name)
}

// base returns the role's name without its path.
func (r role) base() string { return r.name[strings.LastIndex(r.name, "/")+1:] }
