// Package awsauth gets the credentials of an AWS role without stored keys, keeps them fresh as long as a job lives, and
// hands them to the training step over a loopback endpoint that every AWS SDK knows.
//
// The names of the settings and their meaning are those of
// https://github.com/aws-actions/configure-aws-credentials. Errors of STS are told with the claims of the token and a
// trust policy that would accept them. Secrets never appear in an error, and nothing is printed here.
//
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
package awsauth
