package awsauth

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SharedFiles names the files that AWS clients read settings and credentials from, by default ~/.aws/config and
// ~/.aws/credentials. An empty name: none.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
type SharedFiles struct{ Config, Credentials string }

// WithoutCredentials writes to dir, a folder that only this user can enter, copies in which the default profile has no
// credentials, and returns their names. botocore, the SDKs for Go and C++ and what is built on them (s3fs, pyarrow, DuckDB)
// prefer the profile's credentials to those of a container's endpoint. This does not help polars: it reads keys from
// ~/.aws/credentials whatever the variables name, unless there are keys in the environment.
//
// The default profile of the copies has all of profile (empty: the default one) but credentials: region, endpoints,
// settings of S3. Other profiles are unchanged. A name in the result is empty if the file needs no copy.
func (f SharedFiles) WithoutCredentials(dir, profile string) (SharedFiles, error) {
	if profile == "" {
		profile = defaultProfile
	}
	config, err := copyWithout(f.Config, filepath.Join(dir, "aws-config"), "profile ", profile)
	if err != nil {
		return SharedFiles{}, err
	}
	credentials, err := copyWithout(f.Credentials, filepath.Join(dir, "aws-credentials"), "", profile)
	if err != nil {
		return SharedFiles{}, err
	}
	return SharedFiles{Config: config, Credentials: credentials}, nil
}

func copyWithout(from, to, prefix, profile string) (string, error) {
	if from == "" {
		return "", nil
	}
	text, err := os.ReadFile(from)
	if err != nil { // missing, or in a home that may not be entered: the step, as the same user, cannot read it either
		return "", nil
	}
	kept := withoutCredentials(text, prefix, profile)
	if bytes.Equal(kept, text) {
		return "", nil
	}
	if err := writePrivate(to, kept); err != nil {
		return "", fmt.Errorf("write the AWS settings for the step: %w", err)
	}
	return to, nil
}

const defaultProfile = "default"

// withoutCredentials returns a shared file in which the default profile has the settings of profile, without credentials. The
// names of profiles follow prefix there.
func withoutCredentials(text []byte, prefix, profile string) []byte {
	var out, settings bytes.Buffer
	var section string
	var dropping bool // the indented lines below a key that was removed belong to it
	for line := range bytes.Lines(text) {
		if name, ok := sectionName(string(line), prefix); ok {
			section = name
			if section != defaultProfile || profile == defaultProfile {
				out.Write(line)
			}
			continue
		}
		if nested := strings.HasPrefix(string(line), " ") || strings.HasPrefix(string(line), "\t"); !nested {
			dropping = isCredential(string(line))
		}
		switch {
		case section != defaultProfile:
			out.Write(line)
		case profile == defaultProfile && !dropping:
			out.Write(line)
		}
		if section == profile && !dropping {
			settings.Write(line)
		}
	}
	if profile != defaultProfile && len(bytes.TrimSpace(settings.Bytes())) > 0 {
		fmt.Fprintf(&out, "\n[%s]\n%s", defaultProfile, settings.Bytes())
	}
	return out.Bytes()
}

// sectionName returns the profile that a line begins, or the empty name for a section of another kind.
func sectionName(line, prefix string) (profile string, ok bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") {
		return "", false
	}
	name, _, _ := strings.Cut(line[1:], "]")
	name = strings.TrimSpace(name)
	if name == defaultProfile {
		return name, true
	}
	name, found := strings.CutPrefix(name, prefix)
	if !found {
		return "", true
	}
	return strings.Trim(name, ` "'`), true
}

// isCredential reports whether a line is a key that selects credentials.
func isCredential(line string) bool {
	key, _, _ := strings.Cut(line, "=")
	switch key = strings.ToLower(strings.TrimSpace(key)); key {
	case "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "aws_account_id",
		"role_arn", "source_profile", "credential_source", "credential_process", "web_identity_token_file", "login_session":
		return true
	default:
		return strings.HasPrefix(key, "sso_")
	}
}
