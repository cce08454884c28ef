package awsauth_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/awsauth"
)

func TestSharedFilesWithoutCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		profile             string
		config, credentials string
		wantConfig          string // empty: no copy
		wantCredentials     string
	}{
		"keys of the default profile": {
			config:          "[default]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n",
			credentials:     "# mine\n[default]\naws_access_key_id = AKIA1\nAWS_SECRET_ACCESS_KEY=secret1\n\n[work]\naws_access_key_id = AKIA2\n",
			wantCredentials: "# mine\n[default]\n\n[work]\naws_access_key_id = AKIA2\n",
		},
		"all kinds of credentials": {
			config: "[profile default]\nrole_arn = arn\nsource_profile = work\nsso_session = corp\nsso_account_id = 1\n" +
				"credential_process = /bin/keys\nlogin_session = arn\ncredential_source = Environment\n" +
				"web_identity_token_file = /token\naws_session_token = t\nservices = local\nendpoint_url = http://127.0.0.1:9000\n" +
				"[sso-session corp]\nsso_region = eu-west-1\n[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:9000\n",
			wantConfig: "[profile default]\nservices = local\nendpoint_url = http://127.0.0.1:9000\n" +
				"[sso-session corp]\nsso_region = eu-west-1\n[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:9000\n",
		},
		"another profile": {
			profile: "train",
			config: "[default]\nregion = us-east-1\n[profile train]\nregion = eu-west-1\nrole_arn = arn\ns3 =\n  addressing_style = path\n" +
				"[profile \"other\"]\nregion = eu-north-1\n",
			credentials: "[default]\naws_access_key_id = AKIA1\n[train]\naws_access_key_id = AKIA2\n",
			wantConfig: "[profile train]\nregion = eu-west-1\nrole_arn = arn\ns3 =\n  addressing_style = path\n" +
				"[profile \"other\"]\nregion = eu-north-1\n\n[default]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n",
			wantCredentials: "[train]\naws_access_key_id = AKIA2\n",
		},
		"nothing to take out": {config: "[default]\nregion = eu-west-1\n", credentials: "[work]\naws_access_key_id = AKIA2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			home, dir := t.TempDir(), filepath.Join(t.TempDir(), "private")
			files := awsauth.SharedFiles{Config: filepath.Join(home, "config"), Credentials: filepath.Join(home, "credentials")}
			for path, text := range map[string]string{files.Config: test.config, files.Credentials: test.credentials} {
				if text == "" {
					continue // no such file
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := files.WithoutCredentials(dir, test.profile)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.wantConfig, read(t, got.Config)); diff != "" {
				t.Errorf("config (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.wantCredentials, read(t, got.Credentials)); diff != "" {
				t.Errorf("credentials (-want +got)\n%s", diff)
			}
		})
	}
}

func TestNoSharedFilesIsFine(t *testing.T) {
	if got, err := (awsauth.SharedFiles{}).WithoutCredentials(t.TempDir(), ""); err != nil || got != (awsauth.SharedFiles{}) {
		t.Errorf("got %+v, %v", got, err)
	}
	// Files that cannot be read, as in a home that may not be entered, are no use to the step either.
	file := filepath.Join(t.TempDir(), "home")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unreadable := awsauth.SharedFiles{Config: t.TempDir(), Credentials: filepath.Join(file, ".aws", "credentials")}
	if got, err := unreadable.WithoutCredentials(t.TempDir(), ""); err != nil || got != (awsauth.SharedFiles{}) {
		t.Errorf("files that cannot be read: %+v, %v", got, err)
	}
}

// read returns the text of a private file; an empty name is no text.
func read(t *testing.T, name string) string {
	t.Helper()
	if name == "" {
		return ""
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		t.Errorf("%s can be read by others: %v, %v", name, info.Mode(), err)
	}
	return string(text)
}
