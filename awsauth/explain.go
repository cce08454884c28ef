package awsauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// call is one call of STS, for its error.
type call struct {
	action     string // AssumeRole, ...
	role       role
	arn        string // of the role; empty: none
	duration   time.Duration
	region     string
	externalID string
	tagged     bool
	token      string // must not appear in an error
	claims     Claims // of the token
}

// String describes the call.
func (c call) String() string {
	switch c.action {
	case "AssumeRoleWithWebIdentity":
		return fmt.Sprintf("assume the role %q with an OIDC token", c.arn)
	case "AssumeRole":
		return fmt.Sprintf("assume the role %q", c.arn)
	default:
		return "sts:GetCallerIdentity"
	}
}

// Error is why STS issued no credentials. Its text contains the message of STS, and never the token.
type Error struct {
	Action    string // AssumeRoleWithWebIdentity, AssumeRole or GetCallerIdentity
	Code      string // of STS, as AccessDenied; empty: it sent none
	Message   string // of STS, or what happened instead of an answer
	RequestID string // for AWS's support; may be empty
	Status    int    // of HTTP; 0: no answer
	Attempts  int
	Claims    Claims // of the token; zero without one

	call  call
	again bool // the next attempt asks for less
	cause error
	here  time.Time // by this machine's clock
	there time.Time // by that of STS; zero: unknown
}

func (e *Error) Error() string {
	text := e.call.String() + ": "
	if e.Code != "" {
		text += e.Code + ": "
	}
	text += e.Message
	var notes []string
	if e.RequestID != "" {
		notes = append(notes, "request "+e.RequestID)
	}
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	return text
}

// Unwrap returns the error of the transport; an answer of STS wraps nothing that may be shown.
func (e *Error) Unwrap() error { return e.cause }

// explain turns the SDK's error into an Error; nil stays nil.
func (i *issuer) explain(c call, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Action: c.action, Attempts: 1, Claims: c.claims, call: c, here: i.opts.Now()}
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok && answer.HTTPStatusCode() != 0 {
		e.Status = answer.HTTPStatusCode()
		e.RequestID = answer.ServiceRequestID()
		e.there, _ = http.ParseTime(answer.Response.Header.Get("Date")) // zero where it says none
	}
	refused, isRefused := errors.AsType[smithy.APIError](err)
	transport, isTransport := errors.AsType[*url.Error](err)
	switch {
	case isRefused:
		e.Code, e.Message = refused.ErrorCode(), scrub(refused.ErrorMessage(), c.token)
	case e.Status != 0:
		e.Message = fmt.Sprintf("status %d without a message", e.Status)
	case errors.Is(err, context.DeadlineExceeded):
		e.Message, e.cause = fmt.Sprintf("no answer within %s", i.pace.timeout), context.DeadlineExceeded
	case isTransport:
		e.Message, e.cause = transport.Err.Error(), transport.Err
	default:
		e.Message, e.cause = scrub(err.Error(), c.token), err
	}
	return e
}

// anyToken matches what looks like a JSON Web Token, or the beginning of one that was cut.
var anyToken = regexp.MustCompile(`eyJ[\w-]{8,}(\.[\w-]*){0,2}`)

// scrub makes a message of STS fit for a log: STS quotes invalid values, the token among them.
func scrub(text, token string) string {
	if token != "" {
		text = strings.ReplaceAll(text, token, "***")
	}
	return oneLine(anyToken.ReplaceAllString(text, "***"))
}

// retryKind says whether a retry of the same call may help.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors
func (e *Error) retryKind() retryKind {
	switch {
	case e.Status == 0:
		return retryKindOfTransport(e.cause)
	case e.throttled(), e.Code == "IDPCommunicationError", e.unreadKeys():
		return temporary
	case e.again:
		return temporary
	case e.Code == "ExpiredTokenException", e.staleKeys():
		return retryOnce // a fresh token, or fresh keys, may be better ones
	case e.clock() != 0:
		if e.clock().Abs() <= maxSkew {
			return temporary
		}
		return permanent
	default:
		return retryKindOfStatus(e.Status)
	}
}

// maxSkew is what AWS allows between two clocks.
const maxSkew = 5 * time.Minute

func (e *Error) throttled() bool {
	return strings.HasPrefix(e.Code, "Throttl") || e.Code == "RequestLimitExceeded" || e.Code == "TooManyRequestsException"
}

// says reports whether the message of STS contains these words, in any case.
func (e *Error) says(words string) bool {
	return strings.Contains(strings.ToLower(e.Message), strings.ToLower(words))
}

// staleKeys reports whether the keys that signed the request are not known, or no longer: those that were issued a moment ago are
// not known everywhere yet, and those of a file may have been replaced.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
func (e *Error) staleKeys() bool {
	switch e.Code {
	case "InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken":
		return e.call.action != withToken
	}
	return false
}

// unreadKeys reports whether STS could not fetch the issuer's keys.
func (e *Error) unreadKeys() bool {
	return e.Code == "InvalidIdentityToken" && e.says("retrieve verification key")
}

func (e *Error) unknownIssuer() bool {
	return e.Code == "InvalidIdentityToken" && e.says("No OpenIDConnect provider found")
}

func (e *Error) wrongAudience() bool {
	return e.Code == "InvalidIdentityToken" && e.says("audience")
}

// durationTooLong reports whether a shorter duration would be granted: the role's own maximum, or one hour where one role
// assumes another.
func durationTooLong(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == "ValidationError" && e.says("DurationSeconds exceeds")
}

// signedOff reports whether STS rejected the time of the signature.
func (e *Error) signedOff() bool {
	switch e.Code {
	case "SignatureDoesNotMatch", "InvalidSignatureException":
		return e.says("Signature expired") || e.says("Signature not yet current")
	case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		return true
	}
	return false
}

// clock returns how far the clock that stamped the request is ahead of that of STS, if that is why STS rejected it, else 0.
// A signature is stamped by this machine, a token by its issuer.
func (e *Error) clock() time.Duration {
	switch {
	case e.there.IsZero():
		return 0
	case e.signedOff():
		return e.here.Sub(e.there).Truncate(time.Second)
	case e.Code != "InvalidIdentityToken" || e.unreadKeys() || e.unknownIssuer() || e.wrongAudience():
		return 0
	}
	ahead := e.Claims.NotBefore.Sub(e.there)
	if e.Claims.IssuedAt.After(e.Claims.NotBefore) {
		ahead = e.Claims.IssuedAt.Sub(e.there)
	}
	if ahead < 2*time.Second { // the header Date has whole seconds
		return 0
	}
	return ahead
}
