package awsauth_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

const table = "x,y\n1,2\n"

// recorder stands before an S3 and notes the access key that signed each request, and the answers that were no good.
type recorder struct {
	*httptest.Server
	mu     sync.Mutex
	keys   []string // each once, in the order in which they came
	faults []string
}

var signedBy = regexp.MustCompile(`Credential=([^/]+)/`)

func record(t *testing.T, server string) *recorder {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host // it is signed
			key := "nobody"
			if found := signedBy.FindStringSubmatch(p.In.Header.Get("Authorization")); found != nil {
				key = found[1]
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if !slices.Contains(r.keys, key) {
				r.keys = append(r.keys, key)
			}
		},
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode >= 400 {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.faults = append(r.faults, resp.Request.Method+" "+resp.Request.URL.Path+": "+resp.Status)
			}
			return nil
		},
	}
	r.Server = httptest.NewServer(proxy)
	t.Cleanup(r.Close)
	return r
}

// seen returns the keys that signed requests and the answers that were no good.
func (r *recorder) seen() (keys, faults []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.keys), slices.Clone(r.faults)
}

// hostile is a runner whose own credentials are wrong wherever a client may look for them.
func hostile(t *testing.T) (map[string]string, awsauth.SharedFiles) {
	t.Helper()
	home := t.TempDir()
	files := awsauth.SharedFiles{Config: filepath.Join(home, ".aws", "config"), Credentials: filepath.Join(home, ".aws", "credentials")}
	if err := os.Mkdir(filepath.Dir(files.Config), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		files.Config: "[default]\nregion = eu-north-1\nsource_profile = other\nrole_arn = arn:aws:iam::123456789012:role/wrong\n" +
			"s3 =\n  addressing_style = path\n[profile other]\nregion = eu-north-1\n",
		files.Credentials: "[default]\naws_access_key_id = WRONGDEFAULT\naws_secret_access_key = wrong\n" +
			"[other]\naws_access_key_id = WRONGOTHER\naws_secret_access_key = wrong\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-north-1",
		"AWS_ACCESS_KEY_ID": "WRONGSTATIC", "AWS_SECRET_ACCESS_KEY": "wrong", "AWS_PROFILE": "other",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/wrong", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "wrong",
		"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/wrong", "AWS_WEB_IDENTITY_TOKEN_FILE": files.Config,
	}, files
}

// apply is what the job does with the environment of its step.
func apply(child awsauth.Child, environ map[string]string) map[string]string {
	environ = maps.Clone(environ)
	child.NoProxy = environ
	set, remove := child.Environment(slices.Collect(maps.Keys(environ)))
	maps.Copy(environ, set)
	for _, name := range remove {
		delete(environ, name)
	}
	return environ
}

// TestMain is also the client that uses the SDK for Go: that one looks for the home of its user as it starts.
func TestMain(m *testing.M) {
	if os.Getenv("AWSAUTH_TEST_CLIENT") != "go" {
		os.Exit(m.Run())
	}
	if err := readInGo(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readInGo(ctx context.Context) error {
	loaded, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	got, err := s3.NewFromConfig(loaded, func(o *s3.Options) {
		o.UsePathStyle, o.DisableLogOutputChecksumValidationSkipped = true, true
	}).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("data"), Key: aws.String("table.csv")})
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if text, err := io.ReadAll(got.Body); err != nil || string(text) != table {
		return fmt.Errorf("read %q, %w", text, err)
	}
	return nil
}

// runClient reads the table with one client, a process of its own.
func runClient(t *testing.T, client string, environ map[string]string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testenv.AWSPython(t), "-I", filepath.Join("testdata", "clients.py"), client)
	if client == "go" {
		cmd = exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = []string{"AWSAUTH_TEST_CLIENT=go"}
	}
	for name, value := range environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// putTable makes the bucket with the table.
func putTable(t *testing.T, server testenv.S3) {
	t.Helper()
	client := server.Client()
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("data")}); err != nil {
		t.Fatal(err)
	}
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("data"), Key: aws.String("table.csv"), Body: bytes.NewReader([]byte(table)),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestClientsReadWithNothingButTheChildEnvironment has a session of a role at a real STS, and clients that find wrong
// credentials of the runner wherever we leave any.
func TestClientsReadWithNothingButTheChildEnvironment(t *testing.T) {
	server := testenv.MinIO(t)
	putTable(t, server)

	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	session, err := awsauth.Start(ctx, awsauth.Options{
		Role: awsauth.Role{ARN: "arn:aws:iam::123456789012:role/train"}, Region: "us-east-1", STSEndpoint: server.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Stop()
	creds, err := session.Retrieve(t.Context())
	if err != nil || creds.SessionToken == "" {
		t.Fatalf("the role has no session token; %v", err)
	}
	private := filepath.Join(t.TempDir(), "private")
	endpoint, err := awsauth.Serve(private, session, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer endpoint.Close()
	environ, files := hostile(t)
	copies, err := files.WithoutCredentials(private, "")
	if err != nil {
		t.Fatal(err)
	}

	for _, mode := range []awsauth.ChildMode{awsauth.Refreshing, awsauth.Env} {
		child := awsauth.Child{
			Mode: mode, Endpoint: endpoint, Credentials: creds, Region: "us-east-1", SharedFiles: copies, RoleAssumed: true,
		}
		for _, client := range []string{"boto3", "mlflow", "s3fs", "pyarrow", "polars", "polars_boto3", "duckdb", "go"} {
			t.Run(string(mode)+"/"+client, func(t *testing.T) {
				proxy := record(t, server.URL)
				environ := maps.Clone(environ)
				environ["AWS_ENDPOINT_URL_S3"] = proxy.URL
				if mode == awsauth.Refreshing {
					environ["HTTP_PROXY"], environ["http_proxy"] = "http://127.0.0.1:9", "http://127.0.0.1:9" // nobody is there
				}
				if mode == awsauth.Refreshing && strings.HasPrefix(client, "polars") {
					environ["HOME"] = t.TempDir() // see the witness
				}
				if err := runClient(t, client, apply(child, environ)); err != nil {
					t.Error(err)
				}
				if keys, _ := proxy.seen(); !slices.Equal(keys, []string{creds.AccessKeyID}) {
					t.Errorf("requests were signed by %q, want %q", keys, creds.AccessKeyID)
				}
			})
		}
	}

	// What the copies are for: with the user's own files clients take the credentials that lie there. And what they are no help
	// for: polars reads ~/.aws/credentials by itself, whatever the variables name.
	for client, files := range map[string]awsauth.SharedFiles{"boto3": {}, "pyarrow": {}, "go": {}, "polars": copies} {
		t.Run("witness/"+client, func(t *testing.T) {
			proxy := record(t, server.URL)
			environ := maps.Clone(environ)
			environ["AWS_ENDPOINT_URL_S3"] = proxy.URL
			environ["AWS_CONFIG_FILE"] = os.DevNull
			child := awsauth.Child{Mode: awsauth.Refreshing, Endpoint: endpoint, Region: "us-east-1", SharedFiles: files}
			err := runClient(t, client, apply(child, environ))
			if keys, _ := proxy.seen(); err == nil || !slices.Equal(keys, []string{"WRONGDEFAULT"}) {
				t.Errorf("signed by %q: it has other ways by now; %v", keys, err)
			}
		})
	}
}
