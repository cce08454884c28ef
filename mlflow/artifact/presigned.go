package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// presigned stores artifacts in a bucket for which the tracking server issues presigned URLs, file by file.
type presigned struct {
	client   *rest.Client
	location string
	owner    string // run id, or id of a logged model
}

// A server lays artifacts out as <root>/<run id>/artifacts and <root>/models/<model id>/artifacts.
var owned = regexp.MustCompile(`/([0-9a-f]{32}|m-[0-9a-f]{32})/artifacts/?$`)

// ownerOf returns the run or logged model whose artifacts are at a location; empty if it does not tell.
func ownerOf(location string) string {
	if m := owned.FindStringSubmatch(location); m != nil {
		return m[1]
	}
	return ""
}

// Put implements Repo.
func (p *presigned) Put(ctx context.Context, to string, from Source) error {
	if err := checkProxied(to); err != nil {
		return err
	}
	size, err := from.size()
	if err != nil {
		return err
	}
	address, headers, err := p.client.PresignedUpload(ctx, p.owner, to)
	if err != nil {
		return p.explain(err)
	}
	return p.client.Do(ctx, rest.Call{
		Name: fmt.Sprintf("PUT artifact %q", to), Method: http.MethodPut, URL: address, Header: headers, Foreign: true,
		Body: rest.Body{Open: from.section(0, size), Length: size}, Timeout: uploadTimeout,
	}, drained)
}

const serveFix = "start the tracking server with --serve-artifacts; MLflow 3.12 and newer also issue presigned URLs for s3://"

// explain adds what to do if the server issues no presigned URLs.
func (p *presigned) explain(err error) error {
	rejected, ok := errors.AsType[*mlflow.RejectedError](err)
	if !ok || rejected.Lasting() && rejected.Status != http.StatusNotFound || errors.Is(err, mlflow.ErrNotFound) {
		return err
	}
	explained := *rejected
	explained.Message = fmt.Sprintf("artifacts are stored at %q, and the server issues no presigned URLs to upload there: %s",
		mlflow.RedactURI(p.location), rejected.Message)
	if scheme, _, _ := strings.Cut(p.location, ":"); scheme != "s3" {
		explained.Message = fmt.Sprintf("artifacts are stored at %q, and %s", mlflow.RedactURI(p.location), notBuiltIn(scheme))
	}
	return hint.With(&explained, serveFix)
}

// List implements Repo.
func (p *presigned) List(ctx context.Context, folder string) ([]Entry, error) {
	var answer struct{ Files []wireFile }
	u := p.client.URL("/api/2.0/mlflow/artifacts/list")
	u.RawQuery = url.Values{"run_id": {p.owner}, "path": {folder}}.Encode()
	call := rest.Call{Name: "GET artifacts/list", Method: http.MethodGet, URL: u}
	if err := p.client.JSON(ctx, call, nil, &answer); err != nil {
		return nil, err
	}
	return entries("", answer.Files), nil // here paths are relative to the root
}

// Open implements Repo. The server reads the file from the bucket.
func (p *presigned) Open(ctx context.Context, from string) (io.ReadCloser, error) {
	u := p.client.URL("/get-artifact")
	u.RawQuery = url.Values{"run_uuid": {p.owner}, "path": {from}}.Encode()
	return open(ctx, p.client, p, from, u)
}
