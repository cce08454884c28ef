package awsauth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// Profile is a profile that only the step sees. Its credentials are those that a program prints, or keys.
type Profile struct {
	Name      string
	Overwrite bool // one of the user's that has this name
	Region    string
	Process   []string        // program and arguments for credential_process; nil: Keys
	Keys      aws.Credentials // not renewed
}

// profileNamePattern leaves out blanks, brackets and slashes, as the standard action does, and what ends a line.
var profileNamePattern = regexp.MustCompile(`^[^\s\[\]/\\"'#;\x00-\x1f\x7f]{1,128}$`)

// Check returns what is wrong with the profile's name.
func (p Profile) Check() error {
	if p.Name != "" && !profileNamePattern.MatchString(p.Name) {
		return fmt.Errorf("aws-profile %q must be a name without blanks, quotes, brackets and slashes", p.Name)
	}
	return nil
}

// WithProfile writes copies of the files with the profile to dir, a folder that only this user can enter, and returns their names.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
func (f SharedFiles) WithProfile(dir string, p Profile) (SharedFiles, error) {
	config, credentials := []string{}, []string{}
	if p.Region != "" {
		config = append(config, "region = "+p.Region)
	}
	if p.Process != nil {
		process, err := commandLine(p.Process)
		if err != nil {
			return f, err
		}
		config = append(config, "credential_process = "+process)
	} else {
		credentials = append(credentials, "aws_access_key_id = "+p.Keys.AccessKeyID, "aws_secret_access_key = "+p.Keys.SecretAccessKey)
		if p.Keys.SessionToken != "" {
			credentials = append(credentials, "aws_session_token = "+p.Keys.SessionToken)
		}
	}
	prefix := "profile "
	if p.Name == defaultProfile {
		prefix = ""
	}
	out := SharedFiles{Config: filepath.Join(dir, "aws-config"), Credentials: filepath.Join(dir, "aws-credentials")}
	for _, file := range []struct {
		from, to, title string
		lines           []string
	}{
		{f.Config, out.Config, prefix + p.Name, config}, {f.Credentials, out.Credentials, p.Name, credentials},
	} {
		text, err := read(file.from)
		if err != nil {
			return f, fmt.Errorf("read the AWS settings for the step: %w", err)
		}
		kept, found := withoutProfile(text, p.Name, file.to == out.Config)
		if found && !p.Overwrite {
			return f, hint.With(fmt.Errorf("aws-profile %q exists in %q", p.Name, file.from), "the profile would get the role's credentials for the "+
				"step; use another name, or set overwrite-aws-profile; to take credentials from a profile, set source-profile")
		}
		if len(file.lines) > 0 {
			kept = fmt.Appendf(kept, "\n[%s]\n%s\n", file.title, strings.Join(file.lines, "\n"))
		}
		if err := writePrivate(file.to, kept); err != nil {
			return f, fmt.Errorf("write the AWS settings for the step: %w", err)
		}
	}
	return out, nil
}

// read returns what is in a file; nothing if there is none.
func read(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// withoutProfile returns a shared file without one profile, and whether it was there.
func withoutProfile(text []byte, name string, isConfig bool) (kept []byte, found bool) {
	prefix := ""
	if isConfig {
		prefix = "profile "
	}
	var out bytes.Buffer
	dropping := false
	for line := range bytes.Lines(text) {
		if section, ok := sectionName(string(line), prefix); ok {
			dropping = section == name
			found = found || dropping
		}
		if !dropping {
			out.Write(line)
		}
	}
	if out.Len() > 0 && !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
		out.WriteByte('\n')
	}
	return out.Bytes(), found
}

// commandLine quotes a program and its arguments so that all SDKs read them alike: some split the line, others run a shell.
func commandLine(words []string) (string, error) {
	quoted := make([]string, len(words))
	for i, word := range words {
		if strings.ContainsAny(word, "\"$`#;%\r\n\x00") {
			return "", fmt.Errorf("write the AWS settings for the step: %q cannot be part of credential_process", word)
		}
		quoted[i] = `"` + word + `"`
	}
	return strings.Join(quoted, " "), nil
}
