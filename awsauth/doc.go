// Package awsauth gets the credentials of an AWS role without stored keys, keeps them fresh as long as a job lives, and
// hands them to the training step over a loopback endpoint that every AWS SDK knows.
//
// The names of the settings and their meaning are those of
// https://github.com/aws-actions/configure-aws-credentials. Errors of STS are told with the claims of the token and a
// trust policy that would accept them. Secrets never appear in an error, and nothing is printed here.
//
// # Retries
//
// STS and GitHub are asked again, with a fresh token each time, after throttling, a status from 500 on, a network that
// failed, an issuer that AWS could not reach, and clocks that differ by less than 5 minutes; once more after a token that had
// ended. An attempt ends after 10 s, and there are 8 of them as long as the context lasts. What STS refuses for good is
// asked once.
//
// # Errors
//
// What STS said is an *Error. It, and all others of this package that know what to do, have a method Hint. Without a role
// and without allowed accounts STS is never asked.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
package awsauth
