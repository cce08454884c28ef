package awsauth_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/Iyalvan/mlops-track/awsauth"
)

// TestWithProfile adds a profile to copies of the user's files, whatever they contain, and changes no other profile.
func TestWithProfile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	user := awsauth.SharedFiles{Config: filepath.Join(home, "config"), Credentials: filepath.Join(home, "credentials")}
	for path, text := range map[string]string{
		user.Config:      "[default]\nregion = eu-west-1\n[profile \"work\"]\nrole_arn = arn\ns3 =\n  addressing_style = path\n[profile other]\nregion = eu-north-1",
		user.Credentials: "[work]\naws_access_key_id = AKIA1\n# end\n[other]\naws_access_key_id = AKIA2\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := user.WithProfile(filepath.Join(t.TempDir(), "private"), awsauth.Profile{
		Name: "work", Overwrite: true, Region: "us-east-1", Process: []string{"/opt/a b/mlops-track", "aws-credentials", "--url", "http://127.0.0.1:1/c"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "[default]\nregion = eu-west-1\n[profile other]\nregion = eu-north-1\n\n[profile work]\nregion = us-east-1\n" +
		`credential_process = "/opt/a b/mlops-track" "aws-credentials" "--url" "http://127.0.0.1:1/c"` + "\n"
	if text := read(t, got.Config); text != want {
		t.Errorf("config is\n%s\nwant\n%s", text, want)
	}
	if text := read(t, got.Credentials); text != "[other]\naws_access_key_id = AKIA2\n" {
		t.Errorf("credentials are\n%s", text)
	}
	if info, err := os.Stat(got.Config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info, err)
	}

	keys := awsauth.Profile{Name: "new", Keys: aws.Credentials{AccessKeyID: "ASIA3", SecretAccessKey: "s", SessionToken: "t"}}
	got, err = user.WithProfile(filepath.Join(t.TempDir(), "private"), keys)
	if err != nil || !strings.HasSuffix(read(t, got.Credentials), "\n[new]\naws_access_key_id = ASIA3\naws_secret_access_key = s\naws_session_token = t\n") {
		t.Errorf("%v; credentials are\n%s", err, read(t, got.Credentials))
	}
	for name, profile := range map[string]awsauth.Profile{
		"exists in both": {Name: "work"}, "exists in one": {Name: "default"}, "a program with a shell's words": {Name: "x", Process: []string{"/tmp/$(id)/m"}},
	} {
		dir := filepath.Join(t.TempDir(), "private")
		if _, err := user.WithProfile(dir, profile); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, ok := range map[string]bool{
		"": true, "train-2": true, "a.b@c": true, "a b": false, "a]": false, "[a": false, "a/b": false, `a\b`: false, "a\nb": false, "a#b": false, "a\x00b": false,
	} {
		if err := (awsauth.Profile{Name: name}).Check(); (err == nil) != ok {
			t.Errorf("name %q: %v", name, err)
		}
	}
}
