package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
)

// counter notes the files that are sent to a service.
type counter struct {
	mu   sync.Mutex
	sent map[string]bool
	all  int // requests
}

func (c *counter) config(s testenv.S3) func(context.Context) (aws.Config, error) {
	return func(ctx context.Context) (aws.Config, error) {
		config, err := s.Config(ctx)
		config.HTTPClient = c
		return config, err
	}
}

// Do implements aws.HTTPClient.
func (c *counter) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.all++
	if r.Method == http.MethodPut {
		c.sent[path.Base(r.URL.Path)] = true
	}
	c.mu.Unlock()
	return http.DefaultClient.Do(r)
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent, c.all = map[string]bool{}, 0
}

func (c *counter) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := []string{}
	for name := range c.sent {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// refusedAll uploads a few files, which must all fail for one reason that lasts, and returns that and its hint.
func refusedAll(t *testing.T, repo artifact.Repo) (refused *mlflow.RejectedError, advice string) {
	t.Helper()
	var targets []string
	for i := range 100 {
		targets = append(targets, fmt.Sprint(i))
	}
	files, _ := write(t, targets...)
	got := artifact.Upload(t.Context(), repo, files, artifact.Options{})
	if len(got.Failed) != len(files) || got.Failed[99].File != files[99] {
		t.Fatalf("%d of %d files failed", len(got.Failed), len(files))
	}
	var ok bool
	refused, ok = errors.AsType[*mlflow.RejectedError](got.Failed[0].Err)
	if !ok || !refused.Lasting() {
		t.Fatalf("%v", got.Failed[0].Err)
	}
	return refused, hint.Of(got.Failed[0].Err)
}

func TestRefusalsOfRealServices(t *testing.T) {
	t.Parallel()
	roots(t, func(t *testing.T, r root) {
		absent, wrong := r, r
		absent.location = "s3://no-such-bucket-here/run"
		wrong.SecretKey = "wrong"
		for _, c := range []struct {
			root      root
			code, fix string
		}{
			{absent, "NoSuchBucket", `create the bucket "no-such-bucket-here"`},
			{wrong, "SignatureDoesNotMatch", "check AWS_ACCESS_KEY_ID"},
		} {
			counting := &counter{sent: map[string]bool{}}
			refused, advice := refusedAll(t, c.root.open(t, artifact.S3{Config: counting.config(c.root.S3)}))
			if refused.Code != c.code || !strings.Contains(advice, c.fix) || counting.all != 1 {
				t.Errorf("%#v after %d requests", refused, counting.all)
			}
		}
	})
}

// A policy that lets list and read, and one that lets write and nothing else.
func TestPolicies(t *testing.T) {
	t.Parallel()
	r := newRoot(t, testenv.MinIO(t))
	reader := r.limited(t, `"s3:ListBucket","s3:GetObject"`)
	refused, advice := refusedAll(t, r.open(t, artifact.S3{Config: reader, Identity: "arn:aws:sts::1:assumed-role/train/x"}))
	want := fmt.Sprintf("allow s3:PutObject on arn:aws:s3:::%s/%s/* to arn:aws:sts::1:assumed-role/train/x", r.bucket, rootPath)
	if refused.Status != http.StatusForbidden || advice != want {
		t.Errorf("%#v, hint %q, want %q", refused, advice, want)
	}

	files, _ := write(t, "a.txt")
	writer := r.open(t, artifact.S3{Config: r.limited(t, `"s3:PutObject"`)})
	for range 2 {
		if got := artifact.Upload(t.Context(), writer, files, artifact.Options{}); got.Files != 1 || got.Skipped != 0 || got.Manifest != nil {
			t.Errorf("%+v", got)
		}
	}
}

// limited are credentials that may do a few things only.
func (r root) limited(t *testing.T, actions string) func(context.Context) (aws.Config, error) {
	t.Helper()
	config, _ := r.Config(t.Context())
	out, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::1:role/x"), RoleSessionName: aws.String("x"),
		Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"arn:aws:s3:::*","Action":[` + actions + `]}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	config.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	return func(context.Context) (aws.Config, error) { return config, nil }
}

// A bucket elsewhere is found by what the service says.
func TestWrongRegionIsFollowed(t *testing.T) {
	t.Parallel()
	server, stop := testenv.StartMinIO(t, testenv.S3Options{Region: "eu-west-1"})
	t.Cleanup(stop)
	r := newRoot(t, server)
	r.Region = "us-east-1"
	files, want := write(t, "a.txt")
	repo := r.open(t, artifact.S3{})
	if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != 1 {
		t.Fatalf("%+v", got)
	}
	if read(t, repo, "a.txt") != want["a.txt"] {
		t.Error("the file reads back as something else")
	}
}

// AWS redirects, and says where to only in a header.
func TestRedirectToAnotherRegionIsFollowed(t *testing.T) {
	t.Parallel()
	var regions []string
	repo := answering(t, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/s3/") {
			return false
		}
		regions = append(regions, r.Header.Get("Authorization"))
		w.Header().Set("X-Amz-Bucket-Region", "eu-central-1")
		w.WriteHeader(http.StatusMovedPermanently)
		fmt.Fprint(w, "<Error><Code>PermanentRedirect</Code><Message>Use the specified endpoint.</Message></Error>")
		return true
	})
	files, _ := write(t, "a.txt", "b.txt")
	if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != 2 || len(regions) != 1 {
		t.Errorf("%+v after %d redirects", got, len(regions))
	}
}

// What no service here says is said in the words of S3's documentation.
func TestRefusalsOfAWS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status        int
		code, message string
		says          string
	}{
		{301, "PermanentRedirect", "The bucket must be addressed using the specified endpoint.", "region of the bucket"},
		{400, "ExpiredToken", "The provided token has expired.", "role-to-assume"},
		{403, "RequestTimeTooSkewed", "The difference between the request time and the server's time is too large.", "clock"},
		{403, "AccessDenied", "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:x", "kms:Decrypt"},
		{400, "KMS.DisabledException", "The key is disabled.", "MLFLOW_S3_UPLOAD_EXTRA_ARGS"},
		{400, "AccessControlListNotSupported", "The bucket does not allow ACLs", "ACL"},
	} {
		repo := answering(t, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut {
				return false
			}
			w.WriteHeader(c.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", c.code, c.message)
			return true
		})
		refused, advice := refusedAll(t, repo)
		if refused.Status != c.status || refused.Code != c.code || refused.Message != c.message || !strings.Contains(advice, c.says) {
			t.Errorf("%#v", refused)
		}
	}
}

func TestSlowDownPasses(t *testing.T) {
	t.Parallel()
	repo := answering(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
		}
		return r.Method == http.MethodPut
	})
	files, _ := write(t, "a.txt")
	got := artifact.Upload(t.Context(), repo, files, artifact.Options{})
	if err := got.Failed[0].Err; !errors.As(err, new(*mlflow.UnreachableError)) || !strings.Contains(hint.Of(err), "later") {
		t.Errorf("%v", err)
	}
}

func TestServiceThatIsAway(t *testing.T) {
	t.Parallel()
	r := newRoot(t, testenv.Versity(t))
	link := testenv.Toxiproxy(t, r.URL)
	r.URL = link.URL
	repo := r.open(t, artifact.S3{})
	files, _ := write(t, "a.txt")
	link.SetUp(false)
	got := artifact.Upload(t.Context(), repo, files, artifact.Options{})
	if len(got.Failed) != 1 || !errors.As(got.Failed[0].Err, new(*mlflow.UnreachableError)) {
		t.Errorf("%+v", got)
	}
	link.SetUp(true)
	if got = artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != 1 {
		t.Errorf("%+v", got)
	}
}

// answering is a Repo before whose service an answer can be put.
func answering(t *testing.T, answer func(http.ResponseWriter, *http.Request) bool) artifact.Repo {
	t.Helper()
	r := newRoot(t, testenv.Versity(t))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !answer(w, req) {
			w.Header().Set("Content-Type", "application/xml")
			fmt.Fprint(w, "<ListBucketResult></ListBucketResult>")
		}
	}))
	t.Cleanup(server.Close)
	return r.open(t, artifact.S3{Endpoint: server.URL})
}

// Without credentials the server's addresses are used; where there are none either, both are told.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	config := func(context.Context) (aws.Config, error) {
		return aws.Config{Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, errors.New("no EC2 IMDS role found")
		})}, nil
	}
	const run = "0123456789abcdef0123456789abcdef"
	location := "s3://bucket/root/7/" + run + "/artifacts"
	files, _ := write(t, "a b.txt", "model/MLmodel")

	b := newBucket(t)
	repo, err := artifact.Open(location, b.client(t), artifact.S3{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != 2 || b.objects[run+"/a b.txt"] == "" {
		t.Errorf("%+v", got)
	}

	client, started := newRun(t, testenv.Server(t, 2)) // hands out no addresses
	repo, err = artifact.Open("s3://bucket/root/0/"+started.ID+"/artifacts", client, artifact.S3{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	failed := artifact.Upload(t.Context(), repo, files, artifact.Options{}).Failed
	refused, ok := errors.AsType[*mlflow.RejectedError](failed[0].Err)
	if !ok || !strings.Contains(refused.Message, "no EC2 IMDS role found") || !strings.Contains(hint.Of(failed[0].Err), "role-to-assume") {
		t.Errorf("%v", failed[0].Err)
	}

	repo, err = artifact.Open("s3://bucket/elsewhere", nil, artifact.S3{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if refused, advice := refusedAll(t, repo); !strings.Contains(advice, "role-to-assume") {
		t.Errorf("%#v", refused)
	}
}
