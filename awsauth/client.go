package awsauth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/middleware"
)

// Client is how AWS is reached, and what is said there about who asks. The zero value is the SDK's own.
type Client struct {
	Version string // of mlops-track
	RunID   string // of the pipeline run, so that CloudTrail leads to it; empty: none
	Attempt int    // of the pipeline run, from 1; 0: unknown

	// Proxy returns the proxy for a URL, nil for none. A nil Proxy is that of the process environment.
	Proxy func(*url.URL) (*url.URL, error)
}

// options are those that every configuration of the SDK gets.
func (c Client) options(region, profile string) []func(*config.LoadOptions) error {
	options := []func(*config.LoadOptions) error{
		config.WithRegion(region), config.WithSharedConfigProfile(profile), config.WithAPIOptions(c.userAgent()),
	}
	if c.Proxy == nil {
		return options
	}
	return append(options, config.WithHTTPClient(c.http()))
}

// bare is a configuration without the user's files and without credentials.
func (c Client) bare(region string) aws.Config {
	return aws.Config{Region: region, Credentials: aws.AnonymousCredentials{}, APIOptions: c.userAgent(), HTTPClient: c.http()}
}

// http returns the SDK's own HTTP client, with our proxy.
func (c Client) http() *awshttp.BuildableClient {
	if c.Proxy == nil {
		return awshttp.NewBuildableClient()
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			if onMachine(r.URL.Hostname()) {
				return nil, nil //nolint:nilnil // no proxy
			}
			return c.Proxy(r.URL)
		}
	})
}

// onMachine reports whether a host is the machine itself or one of AWS's services on it, such as 169.254.169.254, which give
// away the credentials of the machine.
func onMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	metadata := []string{"fd00:ec2::254", "fd00:ec2::23"} // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip != nil && slices.Contains(metadata, ip.String())
}

// runIDPattern is what may be in the user agent beside our name. Others leave it out, because they could say something else.
var runIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// userAgent adds our name and the run to what the SDK says of itself, in its form for metadata, as the standard action does:
// mlops-track/1.2.3 md/run_id#42 md/attempt#1.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/user-agent.html
func (c Client) userAgent() []func(*middleware.Stack) error {
	version := c.Version
	if version == "" {
		version = "dev"
	}
	add := []func(*middleware.Stack) error{awsmiddleware.AddUserAgentKeyValue("mlops-track", version)}
	if runIDPattern.MatchString(c.RunID) {
		add = append(add, awsmiddleware.AddSDKAgentKeyValue(awsmiddleware.AdditionalMetadata, "run_id", c.RunID))
	}
	if c.Attempt > 0 {
		add = append(add, awsmiddleware.AddSDKAgentKeyValue(awsmiddleware.AdditionalMetadata, "attempt", fmt.Sprint(c.Attempt)))
	}
	return add
}

// existing are the existing AWS credentials, where the SDK finds them. After renounce they are looked up anew: another program
// may have replaced keys in a file, which the SDK reads once.
type existing struct {
	load func(context.Context) (aws.Config, error)

	mu    sync.Mutex
	found aws.CredentialsProvider // nil: to be looked up
}

// Retrieve implements aws.CredentialsProvider.
func (e *existing) Retrieve(ctx context.Context) (aws.Credentials, error) {
	e.mu.Lock()
	found := e.found
	e.mu.Unlock()
	if found == nil {
		cfg, err := e.load(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		if found = cfg.Credentials; found == nil {
			return aws.Credentials{}, errors.New("none are configured")
		}
		e.mu.Lock()
		e.found = found
		e.mu.Unlock()
	}
	return found.Retrieve(ctx)
}

// renounce forgets credentials that STS does not take.
func (e *existing) renounce() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.found = nil
}
