//go:build unix

package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/awstest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// steadyStep reads an object again and again with one client, which does not retry, until a file is there.
const steadyStep = `
import os, time, boto3
from botocore.config import Config
s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))
n = 0
while not os.path.exists("enough"):
    s3.get_object(Bucket="b", Key="k")["Body"].read()
    n += 1
    time.sleep(0.1)
print("requests", n)
`

// bucket answers who signs with a key of the STS that has not ended. No real service has keys as short-lived as the test
// needs them, 15 minutes being the least.
type bucket struct {
	sts *awstest.STS

	mu      sync.Mutex
	keys    []string // that requests were signed with, in their order
	refused int
}

var signedWith = regexp.MustCompile(`Credential=([^/]+)/`)

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := ""
	if m := signedWith.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		id = m[1]
	}
	key, ok := b.sts.Lookup(id)
	if !ok || time.Now().After(key.Expires) || r.Header.Get("X-Amz-Security-Token") != key.Token {
		b.refused++
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>")
		return
	}
	if !slices.Contains(b.keys, id) {
		b.keys = append(b.keys, id)
	}
	_, _ = io.WriteString(w, "weights")
}

func (b *bucket) seen() (keys, refused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.keys), b.refused
}

// notRenewed is how the log says that STS is unreachable.
const notRenewed = "the AWS credentials could not be renewed, the current ones are valid for"

// TestStepRunsAcrossRenewals has a step that uses boto3 while keys are renewed twice, with STS unreachable when the first
// renewal is due, until the log says so. Keys last 75 seconds: the renewal is due after 25, gives up within 27 more, and is
// tried again within 6.
func TestStepRunsAcrossRenewals(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than a minute: keys of 75 seconds are renewed twice")
	}
	t.Parallel()
	s := newStories(t)
	cloud := newCloud(t)
	cloud.STS.SetLife(75 * time.Second)
	b := &bucket{sts: cloud.STS}
	server := httptest.NewServer(b)
	defer server.Close()

	c := roleCall(t, cloud)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.bin, "mlops-track"), "run", "--", testenv.AWSPython(t), "-c", steadyStep)
	cmd.Dir, cmd.Stderr, cmd.Env = c.dir, log, append(cleanEnviron(c.dir), append(c.env, "AWS_ENDPOINT_URL_S3="+server.URL)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()

	fail := sync.OnceFunc(func() { cloud.STS.FailAlways(awstest.Unavailable()) })
	for keys := 0; keys < 3; keys, _ = b.seen() {
		if keys == 1 {
			fail()
		}
		if strings.Contains(readFile(t, log.Name()), notRenewed) {
			cloud.STS.Recover()
		}
		select {
		case err := <-over:
			t.Fatalf("the step ended with %d of 3 keys: %v\n%s", keys, err, readFile(t, log.Name()))
		case <-time.After(100 * time.Millisecond):
		}
	}
	if err := os.WriteFile(filepath.Join(c.dir, "enough"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-over; err != nil {
		t.Fatalf("%v\n%s", err, readFile(t, log.Name()))
	}
	if _, refused := b.seen(); refused != 0 || !strings.Contains(out.String(), "requests") {
		t.Errorf("%d requests were refused; the step wrote %q", refused, &out)
	}
	text := readFile(t, log.Name())
	for _, words := range []string{notRenewed, "the AWS credentials are renewed again"} {
		if strings.Count(text, "warning: "+words) != 1 {
			t.Errorf("the log does not say once that %s:\n%s", words, text)
		}
	}
	noSecrets(t, c.dir, ended{stdout: out.String(), stderr: text}, cloud.Secrets())
}
