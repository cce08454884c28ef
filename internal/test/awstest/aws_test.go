package awstest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

const role = "arn:aws:iam::123456789012:role/train"

// client signs with the key; one without an id signs nothing.
func client(cloud *awstest.AWS, key awstest.Key) *sts.Client {
	var provider aws.CredentialsProvider = aws.AnonymousCredentials{}
	if key.ID != "" {
		provider = credentials.NewStaticCredentialsProvider(key.ID, key.Secret, key.Token)
	}
	return sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &cloud.STS.URL, Credentials: provider, Retryer: aws.NopRetryer{}})
}

func code(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}

func TestTokensAreVerified(t *testing.T) {
	cloud := awstest.New(t)
	cloud.STS.SetRole(awstest.Role{ARN: role, Trust: cloud.Issuer.Trust(awstest.Account, "repo:octo/*")})
	stranger := awstest.NewIssuer(t)
	token := cloud.Issuer.Mint("sts.amazonaws.com", nil)
	tests := map[string]struct{ token, code string }{
		"good":           {token, ""},
		"no token":       {"word", "InvalidIdentityToken"},
		"tampered":       {token[:len(token)-9] + "AAAAAAAAA", "InvalidIdentityToken"},
		"forged":         {stranger.Mint("sts.amazonaws.com", map[string]any{"iss": cloud.Issuer.URL}), "InvalidIdentityToken"},
		"unknown issuer": {stranger.Mint("sts.amazonaws.com", nil), "InvalidIdentityToken"},
		"audience":       {cloud.Issuer.Mint("sigstore", nil), "InvalidIdentityToken"},
		"expired":        {cloud.Issuer.Mint("sts.amazonaws.com", map[string]any{"exp": time.Now().Add(-time.Second).Unix()}), "ExpiredTokenException"},
		"early":          {cloud.Issuer.Mint("sts.amazonaws.com", map[string]any{"nbf": time.Now().Add(10 * time.Minute).Unix()}), "InvalidIdentityToken"},
		"subject":        {cloud.Issuer.Mint("sts.amazonaws.com", map[string]any{"sub": "repo:other/train"}), "AccessDenied"},
	}
	for name, test := range tests {
		_, err := client(cloud, awstest.Key{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String(role), RoleSessionName: aws.String("test"), WebIdentityToken: &test.token,
		})
		if code(err) != test.code || (test.code == "") != (err == nil) {
			t.Errorf("%s: %v, want %q", name, err, test.code)
		}
	}
}

func TestKeysAreLookedUp(t *testing.T) {
	cloud := awstest.New(t)
	user := cloud.STS.AddUser(awstest.Account, "me")
	cloud.STS.SetRole(awstest.Role{ARN: role, Trust: awstest.TrustAccount(awstest.Account)})
	cloud.STS.SetLife(time.Second)
	out, err := client(cloud, user).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("test")})
	if err != nil {
		t.Fatal(err)
	}
	session, _ := cloud.STS.Lookup(*out.Credentials.AccessKeyId)
	broken := session
	broken.Token = "other"
	ask := func(key awstest.Key) string {
		out, err := client(cloud, key).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil {
			return code(err)
		}
		return *out.Arn
	}
	if got := ask(session); got != "arn:aws:sts::123456789012:assumed-role/train/test" {
		t.Errorf("is %s", got)
	}
	if got := ask(broken); got != "InvalidClientTokenId" {
		t.Errorf("with another session token: %s", got)
	}
	if got := ask(awstest.Key{}); got != "MissingAuthenticationToken" {
		t.Errorf("without a signature: %s", got)
	}
	cloud.STS.SetClock(2 * time.Second)
	if got := ask(session); got != "ExpiredToken" {
		t.Errorf("after its end: %s", got)
	}
	for _, secret := range []string{user.Secret, session.Secret, session.Token} {
		if !strings.Contains(strings.Join(cloud.Secrets(), " "), secret) {
			t.Errorf("the secret %s is not in the list", secret)
		}
	}
}

func TestTrustPolicies(t *testing.T) {
	cloud := awstest.New(t)
	user := cloud.STS.AddUser(awstest.Account, "me")
	const allow = `{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}`
	tests := map[string]struct{ trust, code string }{
		"document":          {`{"Version": "2012-10-17", "Statement": [` + allow + `}]}`, ""},
		"statement":         {allow + `}`, ""},
		"none":              {"", "AccessDenied"},
		"other action":      {`{"Effect": "Allow", "Action": "sts:TagSession", "Principal": {"AWS": "*"}}`, "AccessDenied"},
		"denied":            {`{"Statement": [` + allow + `}, {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}`, "AccessDenied"},
		"condition":         {allow + `, "Condition": {"StringEquals": {"sts:ExternalId": "e"}}}`, ""},
		"other value":       {allow + `, "Condition": {"StringEquals": {"sts:ExternalId": "f"}}}`, "AccessDenied"},
		"pattern":           {allow + `, "Condition": {"StringLike": {"sts:ExternalId": ["x*", "?"]}}}`, ""},
		"no pattern":        {allow + `, "Condition": {"StringEquals": {"sts:ExternalId": "?"}}}`, "AccessDenied"},
		"literal":           {allow + `, "Condition": {"StringLike": {"sts:ExternalId": "${?}"}}}`, "AccessDenied"},
		"unknown condition": {allow + `, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}`, "AccessDenied"},
	}
	for name, test := range tests {
		cloud.STS.SetRole(awstest.Role{ARN: role, Trust: test.trust})
		_, err := client(cloud, user).AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: aws.String(role), RoleSessionName: aws.String("test"), ExternalId: aws.String("e"),
		})
		if code(err) != test.code || (test.code == "") != (err == nil) {
			t.Errorf("%s: %v, want %q", name, err, test.code)
		}
	}
}
