package testenv

import (
	"cmp"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 is a running S3 service, and its owner's keys.
type S3 struct {
	URL, Region          string
	AccessKey, SecretKey string
	RoleARN              string // of the role that a token of the issuer may assume; empty without an issuer
}

// S3Options change how a service is started. The zero value is the usual one.
type S3Options struct {
	Region string // empty: us-east-1

	// Issuer is the URL of an OpenID Connect issuer, Audience what its tokens must be for (empty: sts.amazonaws.com), and
	// RolePolicy the policy of the role that they may assume (empty: readwrite). MinIO only; it checks neither issuer nor
	// subject of a token, and has error codes of its own.
	Issuer, Audience, RolePolicy string

	// Accounts is the folder with the users.json of further accounts, which is read anew for each request. Versity only.
	Accounts string
}

// MinIO returns a MinIO server that all tests of the process share.
func MinIO(t testing.TB) S3 {
	t.Helper()
	return sharedS3(t, &minio, StartMinIO)
}

// Versity returns a versitygw server that all tests of the process share. It starts faster than MinIO, and has no STS.
func Versity(t testing.TB) S3 {
	t.Helper()
	return sharedS3(t, &versity, StartVersity)
}

type onceS3 struct {
	sync.Mutex

	server S3
}

var minio, versity onceS3

func sharedS3(t testing.TB, once *onceS3, start func(testing.TB, S3Options) (S3, func())) S3 {
	t.Helper()
	once.Lock()
	defer once.Unlock()
	if once.server.URL == "" {
		once.server, _ = start(t, S3Options{})
	}
	return once.server
}

// StartMinIO starts a MinIO server, which runs until it is stopped or the process ends.
func StartMinIO(t testing.TB, opts S3Options) (server S3, stop func()) {
	t.Helper()
	needs(t, "a MinIO server")
	folder, address := temporaryFolder(t), freeAddress(t)
	s := newS3("http://"+address, opts)
	env := []string{
		"MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey, "MINIO_REGION=" + s.Region,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off", "CI=true", // with CI it takes a folder on the system's disk
	}
	if opts.Issuer != "" {
		env = append(env, "MINIO_IDENTITY_OPENID_CONFIG_URL="+opts.Issuer+"/.well-known/openid-configuration",
			"MINIO_IDENTITY_OPENID_CLIENT_ID="+cmp.Or(opts.Audience, "sts.amazonaws.com"),
			"MINIO_IDENTITY_OPENID_ROLE_POLICY="+cmp.Or(opts.RolePolicy, "readwrite"))
	}
	p := launch(t, command{
		name: "MinIO", folder: folder, path: tool(t, "minio"), env: env, url: s.URL, health: "/minio/health/cluster",
		args: []string{"server", filepath.Join(folder, "data"), "--address", address},
	})
	if opts.Issuer != "" {
		s.RoleARN = roleARN(t, p)
	}
	return s, p.stop
}

// roleARN reads the ARN that MinIO gives the role of its issuer from what it writes at the start.
func roleARN(t testing.TB, p process) string {
	t.Helper()
	var text []byte
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end) && err == nil; time.Sleep(50 * time.Millisecond) {
		text, err = os.ReadFile(p.log) // written soon after it is healthy
		if arn := regexp.MustCompile(`arn:minio:iam:\S+`).FindString(string(text)); arn != "" {
			return arn
		}
	}
	p.stop()
	t.Fatalf("MinIO names no role: %v\n%s", err, text)
	return ""
}

// StartVersity starts a versitygw server, which runs until it is stopped or the process ends.
func StartVersity(t testing.TB, opts S3Options) (server S3, stop func()) {
	t.Helper()
	needs(t, "a versitygw server")
	folder, address := temporaryFolder(t), freeAddress(t)
	s := newS3("http://"+address, opts)
	data := filepath.Join(folder, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey}
	if opts.Accounts != "" {
		env = append(env, "VGW_IAM_DIR="+opts.Accounts, "VGW_IAM_CACHE_DISABLE=true")
	}
	p := launch(t, command{
		name: "versitygw", folder: folder, path: tool(t, "versitygw"), url: s.URL, health: "/healthz", env: env,
		args: []string{
			"--port", address, "--region", s.Region, "--keep-alive", "--quiet", "--health", "/healthz", "posix", data,
		},
	})
	return s, p.stop
}

func newS3(url string, opts S3Options) S3 {
	return S3{URL: url, Region: cmp.Or(opts.Region, "us-east-1"), AccessKey: "test" + rand.Text(), SecretKey: rand.Text()}
}

// Config is the SDK's configuration with the owner's keys.
func (s S3) Config(context.Context) (aws.Config, error) {
	return aws.Config{
		BaseEndpoint: aws.String(s.URL), Region: s.Region,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	}, nil
}

// Client is a client with the owner's keys.
func (s S3) Client() *s3.Client {
	config, _ := s.Config(context.Background())
	return s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
}

// Bucket creates a bucket for one test and returns its name.
func (s S3) Bucket(t testing.TB) string {
	t.Helper()
	in := &s3.CreateBucketInput{Bucket: aws.String("test-" + strings.ToLower(rand.Text()))}
	if s.Region != "us-east-1" {
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(s.Region)}
	}
	if _, err := s.Client().CreateBucket(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	return *in.Bucket
}
