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

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/retry"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// maxErrorBody bounds what is read of an error answer, and maxWords what an error quotes of it.
const (
	maxErrorBody = 64 << 10
	maxWords     = 500
)

// isRejection reports whether a server answered and rejected the request.
func isRejection(err error) bool {
	_, ok := errors.AsType[*mlflow.RejectedError](err)
	return ok
}

// hasCode reports whether a server rejected a request with this error_code.
func hasCode(err error, code string) bool {
	rejected, ok := errors.AsType[*mlflow.RejectedError](err)
	return ok && rejected.Code == code
}

// connectionError returns the error of an attempt that got no whole answer.
func (c *Client) connectionError(ctx context.Context, call Call, err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok { // names method and URL once more
		err = wrapped.Err
	}
	if circumstance := lastingFault(err); circumstance != "" {
		text := advice().Advice(hint.Answer{Message: err.Error(), Is: []string{circumstance}}, nil)
		return hint.With(&mlflow.RejectedError{Call: call.Name, Message: err.Error()}, text)
	}
	if late, ok := errors.AsType[stalled](context.Cause(ctx)); ok {
		err = late
	}
	return &mlflow.UnreachableError{URI: c.displayOf(call), Err: fmt.Errorf("%s: %w", call.Name, err)}
}

// displayOf returns the server of a call, for messages.
func (c *Client) displayOf(call Call) string {
	if call.Foreign {
		return call.URL.Scheme + "://" + call.URL.Host
	}
	return c.display
}

// errorStatus returns the failure of an attempt that was answered with another status than 2xx. It closes the body.
func (c *Client) errorStatus(call Call, resp *http.Response) *failure {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	rejected := &mlflow.RejectedError{Call: call.Name, Status: resp.StatusCode}
	var words struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	isJSON := json.Unmarshal(body, &words) == nil && words.Message != ""
	rejected.Code, rejected.Message = cmp.Or(words.Code, awsErrorType(resp)), words.Message
	if !isJSON {
		rejected.Message = cmp.Or(firstWords(body), http.StatusText(resp.StatusCode))
	}
	rejected.Message, _ = mlflow.Truncate(rejected.Message, maxWords)

	if strings.Contains(rejected.Message, serverDisabled) { // by an option of the server; a retry does not help
		return &failure{err: c.advise(call, resp, rejected, !isJSON), final: true}
	}
	f := &failure{err: rejected}
	f.retryAfter, _ = retry.AfterHeader(resp.Header)
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests:
	case status == http.StatusInternalServerError:
		f.maybeDone, f.internal = true, true
		f.final = rejected.Code == featureDisabled // will not pass later
	case status == http.StatusRequestTimeout, status > http.StatusNotImplemented: // also what gateways make up, such as 522
		f.maybeDone = true
	default:
		f.final = true
	}
	if !f.final {
		f.err = &mlflow.UnreachableError{URI: c.displayOf(call), Err: errors.Join(errors.New(rejected.Error()), err)}
		return f
	}
	f.err = c.advise(call, resp, rejected, !isJSON)
	return f
}

// notJSON returns the error for a complete answer that is not what MLflow sends.
func (c *Client) notJSON(call Call, resp *http.Response, body []byte) error {
	return c.advise(call, resp, &mlflow.RejectedError{
		Call: call.Name, Status: resp.StatusCode, Message: fmt.Sprintf("the answer is not MLflow's JSON: %s", firstWords(body)),
	}, true)
}

// firstWords returns the first line with text of a text or HTML body, without tags.
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
