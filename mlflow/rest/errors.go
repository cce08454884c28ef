package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// maxErrorBody bounds what is read of an answer that says no, and maxWords what is kept of it.
const (
	maxErrorBody = 64 << 10
	maxWords     = 500
)

// isRefusal says that a server answered and said no.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*mlflow.RefusedError](err)
	return ok
}

// hasCode says that a server said no with this error_code.
func hasCode(err error, code string) bool {
	refused, ok := errors.AsType[*mlflow.RefusedError](err)
	return ok && refused.Code == code
}

// connectionError is the error of an attempt that got no whole answer.
func (c *Client) connectionError(ctx context.Context, call Call, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok { // names method and URL once more
		err = wrapped.Err
	}
	if fix := tlsFix(err); fix != "" {
		return &mlflow.RefusedError{Call: call.Name, Message: err.Error(), Fix: fix}
	}
	if late, ok := errors.AsType[stalled](context.Cause(ctx)); ok {
		err = late
	}
	return &mlflow.UnreachableError{URI: c.displayOf(call), Err: fmt.Errorf("%s: %w", call.Name, err)}
}

// displayOf is the server that a call goes to.
func (c *Client) displayOf(call Call) string {
	if call.Foreign {
		return call.URL.Scheme + "://" + call.URL.Host
	}
	return c.display
}

// refusal is the failure of an attempt that was answered with another status than 2xx. It closes the body.
func (c *Client) refusal(call Call, resp *http.Response) *failure {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	refused := &mlflow.RefusedError{Call: call.Name, Status: resp.StatusCode}
	var words struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	isJSON := json.Unmarshal(body, &words) == nil && words.Message != ""
	refused.Code, refused.Message = cmp.Or(words.Code, awsErrorType(resp)), words.Message
	if !isJSON {
		refused.Message = cmp.Or(firstWords(body), http.StatusText(resp.StatusCode))
	}
	refused.Message, _ = mlflow.Truncate(refused.Message, maxWords)

	if strings.Contains(refused.Message, "disabled due to the mlflow server running") { // an option of the server; lasts
		refused.Fix = "start the server with --serve-artifacts and without --artifacts-only"
		return &failure{err: refused, final: true}
	}
	f := &failure{err: refused}
	f.retryAfter, _ = retry.AfterHeader(resp.Header)
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests:
	case status == http.StatusInternalServerError:
		f.maybeDone, f.internal = true, true
		f.final = refused.Code == "FEATURE_DISABLED" // will not pass later
	case status == http.StatusRequestTimeout, status > http.StatusNotImplemented: // also what gateways make up, such as 522
		f.maybeDone = true
	default:
		f.final = true
	}
	if !f.final {
		f.err = &mlflow.UnreachableError{URI: c.displayOf(call), Err: errors.Join(errors.New(refused.Error()), err)}
		return f
	}
	refused.Fix = c.fix(call, resp, refused, isJSON)
	return f
}

// fix says what to do about a refusal; empty where the server's words say it all.
func (c *Client) fix(call Call, resp *http.Response, refused *mlflow.RefusedError, isJSON bool) string {
	if call.Foreign {
		return ""
	}
	if resp.StatusCode == http.StatusForbidden {
		if fix := c.sign.fix(resp, refused.Code+" "+refused.Message); fix != "" {
			return fix
		}
	}
	switch {
	case resp.StatusCode/100 == 3:
		return fmt.Sprintf("the server redirects to %q: use the address there as the tracking URI", mlflow.RedactURI(resp.Header.Get("Location")))
	case resp.StatusCode == http.StatusUnauthorized && c.signedIn != "":
		return "the server does not take the credentials that were sent: check " + c.signedIn
	case resp.StatusCode == http.StatusUnauthorized:
		return "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
	case resp.StatusCode == http.StatusForbidden && strings.Contains(refused.Message, "Invalid Host header"):
		return fmt.Sprintf("start the server with --allowed-hosts %s, or reach it by localhost or a private IP address", call.URL.Host)
	case resp.StatusCode == http.StatusForbidden:
		return "the account may not do this: give it the permission on the server, or use another account"
	case resp.StatusCode == http.StatusNotFound && !isJSON:
		return fmt.Sprintf("no MLflow answers there: check the tracking URI %q, of which a path prefix is part", c.display)
	case refused.Code == "FEATURE_DISABLED":
		return "the server has no workspaces: unset MLFLOW_WORKSPACE, or start it with --enable-workspaces"
	case strings.Contains(refused.Message, "HTTP request to an HTTPS server"):
		return "the server speaks TLS there: use https:// in the tracking URI"
	}
	return ""
}

// notJSON is the refusal of a whole answer that is not what MLflow sends.
func (c *Client) notJSON(call Call, resp *http.Response, body []byte) error {
	return &mlflow.RefusedError{
		Call: call.Name, Status: resp.StatusCode, Message: fmt.Sprintf("the answer is not MLflow's JSON: %s", firstWords(body)),
		Fix: fmt.Sprintf("something else answers there: check the tracking URI %q and what stands before the server, such as a login page", c.display),
	}
}

// firstWords returns the first line of a text or HTML body that says something, without tags.
func firstWords(body []byte) string {
	text := string(body)
	for _, hidden := range []string{"style", "script"} {
		text = regexp.MustCompile(`(?is)<`+hidden+`\b.*?</`+hidden+`>`).ReplaceAllString(text, "")
	}
	text = regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(text, "\n")
	for line := range strings.Lines(html.UnescapeString(text)) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			line, _ = mlflow.Truncate(strings.ToValidUTF8(line, "?"), maxWords)
			return line
		}
	}
	return ""
}
