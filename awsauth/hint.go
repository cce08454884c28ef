package awsauth

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Hint returns what to do about it; may be empty and may have several lines.
func (e *Error) Hint() string {
	switch {
	case e.Status == 0:
		return e.unreachableHint()
	case e.clock() != 0:
		return e.clockHint()
	case durationTooLong(e):
		return e.durationHint()
	case e.throttled():
		return "too many requests reach STS for this account and region at once; start fewer jobs together, or take another aws-region"
	}
	switch e.Code {
	case "AccessDenied":
		return e.deniedHint()
	case "InvalidIdentityToken", "IDPCommunicationError":
		return e.tokenHint()
	case "ExpiredTokenException":
		return e.expiredHint()
	case "IDPRejectedClaim":
		return "the issuer says that the token is revoked or wrong; ask for a new one"
	case "RegionDisabledException":
		return fmt.Sprintf("STS is off in %s for the role's account: turn it on in its IAM console (Account settings, Endpoints), "+
			"or take another aws-region", e.call.region)
	case "MalformedPolicyDocument":
		return "inline-session-policy is no policy that IAM takes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
	case "PackedPolicyTooLarge":
		return "inline-session-policy, managed-session-policies and session tags are too long together: shorten the policy, " +
			"or leave the tags out (role-skip-session-tagging)"
	case "ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch":
		return "STS does not take the ambient AWS credentials (environment, profile or machine role): they ended, were " +
			"deleted, are of another partition, or key, secret and session token do not belong together"
	}
	return ""
}

func (e *Error) unreachableHint() string {
	if dns, ok := errors.AsType[*net.DNSError](e.cause); ok && dns.IsNotFound {
		return fmt.Sprintf("there is no host %s: is aws-region %q right?", dns.Name, e.call.region)
	}
	return "STS must be reachable from this machine: look at its proxy (HTTPS_PROXY, NO_PROXY), firewall and sts-endpoint"
}

// deniedHint says who is trusted with what. STS answers the same for a role that does not exist.
func (e *Error) deniedHint() string {
	switch {
	case e.Action == "AssumeRoleWithWebIdentity":
		return "the role does not exist, or its trust policy does not accept this token:\n" + e.Claims.String() +
			"\nthis statement in the role's trust policy accepts it" + subjectNote(e.Claims) + ":\n" + webIdentityTrust(e.call.role, e.Claims)
	case e.Action == "AssumeRole" && e.says("sts:TagSession"):
		return "the role's trust policy, and that of the caller, must allow sts:TagSession beside sts:AssumeRole; " +
			"or leave the session tags out (role-skip-session-tagging)"
	case e.Action == "AssumeRole":
		return "the role does not exist, its trust policy does not accept the caller, or the caller's own policy does not " +
			"allow sts:AssumeRole on it; this statement in the role's trust policy accepts the caller:\n" +
			callerTrust(callerIn(e.Message), e.call.externalID, e.call.tagged)
	}
	return ""
}

// tokenHint says why a token that is no older than it should be was not taken.
func (e *Error) tokenHint() string {
	provider := providerARN(e.call.role, e.Claims)
	switch {
	case e.unknownIssuer():
		return fmt.Sprintf("the account of the role does not know the token's issuer; add it once:\n"+
			"  aws iam create-open-id-connect-provider --url %s --client-id-list %s",
			e.Claims.Issuer, strings.Join(e.Claims.Audience, " "))
	case e.wrongAudience():
		return fmt.Sprintf("the token is for the audience %s, which the identity provider in the role's account does not list; "+
			"set audience to one that it lists (%s is usual), or add this one:\n"+
			"  aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn %s --client-id %s",
			strings.Join(e.Claims.Audience, ", "), DefaultAudience, provider, strings.Join(e.Claims.Audience, " "))
	case e.unreadKeys(), e.Code == "IDPCommunicationError":
		return fmt.Sprintf("AWS must be able to read %s/.well-known/openid-configuration and the keys it names from the internet, "+
			"each within 5 s", strings.TrimSuffix(e.Claims.Issuer, "/"))
	default:
		return "STS did not take the token:\n" + e.Claims.String()
	}
}

// expiredHint tells a token that was kept too long from clocks that differ.
func (e *Error) expiredHint() string {
	end := e.Claims.Expires
	if e.there.IsZero() || end.IsZero() {
		return "the token has ended: a job that gets one token at its start must use it before"
	}
	text := fmt.Sprintf("the token ended at %s, and by the clock of STS it is %s", clockTime(end), clockTime(e.there))
	if skew := e.here.Sub(e.there).Truncate(time.Second); skew.Abs() > maxSkew {
		return text + fmt.Sprintf("; this machine's clock is %s", aheadOfSTS(skew))
	}
	issued := e.Claims.IssuedAt
	if issued.IsZero() || e.here.Sub(issued) > time.Hour {
		return text + ": it was kept too long; use the role earlier in the job, or have the token's file kept fresh"
	}
	return text + fmt.Sprintf("; if it was new, the clock of its issuer, %s, is %s", e.Claims.Issuer,
		aheadOfSTS(issued.Sub(e.there).Truncate(time.Second)))
}

// clockHint says whose clock is off, and by how much.
func (e *Error) clockHint() string {
	off, here := e.clock(), e.here.Sub(e.there).Truncate(time.Second)
	if e.signedOff() {
		return fmt.Sprintf("this machine's clock is %s: it says %s, STS says %s; set it (timedatectl set-ntp true)",
			aheadOfSTS(off), clockTime(e.here), clockTime(e.there))
	}
	text := fmt.Sprintf("the token is valid from %s and by the clock of STS it is %s: the clock of the issuer, %s, is %s",
		clockTime(e.there.Add(off)), clockTime(e.there), e.Claims.Issuer, aheadOfSTS(off))
	if here.Abs() > time.Minute {
		text += fmt.Sprintf("; this machine's clock is %s", aheadOfSTS(here))
	}
	return text
}

func (e *Error) durationHint() string {
	if e.says("role chaining") {
		return "a role that is assumed with a role's credentials lasts at most an hour: set role-duration-seconds: 3600"
	}
	return fmt.Sprintf("role-duration-seconds: %d is more than the role's \"Maximum session duration\" (MaxSessionDuration, 3600 "+
		"unless set); lower the one or raise the other:\n  aws iam update-role --role-name %s --max-session-duration %[1]d",
		int(e.call.duration.Seconds()), e.call.role.base())
}

// ambientError is that there are no AWS credentials where the SDK looks.
type ambientError struct {
	profile string
	cause   error
}

func (e *ambientError) Error() string {
	if e.profile != "" {
		return fmt.Sprintf("find AWS credentials by the profile %q: %s", e.profile, oneLine(e.cause.Error()))
	}
	return "find AWS credentials on this machine: " + oneLine(e.cause.Error())
}

func (e *ambientError) Unwrap() error { return e.cause }

// Hint returns what to do about it.
func (e *ambientError) Hint() string {
	if e.profile != "" {
		return "aws-profile must be in the AWS configuration files of this machine (aws configure list-profiles)"
	}
	return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws-profile, or assume a role with an OIDC token:\n" +
		"on GitHub with the permission id-token: write, on GitLab with id_tokens"
}

// accountError is that the credentials are of an account that is not allowed.
type accountError struct {
	identity Identity
	allowed  []string
}

func (e *accountError) Error() string {
	if e.identity.Account == "" {
		return "check the account of the credentials: STS did not name it"
	}
	return fmt.Sprintf("check the account of the credentials: %q is in account %s, not in %s",
		e.identity.ARN, e.identity.Account, strings.Join(e.allowed, ", "))
}

// Hint returns what to do about it.
func (e *accountError) Hint() string {
	return "allowed-account-ids lists the accounts that this job may touch; correct it, or role-to-assume"
}

// aheadOfSTS says in words how a clock stands to that of STS.
func aheadOfSTS(skew time.Duration) string {
	if skew < 0 {
		return fmt.Sprintf("%s behind that of STS", -skew)
	}
	return fmt.Sprintf("%s ahead of that of STS", skew)
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
