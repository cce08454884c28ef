package awsauth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/awstest"
)

// What STS refuses for good is asked once, and the error says what to do.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		set      func(*awstest.AWS, *Options)
		duration time.Duration
		code     string
		hint     []string
	}{
		"wrong subject": {
			set: func(cloud *awstest.AWS, _ *Options) {
				cloud.Issuer.SetClaims(map[string]any{"sub": "repo:octo/other:ref:refs/heads/main"})
			},
			code: "AccessDenied",
			hint: []string{
				"sub: repo:octo/other:ref:refs/heads/main", "aud: sts.amazonaws.com", "iss: http://127.0.0.1",
				`"Federated": "arn:aws:iam::123456789012:oidc-provider/127.0.0.1`,
				`"repo:octo/other:ref:refs/heads/main"`, `"repo:octo@65/other@74:ref:refs/heads/main"`,
			},
		},
		"no such role": {
			set:  func(_ *awstest.AWS, opts *Options) { opts.Role.ARN += "er" },
			code: "AccessDenied", hint: []string{"does not exist"},
		},
		"wrong audience": {
			set: func(cloud *awstest.AWS, opts *Options) {
				opts.Tokens = GitHubTokens(getenv(cloud.Issuer.GitHub()), "sigstore", nil)
			},
			code: "InvalidIdentityToken",
			hint: []string{"audience sigstore", "add-client-id-to-open-id-connect-provider", "--client-id sigstore", ":oidc-provider/127.0.0.1:"},
		},
		"unknown issuer": {
			set: func(cloud *awstest.AWS, opts *Options) {
				other := "arn:aws:iam::210987654321:role/train"
				cloud.STS.SetRole(awstest.Role{ARN: other, Trust: cloud.Issuer.Trust("210987654321", "*")})
				opts.Role.ARN = other
			},
			code: "InvalidIdentityToken",
			hint: []string{"aws iam create-open-id-connect-provider --url http://127.0.0.1:", "--client-id-list sts.amazonaws.com"},
		},
		"issuer's clock ahead": {
			set:  func(cloud *awstest.AWS, _ *Options) { cloud.Issuer.SetClock(10 * time.Minute) },
			code: "InvalidIdentityToken",
			hint: []string{"the clock of the issuer, http://127.0.0.1:", "m", "ahead of the clock of STS"},
		},
		"longer than the role allows": {
			set: func(*awstest.AWS, *Options) {}, duration: 2 * time.Hour,
			code: "ValidationError",
			hint: []string{"role-duration-seconds: 7200", "MaxSessionDuration", "--role-name train --max-session-duration 7200"},
		},
		"STS off in the region": {
			set: func(cloud *awstest.AWS, opts *Options) {
				opts.Region = "af-south-1"
				cloud.STS.Fail(awstest.Fault{Status: 403, Code: "RegionDisabledException", Message: "STS is not activated in this region"})
			},
			code: "RegionDisabledException", hint: []string{"disabled in af-south-1", "aws-region"},
		},
		"policy": {
			set: func(cloud *awstest.AWS, _ *Options) {
				cloud.STS.Fail(awstest.Fault{Status: 400, Code: "MalformedPolicyDocument", Message: "Syntax errors in policy."})
			},
			code: "MalformedPolicyDocument", hint: []string{"inline-session-policy"},
		},
		"packed policy": {
			set: func(cloud *awstest.AWS, _ *Options) {
				cloud.STS.Fail(awstest.Fault{Status: 400, Code: "PackedPolicyTooLarge", Message: "Packed policy consumes 104% of allotted space"})
			},
			code: "PackedPolicyTooLarge", hint: []string{"role-skip-session-tagging"},
		},
		"this clock behind": {
			set: func(cloud *awstest.AWS, opts *Options) {
				opts.Tokens, opts.Role.ARN = nil, trainRole
				cloud.STS.SetClock(10 * time.Minute)
			},
			code: "SignatureDoesNotMatch", hint: []string{"this machine's clock is", "behind the clock of STS", "timedatectl"},
		},
		"this clock ahead": {
			set: func(cloud *awstest.AWS, opts *Options) {
				opts.Tokens = nil
				cloud.STS.SetClock(-10 * time.Minute)
			},
			code: "SignatureDoesNotMatch", hint: []string{"this machine's clock is", "ahead of the clock of STS"},
		},
		"caller not trusted": {
			set: func(_ *awstest.AWS, opts *Options) {
				opts.Tokens, opts.Role.ExternalID = nil, "e-1"
				opts.Role.Tags.Job = []Tag{{"Repository", "octo/train"}}
			},
			code: "AccessDenied",
			hint: []string{`"AWS": "arn:aws:iam::123456789012:user/ci"`, `"sts:TagSession"`, `"sts:ExternalId": "e-1"`},
		},
		"tags not allowed": {
			set: func(cloud *awstest.AWS, opts *Options) {
				cloud.STS.SetRole(awstest.Role{ARN: trainRole, Trust: `{"Effect": "Allow", "Action": "sts:AssumeRole",
					"Principal": {"AWS": "123456789012"}}`})
				opts.Tokens, opts.Role.Tags.Job = nil, []Tag{{"Repository", "octo/train"}}
			},
			code: "AccessDenied", hint: []string{"sts:TagSession", "role-skip-session-tagging"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud, opts := newAWS(t)
			signIn(t, cloud.STS.AddUser(awstest.Account, "ci"))
			test.set(cloud, &opts)
			_, _, err := prompt(t, opts).issue(t.Context(), test.duration)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v, want one of STS", err)
			}
			if e.Code != test.code || e.Attempts != 1 || e.RequestID == "" || len(cloud.STS.Asked()) != 1 {
				t.Errorf("code %s after %d attempts, request %q; STS was asked %d times", e.Code, e.Attempts, e.RequestID, len(cloud.STS.Asked()))
			}
			for _, want := range test.hint {
				if !strings.Contains(e.Hint(), want) {
					t.Errorf("hint lacks %q:\n%s", want, e.Hint())
				}
			}
			silent(t, cloud, e.Error()+e.Hint())
		})
	}
}

// silent checks that a text holds no secret.
func silent(t *testing.T, cloud *awstest.AWS, text string) {
	t.Helper()
	for _, secret := range cloud.Secrets() {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is in the text:\n%s", text)
		}
	}
}

// The statement that the hint shows does let the token in, in both forms of GitHub's sub, and no other.
func TestTrustStatementLetsTheTokenIn(t *testing.T) {
	const names, ids = "repo:octo/train:ref:refs/heads/main", "repo:octo@65/train@74:ref:refs/heads/main"
	tests := map[string]struct{ now, later, never string }{
		"names, later ids": {names, ids, "repo:octo/train:ref:refs/heads/other"},
		"ids, later names": {ids, names, "repo:octo@66/train@74:ref:refs/heads/main"},
		"GitLab": {
			"project_path:octo/train:ref_type:branch:ref:main", "project_path:octo/train:ref_type:branch:ref:main",
			"project_path:octo/train:ref_type:branch:ref:other",
		},
		"a star in a name": {"repo:octo/train:environment:a*", "repo:octo/train:environment:a*", "repo:octo/train:environment:ab"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud, opts := newAWS(t)
			cloud.STS.SetRole(awstest.Role{ARN: trainRole})
			cloud.Issuer.SetClaims(map[string]any{"sub": test.now})
			_, _, err := prompt(t, opts).issue(t.Context(), 0)
			hint := hint.Of(err)
			_, statement, _ := strings.Cut(hint, ":\n  {")
			statement = "{" + statement
			cloud.STS.SetRole(awstest.Role{ARN: trainRole, Trust: statement})
			for _, sub := range []string{test.now, test.later} {
				cloud.Issuer.SetClaims(map[string]any{"sub": sub})
				if _, _, err := prompt(t, opts).issue(t.Context(), 0); err != nil {
					t.Errorf("%s does not accept %q: %v", statement, sub, err)
				}
			}
			cloud.Issuer.SetClaims(map[string]any{"sub": test.never})
			if _, _, err := prompt(t, opts).issue(t.Context(), 0); err == nil {
				t.Errorf("%s accepts %q, too", statement, test.never)
			}
		})
	}
}

// What passes by itself is asked again, with a fresh token each time.
func TestRetries(t *testing.T) {
	late := awstest.Fault{Status: 400, Code: "InvalidIdentityToken", Message: "The token is not valid yet"}
	expired := awstest.Fault{Status: 400, Code: "ExpiredTokenException", Message: "Token expired: current date/time 2 must be before the expiration date/time 1"}
	tests := map[string]struct {
		faults   []awstest.Fault
		attempts int
		code     string // empty: it works in the end
	}{
		"throttling":            {[]awstest.Fault{awstest.Throttled(), awstest.Throttled()}, 3, ""},
		"server in trouble":     {[]awstest.Fault{awstest.Unavailable(), {Status: 502, Message: "<html>Bad Gateway</html>"}}, 3, ""},
		"issuer unreached":      {[]awstest.Fault{awstest.IDPUnreached(), awstest.KeysUnread()}, 3, ""},
		"connection lost":       {[]awstest.Fault{{Drop: true}}, 2, ""},
		"token expired":         {[]awstest.Fault{expired}, 2, ""},
		"token expired twice":   {[]awstest.Fault{expired, expired}, 2, "ExpiredTokenException"},
		"clocks 3 minutes off":  {[]awstest.Fault{late, late}, 3, ""},
		"throttling for good":   {[]awstest.Fault{awstest.Throttled()}, 8, "Throttling"},
		"server away for good":  {[]awstest.Fault{awstest.Unavailable()}, 8, "ServiceUnavailable"},
		"a broken policy after": {[]awstest.Fault{awstest.Throttled(), {Status: 400, Code: "MalformedPolicyDocument"}}, 2, "MalformedPolicyDocument"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud, opts := newAWS(t)
			cloud.Issuer.SetClock(3 * time.Minute)
			cloud.STS.Fail(test.faults...)
			if strings.HasSuffix(name, "for good") {
				cloud.STS.FailAlways(test.faults[0])
			}
			_, _, err := prompt(t, opts).issue(t.Context(), 0)
			e, _ := errors.AsType[*Error](err)
			if (test.code == "") != (err == nil) || test.code != "" && (e == nil || e.Code != test.code || e.Attempts != test.attempts) {
				t.Errorf("error %v, want code %q", err, test.code)
			}
			tokens := map[string]bool{}
			for _, asked := range cloud.STS.Asked() {
				tokens[asked.Form["WebIdentityToken"]] = true
			}
			if n := len(cloud.STS.Asked()); n != test.attempts || len(tokens) != test.attempts {
				t.Errorf("asked %d times with %d tokens, want %d fresh ones", n, len(tokens), test.attempts)
			}
			if err != nil {
				silent(t, cloud, err.Error()+hint.Of(err))
			}
		})
	}
}

func TestHangingSTS(t *testing.T) {
	cloud, opts := newAWS(t)
	i := prompt(t, opts)
	i.pace.timeout, i.pace.attempts = 50*time.Millisecond, 3
	cloud.STS.FailAlways(awstest.Hanging())
	_, _, err := i.issue(t.Context(), 0)
	if err == nil || !strings.Contains(err.Error(), "no answer within 50ms (3 attempts)") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	cloud.STS.Recover()
	cloud.STS.Fail(awstest.Hanging())
	i.pace.timeout = 500 * time.Millisecond
	if _, _, err := i.issue(t.Context(), 0); err != nil {
		t.Errorf("after one that hung: %v", err)
	}
	cloud.STS.FailAlways(awstest.Hanging())
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, _, err := i.issue(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// STS repeats in its answer what it finds at fault.
func TestTokenIsNotRepeated(t *testing.T) {
	cloud, opts := newAWS(t)
	token := cloud.Issuer.Mint("sts.amazonaws.com", nil)
	opts.Tokens = VariableToken("TOKEN", token)
	for _, part := range []string{token, token[:60], token[:20] + "..."} {
		cloud.STS.Fail(awstest.Fault{Status: 400, Code: "ValidationError", Message: "Value '" + part + "' at 'webIdentityToken' failed"})
		_, _, err := prompt(t, opts).issue(t.Context(), 0)
		if err == nil || strings.Contains(err.Error(), token[:20]) || !strings.Contains(err.Error(), "at 'webIdentityToken' failed") {
			t.Errorf("error %v", err)
		}
	}
	opts.Tokens = VariableToken("TOKEN", "secret-word")
	asked := len(cloud.STS.Asked())
	if _, _, err := prompt(t, opts).issue(t.Context(), 0); err == nil || strings.Contains(err.Error(), "secret-word") {
		t.Errorf("no token at all: %v", err)
	}
	if len(cloud.STS.Asked()) != asked {
		t.Error("what is no token was sent to STS")
	}
}

func TestExpiredTokenIsExplained(t *testing.T) {
	cloud, opts := newAWS(t)
	now := time.Now()
	tests := map[string]struct {
		claims map[string]any
		clock  time.Duration // of STS
		hint   string
	}{
		"kept too long":  {map[string]any{"iat": now.Add(-3 * time.Hour).Unix(), "exp": now.Add(-2 * time.Hour).Unix()}, 0, "used too late"},
		"issuer behind":  {map[string]any{"iat": now.Add(-15 * time.Minute).Unix(), "exp": now.Add(-10 * time.Minute).Unix()}, 0, "behind the clock of STS"},
		"this clock off": {nil, 20 * time.Minute, "this machine's clock is 20m"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud.STS.SetClock(test.clock)
			opts.Tokens = VariableToken("TOKEN", cloud.Issuer.Mint("sts.amazonaws.com", test.claims))
			_, _, err := prompt(t, opts).issue(t.Context(), 0)
			if hint := hint.Of(err); !strings.Contains(strings.Replace(hint, "19m59s", "20m", 1), test.hint) {
				t.Errorf("%v\nhint lacks %q: %s", err, test.hint, hint)
			}
		})
	}
}

func TestNoSTSThere(t *testing.T) {
	_, opts := newAWS(t)
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	opts.STSEndpoint = server.URL
	i := prompt(t, opts)
	i.pace.attempts = 3
	_, _, err := i.issue(t.Context(), 0)
	if err == nil || !strings.Contains(err.Error(), "connection refused (3 attempts)") || !strings.Contains(hint.Of(err), "sts-endpoint") {
		t.Errorf("error %v", err)
	}
	opts.STSEndpoint = "http://sts.invalid"
	_, _, err = prompt(t, opts).issue(t.Context(), 0)
	if e, ok := errors.AsType[*Error](err); !ok || e.Attempts > 2 && strings.Contains(e.Hint(), "no host") {
		t.Errorf("error %v", err)
	}
}
