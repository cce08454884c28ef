package artifact

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// S3 says how buckets of S3 and of services like it are reached. The zero value leaves them to the tracking server.
type S3 struct {
	// Config is the configuration with credentials and region; nil: there is no direct way to buckets.
	Config func(context.Context) (aws.Config, error)
	// Proxy chooses the proxy for an address; nil: as Config says.
	Proxy func(*url.URL) (*url.URL, error)
	// Identity is who the credentials stand for, such as the ARN of a role, for messages; may be empty.
	Identity string

	// What follows is MLflow's, each named by its variable.
	Endpoint            string // MLFLOW_S3_ENDPOINT_URL; empty: as Config says
	IgnoreTLS           bool   // MLFLOW_S3_IGNORE_TLS
	UploadExtraArgs     string // MLFLOW_S3_UPLOAD_EXTRA_ARGS, a JSON object
	ExpectedBucketOwner string // MLFLOW_S3_EXPECTED_BUCKET_OWNER, an account ID
	AddressingStyle     string // MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE: path, virtual, or auto, which an empty one means
}

const (
	// parallelFiles hides the latency of requests for small files, which is most of their time.
	parallelFiles = 32
	listAction    = "s3:ListBucket"
	// defaultRegion is where a bucket is looked for first when no region is named, as boto3 does.
	defaultRegion = "us-east-1"
)

// bucket stores artifacts in a bucket of S3.
type bucket struct {
	name    string
	root    string // of the keys, without a slash at its ends; may be empty
	client  atomic.Pointer[s3.Client]
	options S3
	args    uploadArgs
	types   contentTypes
	large   chan struct{} // is taken by the large file that is on its way
}

// bucket takes an s3: location apart as MLflow does.
func (s S3) bucket(location string) (*bucket, error) {
	address := strings.TrimPrefix(location, "s3://")
	address, _, _ = strings.Cut(address, "?")
	address, _, _ = strings.Cut(address, "#")
	name, root, _ := strings.Cut(address, "/")
	if name == "" || strings.ContainsAny(name, "@:") {
		return nil, hint.With(&mlflow.RejectedError{
			Call: "open artifact location", Message: fmt.Sprintf("%q names no bucket", mlflow.RedactURI(location)),
		}, "an artifact location has the form s3://bucket/path, without credentials")
	}
	switch s.AddressingStyle {
	case "", "auto", "path", "virtual":
	default:
		return nil, fmt.Errorf("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE %q is not supported; use auto, path or virtual", s.AddressingStyle)
	}
	args, err := parseUploadArgs(s.UploadExtraArgs)
	if err != nil {
		return nil, err
	}
	return &bucket{
		name: name, root: strings.Trim(root, "/"), options: s, args: args, types: loadContentTypes(),
		large: make(chan struct{}, 1),
	}, nil
}

// errNoCredentials means that there are no credentials for a bucket.
var errNoCredentials = errors.New("no AWS credentials")

// connect loads the configuration and makes sure that there are credentials. It sends nothing to the bucket.
func (b *bucket) connect(ctx context.Context) error {
	config, err := b.options.Config(ctx)
	if err != nil {
		return fmt.Errorf("load the AWS configuration: %w", err)
	}
	if config.Credentials == nil {
		return errNoCredentials
	}
	if _, err := config.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%w: %w", errNoCredentials, err)
	}
	b.client.Store(s3.NewFromConfig(config, func(o *s3.Options) {
		if b.options.Endpoint != "" {
			o.BaseEndpoint = aws.String(b.options.Endpoint)
		}
		if o.Region == "" {
			o.Region = defaultRegion
		}
		style := b.options.AddressingStyle
		o.UsePathStyle = style == "path" || style != "virtual" && o.BaseEndpoint != nil
		o.HTTPClient = b.options.transport(config.HTTPClient)
	}))
	return nil
}

// transport keeps a connection for each file on its way; the SDK's own keeps ten.
func (s S3) transport(configured aws.HTTPClient) aws.HTTPClient {
	client, ok := configured.(*awshttp.BuildableClient)
	switch {
	case configured == nil:
		client = awshttp.NewBuildableClient()
	case !ok:
		return configured
	}
	return client.WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = parallelFiles + partsAtOnce
		t.MaxIdleConns = t.MaxIdleConnsPerHost
		if s.Proxy != nil {
			t.Proxy = func(r *http.Request) (*url.URL, error) { return s.Proxy(r.URL) }
		}
		if s.IgnoreTLS {
			if t.TLSClientConfig == nil {
				t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
			}
			t.TLSClientConfig.InsecureSkipVerify = true
		}
	})
}

// do makes a request, again in the bucket's own region where S3 names another one than ours. An error says what to do.
func (b *bucket) do(ctx context.Context, action string, request func(*s3.Client) error) error {
	client := b.client.Load()
	err := request(client)
	if region := regionIn(err); region != "" && region != client.Options().Region {
		moved := s3.New(client.Options(), func(o *s3.Options) { o.Region = region })
		b.client.Store(moved)
		err = request(moved)
	}
	return b.explain(ctx, action, err)
}

// key returns the key in the bucket for a path of the Repo.
func (b *bucket) key(p string) string { return path.Join(b.root, p) }

func (b *bucket) owner() *string {
	if b.options.ExpectedBucketOwner == "" {
		return nil
	}
	return aws.String(b.options.ExpectedBucketOwner)
}

// List implements Repo.
func (b *bucket) List(ctx context.Context, folder string) ([]Entry, error) {
	var entries []Entry
	err := b.pages(ctx, folder, "/", func(page *s3.ListObjectsV2Output) {
		for _, p := range page.CommonPrefixes {
			entries = append(entries, Entry{Path: b.path(aws.ToString(p.Prefix)), Dir: true})
		}
		for _, o := range page.Contents {
			if !strings.HasSuffix(aws.ToString(o.Key), "/") { // else it marks a folder
				entries = append(entries, Entry{Path: b.path(aws.ToString(o.Key)), Size: aws.ToInt64(o.Size)})
			}
		}
	})
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, err
}

// path returns the path in the Repo for a key.
func (b *bucket) path(key string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(key, b.root), "/"), "/")
}

// pages lists what is below a folder, all levels if there is no delimiter.
func (b *bucket) pages(ctx context.Context, folder, delimiter string, see func(*s3.ListObjectsV2Output)) error {
	in := &s3.ListObjectsV2Input{Bucket: &b.name, ExpectedBucketOwner: b.owner()}
	if prefix := b.key(folder); prefix != "" {
		in.Prefix = aws.String(prefix + "/")
	}
	if delimiter != "" {
		in.Delimiter = &delimiter
	}
	for more := true; more; {
		err := b.do(ctx, listAction, func(client *s3.Client) error {
			page, err := client.ListObjectsV2(ctx, in)
			if err != nil {
				return err
			}
			see(page)
			in.ContinuationToken, more = page.NextContinuationToken, aws.ToBool(page.IsTruncated)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Open implements Repo.
func (b *bucket) Open(ctx context.Context, from string) (io.ReadCloser, error) {
	if err := checkPath(from); err != nil {
		return nil, err
	}
	key := b.key(from)
	var body io.ReadCloser
	err := b.do(ctx, "s3:GetObject", func(client *s3.Client) error {
		out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key, ExpectedBucketOwner: b.owner()})
		if errors.As(err, new(*types.NoSuchKey)) {
			return fmt.Errorf("artifact %q: %w", from, mlflow.ErrNotFound)
		}
		if err == nil {
			body = out.Body
		}
		return err
	})
	return body, err
}
