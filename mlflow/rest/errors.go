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
	"github.com/Iyalvan/mlops-track/internal/origin"
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
	if cause := retry.CauseOf(err); cause != retry.Passing {
		text := advice().Advice(hint.Answer{Message: err.Error(), Is: []string{string(cause)}}, nil)
		return hint.With(&mlflow.RejectedError{Call: call.Name, Message: err.Error(), All: true}, text)
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

	foreign := !isJSON && rejected.Code == ""
	rejected.All = foreign && concernsAll(resp.StatusCode)
	class := classOf(resp.StatusCode, foreign)
	if strings.Contains(rejected.Message, serverDisabled) || rejected.Code == featureDisabled {
		class.attempts = once // by an option of the server
	}
	f := &failure{attempts: class.attempts, maybeDone: class.maybeDone, after: retry.Again()}
	if wait, ok := retry.AfterHeader(resp.Header); ok && wait > 0 {
		f.after = retry.After(wait)
	}
	if f.attempts == once || resp.StatusCode/100 == 4 && f.attempts != endless { // what is left of it is a rejection
		f.err = c.advise(call, resp, rejected, !isJSON)
		return f
	}
	f.err = &mlflow.UnreachableError{URI: c.displayOf(call), Err: errors.Join(errors.New(rejected.Error()), err)}
	return f
}

// redirected returns the error for a redirect that is not followed.
func (c *Client) redirected(call Call, resp *http.Response, redirect *origin.RedirectError) error {
	return c.advise(call, resp, &mlflow.RejectedError{Call: call.Name, Status: resp.StatusCode, Message: redirect.Error(), All: true}, true)
}

// notJSON returns the error for a complete answer that is not what MLflow sends.
func (c *Client) notJSON(call Call, resp *http.Response, body []byte) error {
	words := cmp.Or(firstWords(body), "it is empty")
	return c.advise(call, resp, &mlflow.RejectedError{
		Call: call.Name, Status: resp.StatusCode, Message: "the answer is not MLflow's JSON: " + words, All: true,
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
