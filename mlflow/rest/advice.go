package rest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// Circumstances of a request that select a row of the advice.
const (
	isSignedFor   = "signed"           // with AWS Signature Version 4
	isUnsigned    = "unsigned"         // without it
	isKnown       = "with credentials" // of any kind
	isForeign     = "not MLflow"       // the answer is not in MLflow's format
	isElsewhere   = "elsewhere"        // the request went to another origin, without our credentials
	isMoved       = "moved"            // redirected to where a tracking server may be
	isUntrusted   = string(retry.Untrusted)
	isTLSRejected = string(retry.TLSRejected)
	isNotTLS      = string(retry.NotTLS)
	isByProxy     = string(retry.ByProxy)
)

// advice is what to do about error answers of tracking servers, and of proxies before them. The messages about signatures are
// those of API Gateway (https://repost.aws/knowledge-center/api-gateway-iam-sigv4-mismatch).
func advice() hint.Table {
	return hint.Table{
		{If: isUntrusted, Advice: "set MLFLOW_TRACKING_SERVER_CERT_PATH to the certificate of the server's authority " +
			"(MLFLOW_TRACKING_INSECURE_TLS=true turns the check off)"},
		{If: isTLSRejected, Words: "certificate", Advice: "set MLFLOW_TRACKING_CLIENT_CERT_PATH to a PEM file with certificate and key that the server accepts"},
		{If: isTLSRejected, Advice: "the server and this program have no version or method of TLS in common, or the address is that of another service"},
		{If: isByProxy, Words: http.StatusText(http.StatusProxyAuthRequired), Advice: "the proxy wants a user and a password: HTTPS_PROXY=http://user:password@host:port"},
		{If: isByProxy, Advice: "let the proxy connect to the server, or name the server in NO_PROXY"},
		{If: isElsewhere, Status: http.StatusUnauthorized, Advice: elsewhereFix},
		{If: isElsewhere, Status: http.StatusForbidden, Advice: elsewhereFix},
		{If: isNotTLS, Words: "server gave HTTP response to HTTPS client", Advice: "the server uses plain HTTP at this address: use http:// in the tracking URI"},
		{Words: serverDisabled, Advice: "start the server with --serve-artifacts and without --artifacts-only"},
		{If: isForeign, Status: 2, Advice: "something other than MLflow answered: check the tracking URI {uri} and what is in front of the server, such as a login page"},
		{If: isUnsigned, Status: http.StatusForbidden, Words: "Missing Authentication Token", Advice: "this server requires signed requests: " +
			"set MLFLOW_TRACKING_AWS_SIGV4=true and provide AWS credentials, for example with role-to-assume"},
		{If: isSignedFor, Status: http.StatusForbidden, Words: "Missing Authentication Token", Advice: "API Gateway has no such path: " +
			"check the tracking URI, which must contain the stage"},
		{If: isSignedFor, Status: http.StatusForbidden, Words: "Signature expired|Signature not yet current|RequestTimeTooSkewed", Advice: "{clock}"},
		{If: isSignedFor, Status: http.StatusForbidden, Words: "security token included in the request is expired", Advice: "the AWS " +
			"credentials have expired: use role-to-assume, which renews them"},
		{If: isSignedFor, Status: http.StatusForbidden, Words: "security token included in the request is invalid|UnrecognizedClient", Advice: "AWS " +
			"does not know the access key: check the credentials, and that they are of the same partition as the server"},
		{If: isSignedFor, Status: http.StatusForbidden, Words: "signature we calculated does not match", Advice: "check the secret access key, " +
			"and that nothing between this machine and AWS changes requests (signed for service {service} in {region})"},
		{If: isSignedFor, Status: http.StatusForbidden, Words: "Credential should be scoped", Advice: "the request was signed for service {service} " +
			"in {region}: set aws-region to the region of the server"},
		{If: isSignedFor, Status: http.StatusForbidden, Words: "is not authorized to perform", Advice: "give the role the permission that AWS names, " +
			"and check that no session policy removes it"},
		{If: isMoved, Status: 3, Advice: "the server redirects to {location}: use that address as the tracking URI"},
		{Status: 3, Advice: "the server redirects to {location}: check the tracking URI {uri} and what is in front of the server, such as a login page"},
		{Status: http.StatusProxyAuthRequired, Advice: "the proxy wants a user and a password: HTTP_PROXY=http://user:password@host:port"},
		{If: isKnown, Status: http.StatusUnauthorized, Advice: "the server rejected the credentials: check {credentials}"},
		{Status: http.StatusUnauthorized, Advice: "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"},
		{Status: http.StatusForbidden, Words: "Invalid Host header", Advice: "start the server with --allowed-hosts {host}, or use localhost " +
			"or a private IP address"},
		{Status: http.StatusForbidden, Advice: "the account has no permission for this: grant it on the server, or use another account"},
		{If: isForeign, Status: http.StatusNotFound, Advice: "there is no MLflow at this address: check the tracking URI {uri}, which must contain the path prefix, if there is one"},
		{Code: featureDisabled, Advice: "the server has no workspaces: unset MLFLOW_WORKSPACE, or start it with --enable-workspaces"},
		{Words: "HTTP request to an HTTPS server", Advice: "the server uses TLS at this address: use https:// in the tracking URI"},
	}
}

const (
	elsewhereFix = "credentials are sent to {uri} only, and this address is another one: let the tracking server serve its artifacts itself (--serve-artifacts)"
	// serverDisabled is in the message of a server that does not serve artifacts, or only those.
	serverDisabled = "disabled due to the mlflow server running"
	// featureDisabled is the error_code of a server without workspaces.
	featureDisabled = "FEATURE_DISABLED"
)

// advise adds what to do about an answer of our server.
func (c *Client) advise(call Call, resp *http.Response, rejected *mlflow.RejectedError, foreign bool) error {
	if call.Foreign {
		return rejected
	}
	location, moved := c.newAddress(resp)
	answer := hint.Answer{Status: rejected.Status, Code: rejected.Code, Message: rejected.Code + " " + rejected.Message}
	add := func(name string, holds bool) {
		if holds {
			answer.Is = append(answer.Is, name)
		}
	}
	add(isForeign, foreign)
	add(isMoved, moved)
	add(isElsewhere, c.isElsewhere(call))
	add(isKnown, c.signedIn != "")
	add(isSignedFor, c.sign.Credentials != nil)
	add(isUnsigned, c.sign.Credentials == nil)
	return hint.With(rejected, advice().Advice(answer, map[string]string{
		"uri": strconv.Quote(c.display), "location": strconv.Quote(location), "host": call.URL.Host,
		"credentials": c.signedIn, "service": c.sign.Service, "region": c.sign.Region, "clock": c.sign.clockFix(resp),
	}))
}

// newAddress returns where a redirect points, for a person: as a tracking URI, and true, where the path of the request is kept.
func (c *Client) newAddress(resp *http.Response) (string, bool) {
	to, err := resp.Location()
	if err != nil {
		return mlflow.RedactURI(resp.Header.Get("Location")), false
	}
	to.User, to.RawQuery, to.Fragment = nil, "", ""
	for _, path := range []string{api, artifactService} {
		if before, _, found := strings.Cut(to.Path, path); found {
			to.Path, to.RawPath = before, ""
			return to.String(), true
		}
	}
	return to.String(), false
}
