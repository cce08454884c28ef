package awsauth

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Role says which role to assume and how.
type Role struct {
	ARN         string        // or the name of a role in the account of the ambient credentials
	SessionName string        // 2 to 64 characters of [\w+=,.@-]; empty: mlops-track
	Duration    time.Duration // 15 minutes to 12 hours; 0: one hour
	Chained     bool          // the ambient credentials are a role's, so one hour is the maximum
	ExternalID  string        // AssumeRole only: never sent with a token
	Policy      string        // session policy, JSON; empty: none
	PolicyARNs  []string      // managed session policies, at most 10
	Tags        SessionTags   // AssumeRole only: never sent with a token
}

// Options say how to get credentials. Without a role they are the ambient ones, or those of the profile.
type Options struct {
	Role            Role                       // an empty ARN: none
	Tokens          TokenSource                // nil: AssumeRole with the ambient credentials
	Profile         string                     // of the AWS configuration files; empty: the default chain of the SDK
	Client          Client                     // how AWS is reached
	Region          string                     // empty: that of the configuration, else the first one of the role's partition
	STSEndpoint     string                     // empty: the regional endpoint
	AllowedAccounts []string                   // account ids, 12 digits; empty: any
	Last            time.Time                  // when tokens stop being issued (about 6 h into a GitHub job); zero: never
	Secret          func(string)               // called with each secret as soon as it is known, before anything can print it; may be nil
	Warn            func(message, hint string) // called when a renewal fails, once for each outage, and when tags are left out; may be nil
	Now             func() time.Time           // nil: time.Now
}

// Identity is that of sts:GetCallerIdentity, with region and expiry of the credentials.
type Identity struct {
	ARN     string // arn:aws:sts::123456789012:assumed-role/train/GitHubActions
	Account string // 12 digits
	Region  string
	Expires time.Time // of the current credentials, by this machine's clock; zero: never
}

// Credentials are kept fresh by Start.
var _ aws.CredentialsProvider = (*Session)(nil)
