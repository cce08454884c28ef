// Package awsauth gets the credentials of an AWS role without stored keys, renews them as long as a job runs, and
// serves them to the training step from a loopback endpoint that every AWS SDK supports.
//
// The names of the settings and their meaning are those of
// https://github.com/aws-actions/configure-aws-credentials. The hint of an error of STS shows the claims of the token and a
// trust policy that would accept them. Secrets never appear in an error, and nothing is printed here.
//
// # Retries
//
// Requests to STS and GitHub are retried, with a new token each time, after throttling, a status from 500 on, a network
// error, an issuer that AWS could not reach, and clocks that differ by less than 5 minutes; once after an expired
// token, and after keys that STS does not know, for which others are looked up. An attempt ends after 10 s, and there are at most 8 within the context. Permanent errors are not
// retried.
//
// # Errors
//
// An error answer of STS is an *Error. It, and all others of this package that know what to do, have a method Hint. Without a
// role and without allowed accounts STS is never called.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
package awsauth
