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

// TestStepRunsAcrossRenewals has a step that uses boto3 while keys of two minutes are renewed three times, with STS away
// when the second renewal is due.
func TestStepRunsAcrossRenewals(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than two minutes: keys of two minutes are renewed three times")
	}
	t.Parallel()
	s := newStories(t)
	cloud := newCloud(t)
	cloud.STS.SetLife(2 * time.Minute)
	b := &bucket{sts: cloud.STS}
	server := httptest.NewServer(b)
	defer server.Close()

	c := roleCall(t, cloud)
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.bin, "mlops-track"), "run", "--", testenv.AWSPython(t), "-c", steadyStep)
	cmd.Dir, cmd.Stderr, cmd.Env = c.dir, &log, append(cleanEnviron(c.dir), append(c.env, "AWS_ENDPOINT_URL_S3="+server.URL)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()

	outage := false
	for {
		keys, _ := b.seen()
		if keys == 2 && !outage {
			outage = true
			cloud.STS.FailAlways(awstest.Unavailable())
			time.AfterFunc(80*time.Second, cloud.STS.Recover) // the renewal is due after 40, and tries for half a minute
		}
		if keys == 4 {
			if err := os.WriteFile(filepath.Join(c.dir, "enough"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			break
		}
		select {
		case err := <-over:
			t.Fatalf("the step ended with %d of 4 keys: %v\n%s", keys, err, &log)
		case <-time.After(100 * time.Millisecond):
		}
	}
	if err := <-over; err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	if _, refused := b.seen(); refused != 0 || !strings.Contains(out.String(), "requests") {
		t.Errorf("%d requests were refused; the step wrote %q", refused, &out)
	}
	for _, words := range []string{"could not be renewed, the current ones are valid for", "are renewed again"} {
		if strings.Count(log.String(), "warning: the AWS credentials "+words) != 1 {
			t.Errorf("the log does not say once that they %s:\n%s", words, &log)
		}
	}
	noSecrets(t, c.dir, ended{stdout: out.String(), stderr: log.String()}, cloud.Secrets())
}
