package awsauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"
)

// issuer gets credentials of the role from STS. It is safe for concurrent use.
type issuer struct {
	opts   Options
	role   role
	policy string     // compact
	config aws.Config // with the region, and the ambient credentials
	keys   *existing  // the ambient credentials
	client *sts.Client
	pace   pace

	mu        sync.Mutex
	caller    string        // ARN of the ambient credentials; empty: unknown yet
	skew      time.Duration // how far this machine's clock is ahead of that of STS
	fewerTags bool          // all session tags are too large together
}

// newIssuer checks the options and loads the SDK's configuration; it sends nothing.
func newIssuer(ctx context.Context, opts Options) (*issuer, error) {
	if err := opts.Check(); err != nil {
		return nil, err
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Secret == nil {
		opts.Secret = func(string) {}
	}
	i := &issuer{opts: opts, pace: stsPace()}
	if opts.Role.ARN != "" {
		i.role, _ = parseRole(opts.Role.ARN) // was checked
	}
	if opts.Role.Policy != "" {
		i.policy, _ = compactPolicy(opts.Role.Policy)
	}
	sources := opts.Client.options(opts.Region, opts.Profile)
	if i.withToken() { // existing credentials are not needed, so the SDK must not search for them
		sources = append(sources, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	cfg, err := config.LoadDefaultConfig(ctx, sources...)
	var missing config.SharedConfigProfileNotExistError
	if errors.As(err, &missing) && i.withToken() && opts.Profile == "" {
		// AWS_PROFILE names a profile that does not exist, but with a token none is needed.
		cfg, err = opts.Client.bare(opts.Region), nil
	}
	if err != nil {
		return nil, notLoaded(err)
	}
	if cfg.Region == "" {
		cfg.Region = i.role.region()
	}
	if err := i.role.matches(cfg.Region); err != nil {
		return nil, err
	}
	i.keys = &existing{found: cfg.Credentials, load: func(ctx context.Context) (aws.Config, error) {
		return config.LoadDefaultConfig(ctx, sources...)
	}}
	if !i.withToken() {
		cfg.Credentials = i.keys
	}
	i.config = cfg
	i.client = sts.NewFromConfig(cfg, func(o *sts.Options) {
		o.Retryer = aws.NopRetryer{} // pace.try repeats, with a fresh token each time
		o.HTTPClient = staying(o.HTTPClient)
		if opts.STSEndpoint != "" {
			o.BaseEndpoint = aws.String(opts.STSEndpoint)
		}
	})
	return i, nil
}

func (i *issuer) withToken() bool { return i.opts.Role.ARN != "" && i.opts.Tokens != nil }

// issue gets credentials that are valid for duration; it retries temporary errors within ctx. Without a role they are the
// ambient ones, and duration is ignored.
func (i *issuer) issue(ctx context.Context, duration time.Duration) (aws.Credentials, Identity, error) {
	var creds aws.Credentials
	var who Identity
	var err error
	switch {
	case i.opts.Role.ARN == "":
		creds, who, err = i.ambient(ctx)
	case i.withToken():
		creds, who, err = i.webIdentity(ctx, duration)
	default:
		creds, who, err = i.assume(ctx, duration)
	}
	if err == nil && !i.opts.allows(who.Account) {
		err = i.opts.notAllowed(who)
	}
	if err != nil {
		return aws.Credentials{}, Identity{}, err
	}
	who.Region = i.config.Region
	who.Expires = creds.Expires
	return creds, who, nil
}

// webIdentity assumes the role with a token. It sends neither session tags nor an external id: tags come from the token.
func (i *issuer) webIdentity(ctx context.Context, duration time.Duration) (aws.Credentials, Identity, error) {
	r := i.opts.Role
	call := call{action: "AssumeRoleWithWebIdentity", role: i.role, arn: r.ARN, duration: duration, region: i.config.Region}
	var out *sts.AssumeRoleWithWebIdentityOutput
	err := i.try(ctx, func(ctx context.Context) error {
		token, err := i.opts.Tokens.Token(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", call, err)
		}
		i.opts.Secret(token)
		if call.claims, err = ParseClaims(token); err != nil {
			return fmt.Errorf("%s: %w", call, err)
		}
		call.token = token
		out, err = i.client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
			RoleArn:          aws.String(r.ARN),
			RoleSessionName:  aws.String(i.sessionName()),
			WebIdentityToken: aws.String(token),
			DurationSeconds:  seconds(duration),
			Policy:           optional(i.policy),
			PolicyArns:       policyARNs(r.PolicyARNs),
		})
		return i.explain(call, err)
	})
	if err != nil {
		return aws.Credentials{}, Identity{}, err
	}
	return i.credentials(out.Credentials, out.AssumedRoleUser, out.ResultMetadata)
}

// assume assumes the role with the ambient credentials, or those of the profile.
func (i *issuer) assume(ctx context.Context, duration time.Duration) (aws.Credentials, Identity, error) {
	r := i.opts.Role
	named, err := i.complete(ctx)
	if err != nil {
		return aws.Credentials{}, Identity{}, err
	}
	if _, err := i.retrieve(ctx); err != nil { // here, since it may take longer than one attempt
		return aws.Credentials{}, Identity{}, err
	}
	call := call{action: "AssumeRole", role: named, arn: named.String(), duration: duration, region: i.config.Region, externalID: r.ExternalID}
	var out *sts.AssumeRoleOutput
	err = i.try(ctx, func(ctx context.Context) error {
		tags, transitive := r.Tags.toSend(i.sendsFewerTags())
		call.tagged = len(tags) > 0
		var err error
		out, err = i.client.AssumeRole(ctx, &sts.AssumeRoleInput{
			RoleArn:           aws.String(call.arn),
			RoleSessionName:   aws.String(i.sessionName()),
			DurationSeconds:   seconds(duration),
			ExternalId:        optional(r.ExternalID),
			Policy:            optional(i.policy),
			PolicyArns:        policyARNs(r.PolicyARNs),
			Tags:              tags,
			TransitiveTagKeys: transitive,
		})
		err = i.explain(call, err)
		if tooManyTags(err) && r.Tags.droppable() && i.sendFewerTags() {
			return i.again(err)
		}
		return err
	})
	if err != nil {
		return aws.Credentials{}, Identity{}, err
	}
	return i.credentials(out.Credentials, out.AssumedRoleUser, out.ResultMetadata)
}

// ambient returns existing AWS credentials. sts:GetCallerIdentity is called only if the accounts are restricted: STS does
// not know the keys of other services, such as MinIO.
func (i *issuer) ambient(ctx context.Context) (aws.Credentials, Identity, error) {
	creds, err := i.retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, Identity{}, err
	}
	who := Identity{Account: creds.AccountID}
	if len(i.opts.AllowedAccounts) > 0 {
		arn, err := i.callerARN(ctx)
		if err != nil {
			return aws.Credentials{}, Identity{}, err
		}
		who = Identity{ARN: arn, Account: accountOf(arn)}
	}
	return creds, who, nil
}

// retrieve returns the ambient credentials.
func (i *issuer) retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := i.keys.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, noAmbient(i.opts.Profile, err)
	}
	i.tell(creds)
	if err := sendable(creds); err != nil {
		return aws.Credentials{}, noAmbient(i.opts.Profile, err)
	}
	return creds, nil
}

// complete adds the account of the ambient credentials to a role that is configured by name.
func (i *issuer) complete(ctx context.Context) (role, error) {
	if i.role.partition != "" {
		return i.role, nil
	}
	caller, err := i.callerARN(ctx)
	if err != nil {
		return role{}, fmt.Errorf("find the account of the role %q: %w", i.role.name, err)
	}
	named := role{partition: strings.Split(caller, ":")[1], account: accountOf(caller), name: i.role.name}
	if !i.opts.allows(named.account) {
		return role{}, i.opts.notAllowed(Identity{ARN: caller, Account: named.account})
	}
	return named, named.matches(i.config.Region)
}

// callerARN returns the ARN of the ambient credentials. It calls sts:GetCallerIdentity once.
func (i *issuer) callerARN(ctx context.Context) (string, error) {
	i.mu.Lock()
	known := i.caller
	i.mu.Unlock()
	if known != "" {
		return known, nil
	}
	if _, err := i.retrieve(ctx); err != nil {
		return "", err
	}
	call := call{action: "GetCallerIdentity", region: i.config.Region}
	var out *sts.GetCallerIdentityOutput
	err := i.try(ctx, func(ctx context.Context) error {
		var err error
		out, err = i.client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		return i.explain(call, err)
	})
	if err != nil {
		return "", err
	}
	i.measure(out.ResultMetadata)
	caller := aws.ToString(out.Arn)
	if accountOf(caller) == "" {
		return "", fmt.Errorf("sts:GetCallerIdentity: the answer contains no ARN of an account")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.caller = caller
	return caller, nil
}

// try repeats a call at the issuer's pace and notes in its error how often. After keys that STS does not know, or no longer, it
// looks for others first.
func (i *issuer) try(ctx context.Context, once func(context.Context) error) error {
	attempts, err := i.pace.try(ctx, func(ctx context.Context) error {
		err := once(ctx)
		if e, ok := errors.AsType[*Error](err); ok && e.staleKeys() {
			i.keys.renounce()
		}
		return err
	})
	if e, ok := errors.AsType[*Error](err); ok {
		e.Attempts = attempts
	}
	return err
}

// credentials returns what STS issued.
func (i *issuer) credentials(issued *types.Credentials, user *types.AssumedRoleUser, answer middleware.Metadata) (
	aws.Credentials, Identity, error,
) {
	if issued == nil || aws.ToString(issued.AccessKeyId) == "" || aws.ToString(issued.SecretAccessKey) == "" {
		return aws.Credentials{}, Identity{}, errors.New("assume the role: STS answered without credentials")
	}
	i.measure(answer)
	creds := aws.Credentials{
		AccessKeyID:     aws.ToString(issued.AccessKeyId),
		SecretAccessKey: aws.ToString(issued.SecretAccessKey),
		SessionToken:    aws.ToString(issued.SessionToken),
		Source:          "mlops-track",
		CanExpire:       issued.Expiration != nil,
	}
	if creds.CanExpire { // by this machine's clock, which the readers use
		creds.Expires = issued.Expiration.Add(i.clockSkew())
	}
	i.tell(creds)
	var who Identity
	if user != nil {
		who.ARN = aws.ToString(user.Arn)
		who.Account = accountOf(who.ARN)
		creds.AccountID = who.Account
	}
	return creds, who, nil
}

// measure records how far this machine's clock is ahead of that of STS.
func (i *issuer) measure(answer middleware.Metadata) {
	server, ok := awsmiddleware.GetServerTime(answer)
	if !ok {
		return
	}
	skew := i.opts.Now().Sub(server).Truncate(time.Second)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.skew = skew
}

// clockSkew returns what was measured; a small difference, which may be the time of the answer on its way, is 0.
func (i *issuer) clockSkew() time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.skew.Abs() < 15*time.Second {
		return 0
	}
	return i.skew
}

func (i *issuer) tell(creds aws.Credentials) {
	for _, secret := range []string{creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken} {
		if secret != "" {
			i.opts.Secret(secret)
		}
	}
}

func (i *issuer) sessionName() string {
	if i.opts.Role.SessionName == "" {
		return defaultSessionName
	}
	return i.opts.Role.SessionName
}

func seconds(d time.Duration) *int32 {
	if d == 0 {
		return nil // STS then uses an hour
	}
	return aws.Int32(int32(d / time.Second))
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func policyARNs(arns []string) []types.PolicyDescriptorType {
	var out []types.PolicyDescriptorType
	for _, arn := range arns {
		out = append(out, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return out
}
