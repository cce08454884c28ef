// Package awstest is AWS as far as credentials go, in this process: an OIDC issuer that also answers as GitHub's token
// endpoint, and an STS with identity providers, roles and trust policies that verifies what the real one verifies and
// refuses in its words. Both remember what they were asked and each secret that they made, and fail on demand.
//
// It is real in these respects: signatures of tokens (RS256, keys fetched from the issuer by discovery), iss, aud, exp,
// nbf, trust policies in JSON with StringEquals and StringLike on aud, sub and sts:ExternalId, sts:TagSession, durations
// (MaxSessionDuration, one hour for chaining), rules for names, tags and policies, session tokens, the age of signatures.
// It is not in these: signatures of requests (only the key and its session token are looked up), the caller's own
// policies, the packed size of policies, and whether a session policy is one.
//
// The words of the errors are those that people quote from the real service; its shapes are in
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html. Nothing here was compared with AWS itself.
package awstest
