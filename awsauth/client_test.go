package awsauth

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

// profileFile writes a file with one key for the profile work.
func profileFile(t *testing.T, path string, key awstest.Key) {
	t.Helper()
	text := "[work]\naws_access_key_id = " + key.ID + "\naws_secret_access_key = " + key.Secret + "\n"
	if key.Token != "" {
		text += "aws_session_token = " + key.Token + "\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestKeysThatAreNotKnownYet tries once more with the keys that are there then: those of a new session are not known everywhere at
// once, and those of a file may have been replaced, also long after the job began.
func TestKeysThatAreNotKnownYet(t *testing.T) {
	for _, call := range []string{"AssumeRole", "GetCallerIdentity"} {
		t.Run(call, func(t *testing.T) {
			cloud, opts := chain(t)
			if call == "GetCallerIdentity" {
				opts.Role.ARN = "ci/train" // whose account is asked for first
			}
			key := cloud.STS.AddUser(awstest.Account, "new")
			signIn(t, key)
			cloud.STS.Forget(key.ID, 1)
			if _, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil || cloud.STS.Count(call) != 2 {
				t.Errorf("%d requests, error %v", cloud.STS.Count(call), err)
			}
			cloud.STS.Forget(key.ID, -1)
			_, _, err := prompt(t, opts).issue(t.Context(), 0)
			if err == nil || !strings.Contains(err.Error(), "InvalidClientTokenId") || !strings.Contains(err.Error(), "2 attempts") || cloud.STS.Count(call) != 4 {
				t.Errorf("%d requests, error %v", cloud.STS.Count(call), err)
			}
		})
	}
	t.Run("replaced in a file", func(t *testing.T) {
		cloud, opts := chain(t)
		signIn(t, awstest.Key{})
		file := filepath.Join(t.TempDir(), "credentials")
		t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
		opts.Profile = "work"
		first, second := cloud.STS.AddUser(awstest.Account, "one"), cloud.STS.AddUser(awstest.Account, "two")
		profileFile(t, file, first)
		i := prompt(t, opts)
		if _, _, err := i.issue(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		profileFile(t, file, second)
		if _, _, err := i.issue(t.Context(), 0); err != nil { // the first key is still good
			t.Fatal(err)
		}
		cloud.STS.Forget(first.ID, -1)
		if _, _, err := i.issue(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		asked := cloud.STS.Asked()
		var signed []string
		for _, a := range asked {
			signed = append(signed, map[string]string{first.ID: "first", second.ID: "second"}[a.Auth])
		}
		if got := strings.Join(signed, " "); got != "first first first second" {
			t.Errorf("requests were signed by %s", got)
		}
	})
}

// TestUserAgent says in each request who asks, and for which run, as long as that is an id.
func TestUserAgent(t *testing.T) {
	cloud, opts := chain(t)
	for _, c := range []struct {
		client  Client
		want    string
		wantNot string
	}{
		{Client{Version: "1.2.3", RunID: "16042", Attempt: 2}, ` mlops-track/1\.2\.3 md/run_id#16042 md/attempt#2( |$)`, "attempt#0"},
		{Client{Version: "0.1.0-dev+a b/c", RunID: "4 2\r\nX: y"}, ` mlops-track/0\.1\.0-dev\+a-b-c( |$)`, "run_id"},
		{Client{}, ` mlops-track/dev( |$)`, "md/attempt"},
	} {
		opts.Client = c.client
		if _, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		asked := cloud.STS.Asked()
		if got := asked[len(asked)-1].Agent; !regexp.MustCompile(c.want).MatchString(got) || strings.Contains(got, c.wantNot) {
			t.Errorf("user agent %q, want %s and not %s", got, c.want, c.wantNot)
		}
	}
	cfg, err := Ambient(t.Context(), "", "us-east-1", Client{Version: "9.9.9"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = &cloud.STS.URL }).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	asked := cloud.STS.Asked()
	if got := asked[len(asked)-1].Agent; !strings.Contains(got, " mlops-track/9.9.9") {
		t.Errorf("user agent with existing credentials: %q", got)
	}
}

// TestProxy reaches STS through a proxy, and never sends there what is on the machine itself.
func TestProxy(t *testing.T) {
	cloud, opts := newAWS(t)
	target, err := url.Parse(cloud.STS.URL)
	if err != nil {
		t.Fatal(err)
	}
	var through atomic.Int32
	forward := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		through.Add(1)
		r.SetURL(target)
	}})
	t.Cleanup(forward.Close)
	address, err := url.Parse(forward.URL)
	if err != nil {
		t.Fatal(err)
	}
	opts.Client.Proxy = func(*url.URL) (*url.URL, error) { return address, nil }
	opts.STSEndpoint = "http://sts.example.invalid"
	if _, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil || through.Load() != 1 {
		t.Errorf("%d requests through the proxy, error %v", through.Load(), err)
	}
	opts.STSEndpoint = cloud.STS.URL // on the loopback address
	if _, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil || through.Load() != 1 {
		t.Errorf("loopback: %d requests through the proxy, error %v", through.Load(), err)
	}
	for host, on := range map[string]bool{
		"127.0.0.1": true, "localhost": true, "::1": true, "169.254.169.254": true, "169.254.170.23": true, "fe80::1": true, "fd00:ec2::254": true,
		"FD00:EC2:0::23": true, "10.0.0.1": false, "sts.amazonaws.com": false, "localhost.example.com": false, "": false,
	} {
		if onMachine(host) != on {
			t.Errorf("%q is on the machine: %t", host, !on)
		}
	}
}
