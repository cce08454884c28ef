package awsauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// accounts is the STS of a versitygw: it makes accounts there that end when their keys do.
type accounts struct {
	file  string
	life  time.Duration
	fails []int // the requests that get an error

	mu    sync.Mutex
	count int
	live  map[string]account
}

type account struct {
	Access string `json:"access"`
	Secret string `json:"secret"`
	Role   string `json:"role"`
}

func (a *accounts) issue(context.Context, time.Duration) (aws.Credentials, awsauth.Identity, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	if slices.Contains(a.fails, a.count) {
		return aws.Credentials{}, awsauth.Identity{}, errors.New("assume role: 503 ServiceUnavailable")
	}
	made := account{fmt.Sprintf("KEYS%d", a.count), fmt.Sprintf("secret%d", a.count), "admin"}
	expires := time.Now().Add(a.life)
	a.live[made.Access] = made
	time.AfterFunc(a.life, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.live, made.Access)
		_ = a.write() // the folder may be gone with the test
	})
	return aws.Credentials{AccessKeyID: made.Access, SecretAccessKey: made.Secret, CanExpire: true, Expires: expires},
		awsauth.Identity{}, a.write()
}

// write gives versitygw its accounts.
func (a *accounts) write() error {
	text, err := json.Marshal(map[string]any{"accessAccounts": a.live})
	if err != nil {
		return err
	}
	if err := os.WriteFile(a.file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(a.file+".new", a.file)
}

// TestBoto3RunsAcrossRenewalsAndAnOutage has keys that live 45 seconds and then are refused, and an STS that fails twice in
// a row at the second renewal. Two attempts that fail take up to 18 of the 30 seconds that a third of their life leaves.
func TestBoto3RunsAcrossRenewalsAndAnOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: keys of 45 seconds are renewed three times")
	}
	t.Parallel()
	iam := t.TempDir()
	sts := &accounts{file: filepath.Join(iam, "users.json"), life: 45 * time.Second, fails: []int{3, 4}, live: map[string]account{}}
	if err := sts.write(); err != nil {
		t.Fatal(err)
	}
	server, stop := testenv.StartVersity(t, testenv.S3Options{Accounts: iam})
	defer stop()
	putTable(t, server)

	var mu sync.Mutex
	var told []string
	opts := awsauth.Options{
		Role: awsauth.Role{ARN: "arn:aws:iam::123456789012:role/train"},
		Warn: func(message, _ string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, message)
		},
	}
	session, err := awsauth.StartWith(t.Context(), opts, aws.Config{Region: "us-east-1"}, sts.issue)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Stop()
	first, err := session.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := awsauth.Serve(t.TempDir(), session, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer endpoint.Close()

	proxy := record(t, server.URL)
	environ, _ := hostile(t)
	environ["HOME"], environ["AWS_ENDPOINT_URL_S3"] = t.TempDir(), proxy.URL
	child := awsauth.Child{Mode: awsauth.Refreshing, Endpoint: endpoint, Region: "us-east-1", RoleAssumed: true}
	step := startSteady(t, apply(child, environ))
	for keys := []string{}; len(keys) < 4 && !step.ended(); time.Sleep(100 * time.Millisecond) {
		keys, _ = proxy.seen()
	}
	requests, err := step.stop()

	keys, faults := proxy.seen()
	if err != nil || len(faults) != 0 || requests < 200 {
		t.Errorf("%d requests, bad answers %q; %v", requests, faults, err)
	}
	if want := []string{"KEYS1", "KEYS2", "KEYS5", "KEYS6"}; !slices.Equal(keys, want) {
		t.Errorf("signed by %q, want %q", keys, want)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) != 2 || !strings.Contains(told[0], "503 ServiceUnavailable") || !strings.Contains(told[1], "renewed again") {
		t.Errorf("told %q, want the outage and its end", told)
	}
	environ = apply(awsauth.Child{Mode: awsauth.Env, Credentials: first, Region: "us-east-1"}, environ)
	if err := runClient(t, "boto3", environ); err == nil || !strings.Contains(err.Error(), "InvalidAccessKeyId") {
		t.Errorf("the first keys are good after their end: %v", err)
	}
}

// steady is a process that reads the table again and again with one client.
type steady struct {
	stdin io.Closer
	out   *bytes.Buffer
	done  chan struct{}
	err   error // of its end
}

func startSteady(t *testing.T, environ map[string]string) *steady {
	t.Helper()
	s := &steady{out: &bytes.Buffer{}, done: make(chan struct{})}
	cmd := exec.CommandContext(t.Context(), testenv.AWSPython(t), "-I", filepath.Join("testdata", "clients.py"), "steady")
	for name, value := range environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = s.out, s.out
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stdin = stdin
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		s.err = cmd.Wait()
	}()
	return s
}

func (s *steady) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// stop ends the process and returns how many requests it made.
func (s *steady) stop() (requests int, err error) {
	_ = s.stdin.Close()
	<-s.done
	if s.err != nil {
		return 0, fmt.Errorf("%w\n%s", s.err, s.out)
	}
	_, err = fmt.Sscan(s.out.String(), &requests)
	return requests, err
}
