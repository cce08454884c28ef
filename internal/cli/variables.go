package cli

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
	"github.com/Iyalvan/mlops-track/settings"
)

const requestTimeout = "MLFLOW_HTTP_REQUEST_TIMEOUT"

// pasted are variables whose values have no white space around them: what is there was pasted along, and no request could be made
// with it. A name that ends in * stands for all with that beginning.
func pasted() []string {
	return []string{
		"MLFLOW_TRACKING_*", "MLFLOW_WORKSPACE", "MLFLOW_REGISTRY_URI", "MLFLOW_S3_*", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", requestTimeout,
		"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", "REQUESTS_CA_BUNDLE",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
		"GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_*",
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
	}
}

// phrases are variables whose values may have blanks around them, but no line breaks.
func phrases() []string { return []string{"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"} }

// trimmed returns an environment without what was pasted along with values. The step gets it, too: MLflow's own client cannot send such
// values either.
func trimmed(variables []string) []string {
	named := func(names []string, name string) bool {
		return slices.ContainsFunc(names, func(pattern string) bool {
			prefix, isPrefix := strings.CutSuffix(pattern, "*")
			return name == pattern || isPrefix && strings.HasPrefix(name, prefix)
		})
	}
	clean := slices.Clone(variables)
	for i, variable := range clean {
		name, value, _ := strings.Cut(variable, "=")
		switch {
		case named(phrases(), name):
			value = strings.Trim(value, "\r\n")
		case named(pasted(), name):
			value = strings.TrimSpace(value)
		default:
			continue
		}
		clean[i] = name + "=" + value
	}
	return clean
}

// variableFaults are those of the variables with which the server of these settings is reached, by name and without the values.
func (a *app) variableFaults(s settings.Store) error {
	if !strings.HasPrefix(strings.ToLower(s.TrackingURI), "http") {
		return nil
	}
	_, err := a.requestTimeout()
	faults := []error{err}
	for _, v := range []struct {
		name    string
		encoded bool
	}{
		{"MLFLOW_TRACKING_TOKEN", false}, {"MLFLOW_WORKSPACE", false}, {"MLFLOW_TRACKING_USERNAME", true}, {"MLFLOW_TRACKING_PASSWORD", true},
	} {
		if fault := rest.Unsendable(a.getenv(v.name), v.encoded); fault != "" {
			faults = append(faults, fmt.Errorf("%s contains %s: set it again, without what was pasted along with it", v.name, fault))
		}
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		if value := environ.Get(a.Environ, name); value != "" && !isProxy(value) {
			faults = append(faults, fmt.Errorf("%s is not the address of a proxy, such as http://host:3128", name))
		}
	}
	return errors.Join(faults...)
}

// isProxy reports whether the value of a variable names a proxy, as an address or as host:port. The library takes any other for none.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && u.Host != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)
}

// requestTimeout returns how long one request to the tracking server may take; 0: the usual time.
// https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html
func (a *app) requestTimeout() (time.Duration, error) {
	text := a.getenv(requestTimeout)
	if text == "" {
		return 0, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds <= 0 {
		return 0, fmt.Errorf("%s %q is not a number of seconds", requestTimeout, text)
	}
	return time.Duration(seconds) * time.Second, nil
}
