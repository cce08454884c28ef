package rest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// checkCredentials rejects, by the names of their variables, values that cannot be sent: a request with them would fail before
// it leaves, and again each time. Values are not quoted.
func (o Options) checkCredentials(user *url.Userinfo) error {
	password, _ := user.Password()
	var faults []error
	for _, v := range []struct {
		name, value string
		encoded     bool // sent in base64, so that any character may be in it
	}{
		{"MLFLOW_TRACKING_TOKEN", o.Token, false},
		{"MLFLOW_WORKSPACE", o.Workspace, false},
		{"MLFLOW_TRACKING_USERNAME", o.Username, true},
		{"MLFLOW_TRACKING_PASSWORD", o.Password, true},
		{"the user name in MLFLOW_TRACKING_URI", user.Username(), true},
		{"the password in MLFLOW_TRACKING_URI", password, true},
	} {
		if fault := Unsendable(v.value, v.encoded); fault != "" {
			faults = append(faults, fmt.Errorf("%s contains %s", v.name, fault))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return hint.With(&mlflow.RejectedError{
		Call: "open " + mlflow.RedactURI(o.URI), Message: errors.Join(faults...).Error(), All: true,
	}, "set it again, without what was pasted along with it")
}

// Unsendable says which character keeps a value from being sent in the header of a request; empty if it can be. An encoded
// value may have any but control characters.
func Unsendable(value string, encoded bool) string {
	for _, r := range value {
		switch {
		case strings.ContainsRune("\r\n", r):
			return "a line break"
		case unicode.IsControl(r):
			return fmt.Sprintf("the control character %U", r)
		case r > unicode.MaxASCII && !encoded:
			return fmt.Sprintf("the character %U, and a header has ASCII only", r)
		}
	}
	return ""
}
