package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/Iyalvan/mlops-track/mlflow"
)

const (
	// api is the path of the REST API below the tracking URI.
	api = "/api/2.0/mlflow/"
	// maxAnswer bounds an answer: a run of MLflow's most params, metrics and tags of usual length fits many times.
	maxAnswer = 32 << 20
)

// get asks api/path with a query and reads the answer into out.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	u := c.URL(api + path)
	u.RawQuery = query.Encode()
	return c.JSON(ctx, Call{Name: "GET " + path, Method: http.MethodGet, URL: u}, nil, out)
}

// post sends in to api/path and reads the answer into out, unless that is nil. It may be made twice.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	return c.JSON(ctx, Call{Name: "POST " + path, Method: http.MethodPost, URL: c.URL(api + path)}, in, out)
}

// postOnce is post for what must not be made twice. An outcome that is not known is an uncertain error.
func (c *Client) postOnce(ctx context.Context, path string, in, out any) error {
	return c.JSON(ctx, Call{Name: "POST " + path, Method: http.MethodPost, URL: c.URL(api + path), Once: true}, in, out)
}

// URL is the tracking URI with a path, which starts with a slash and is not quoted, appended.
func (c *Client) URL(path string) *url.URL {
	u := c.base
	u.Path += path
	return &u
}

// JSON makes a call with a JSON body, none if in is nil, and reads a JSON answer into out, unless that is nil.
func (c *Client) JSON(ctx context.Context, call Call, in, out any) error {
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s: %w", call.Name, err)
		}
		call.Header = http.Header{"Content-Type": {"application/json"}}
		open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		call.Body = Body{Open: open, Length: int64(len(body))}
	}
	return c.Do(ctx, call, func(resp *http.Response) error {
		defer resp.Body.Close()
		body, err := c.whole(call, resp)
		if err != nil {
			return err
		}
		if in == nil && out == nil && len(bytes.TrimSpace(body)) == 0 { // a file was taken
			return nil
		}
		if out == nil {
			out = new(struct{})
		}
		if json.Unmarshal(body, out) != nil { // also of a call that wants no more than to be done: a login page has not done it
			return c.notJSON(call, resp, body)
		}
		return nil
	})
}

// whole reads an answer, which may have no more than maxAnswer bytes.
func (c *Client) whole(call Call, resp *http.Response) ([]byte, error) {
	var body bytes.Buffer
	if told := resp.ContentLength; told > 0 && told <= maxAnswer {
		body.Grow(int(told) + bytes.MinRead)
	}
	read, err := body.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && read > maxAnswer {
		err = c.tooLong(call, resp, maxAnswer)
	}
	return body.Bytes(), err
}

// tooLong returns the error for an answer of which no more is read.
func (c *Client) tooLong(call Call, resp *http.Response, limit int) error {
	return c.advise(call, resp, &mlflow.RejectedError{
		Call: call.Name, Status: resp.StatusCode, Message: fmt.Sprintf("the answer is larger than %d MiB", limit>>20),
	}, true)
}

// createOnce creates what must not exist twice. If the outcome is not known, find looks whether it was created
// before a retry; find returns false if it was not.
func createOnce[T any](ctx context.Context, create func() (T, error), find func() (T, bool, error)) (T, error) {
	for {
		made, err := create()
		if !errors.Is(err, mlflow.ErrUncertain) || ctx.Err() != nil {
			return made, err
		}
		found, ok, findErr := find()
		switch {
		case findErr != nil:
			return found, uncertain{findErr}
		case ok:
			return found, nil
		}
	}
}
