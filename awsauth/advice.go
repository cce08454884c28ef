package awsauth

import (
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/retry"
)

// Circumstances of a call of STS that select a row of the advice.
const (
	noAnswer     = "no answer"
	notSent      = "not sent"
	unknownHost  = "unknown host"
	clockIsOff   = "clock"
	tooLong      = "duration"
	isThrottled  = "throttled"
	withToken    = "AssumeRoleWithWebIdentity"
	withKeys     = "AssumeRole"
	noProvider   = "unknown issuer"
	noAudience   = "wrong audience"
	keysNotFound = "unread keys"
)

// advice is what to do about what STS answers
// (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html). STS answers the same for a role that does not exist
// and for one that does not trust the caller.
func advice() hint.Table {
	return hint.Table{
		{If: unknownHost, Advice: "the host {host} does not exist: check aws-region, {region}"},
		{If: notSent, Advice: keysAdvice},
		{If: noAnswer, Advice: "STS must be reachable from this machine: check proxy (HTTPS_PROXY, NO_PROXY), firewall and sts-endpoint"},
		{If: clockIsOff, Advice: "{clock}"},
		{If: tooLong, Words: "role chaining", Advice: "a session of a role that is assumed with another role's credentials is at most an hour long: set role-duration-seconds: 3600"},
		{If: tooLong, Advice: "role-duration-seconds: {seconds} is more than the role's \"Maximum session duration\" (MaxSessionDuration, 3600 " +
			"unless set); lower the former or raise the latter:\n  aws iam update-role --role-name {role} --max-session-duration {seconds}"},
		{If: isThrottled, Advice: "STS gets too many requests for this account and region at once; start fewer jobs together, or use another aws-region"},
		{Code: "AccessDenied", If: withToken, Advice: "the role does not exist, or its trust policy does not accept this token:\n{claims}" +
			"\nthis statement in the role's trust policy accepts it{note}:\n{token trust}"},
		{Code: "AccessDenied", If: withKeys, Words: "sts:TagSession", Advice: "the role's trust policy, and that of the caller, must allow sts:TagSession " +
			"beside sts:AssumeRole; or send no session tags (role-skip-session-tagging)"},
		{Code: "AccessDenied", If: withKeys, Advice: "the role does not exist, its trust policy does not accept the caller, or the caller's own policy does " +
			"not allow sts:AssumeRole on it; this statement in the role's trust policy accepts the caller:\n{caller trust}"},
		{If: noProvider, Advice: "the account of the role does not know the token's issuer; add it once:\n" +
			"  aws iam create-open-id-connect-provider --url {issuer} --client-id-list {audiences}"},
		{If: noAudience, Advice: "the token is for the audience {audience}, which the identity provider in the role's account does not list; " +
			"set audience to one that it lists (" + DefaultAudience + " is usual), or add this one:\n" +
			"  aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {provider} --client-id {audiences}"},
		{If: keysNotFound, Advice: unreadable},
		{Code: "IDPCommunicationError", Advice: unreadable},
		{Code: "InvalidIdentityToken", Advice: "STS rejected the token:\n{claims}"},
		{Code: "ExpiredTokenException", Advice: "{expiry}"},
		{Code: "IDPRejectedClaim", Advice: "the issuer says that the token is revoked or not valid; request a new one"},
		{Code: "RegionDisabledException", Advice: "STS is disabled in {region name} for the role's account: enable it in its IAM console (Account settings, " +
			"Endpoints), or use another aws-region"},
		{Code: "MalformedPolicyDocument", Advice: "inline-session-policy is not a valid IAM policy: " +
			"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"},
		{Code: "PackedPolicyTooLarge*", Advice: "inline-session-policy, managed-session-policies and session tags, those that the calling session passes on " +
			"included, are too long together: shorten the policy or custom-tags, or send no session tags (role-skip-session-tagging)"},
		{Words: "transitive tag key from the calling session|conflicts with a transitive tag", Advice: "the calling session passes on its transitive tags " +
			"by itself, and they cannot be set again: set role-skip-session-tagging"},
		{Code: "ExpiredToken InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch", Advice: "STS rejected the existing AWS " +
			"credentials (environment, source-profile or machine role): they have expired, were deleted, are of another partition, or key, secret and " +
			"session token do not belong together"},
	}
}

const unreadable = "AWS must be able to read {issuer root}/.well-known/openid-configuration and the keys it names from the internet, each within 5 s"

// What to do where STS is not called: without credentials, or with those of an account that is not allowed.
const (
	profileAdvice = "source-profile must be in the AWS configuration files of this machine (aws configure list-profiles)"
	ambientAdvice = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or source-profile, or assume a role with an OIDC token:\n" +
		"on GitHub with the permission id-token: write, on GitLab with id_tokens"
	keysAdvice    = "store AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN again, without the line end"
	accountAdvice = "allowed-account-ids lists the accounts that this job may use; correct it, or role-to-assume"
)

// Hint returns what to do about the error; it may be empty and may have several lines.
func (e *Error) Hint() string {
	answer := hint.Answer{Status: e.Status, Code: e.Code, Message: e.Message, Is: []string{e.Action}}
	dns, isDNS := errors.AsType[*net.DNSError](e.cause)
	for name, holds := range map[string]bool{
		notSent: e.Status == 0 && e.cause != nil && retry.CauseOf(e.cause) == retry.NeverSent, noAnswer: e.Status == 0, unknownHost: e.Status == 0 && isDNS && dns.IsNotFound, clockIsOff: e.clock() != 0, tooLong: durationTooLong(e),
		isThrottled: e.throttled(), noProvider: e.unknownIssuer(), noAudience: e.wrongAudience(), keysNotFound: e.unreadKeys(),
	} {
		if holds {
			answer.Is = append(answer.Is, name)
		}
	}
	values := map[string]string{
		"region": strconv.Quote(e.call.region), "region name": e.call.region, "seconds": strconv.Itoa(int(e.call.duration.Seconds())),
		"role": e.call.role.base(), "caller trust": callerTrust(callerIn(e.Message), e.call.externalID, e.call.tagged), "clock": e.clockHint(), "expiry": e.expiredHint(),
		"claims": e.Claims.String(), "note": subjectNote(e.Claims), "token trust": webIdentityTrust(e.call.role, e.Claims),
		"issuer": e.Claims.Issuer, "issuer root": strings.TrimSuffix(e.Claims.Issuer, "/"), "provider": providerARN(e.call.role, e.Claims),
		"audience": strings.Join(e.Claims.Audience, ", "), "audiences": strings.Join(e.Claims.Audience, " "),
	}
	if isDNS {
		values["host"] = dns.Name
	}
	return advice().Advice(answer, values)
}
