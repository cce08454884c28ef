package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// artifactService is the path of the artifact proxy below the tracking URI.
const artifactService = "/api/2.0/mlflow-artifacts"

// ArtifactService resolves a location behind the artifact proxy of a server: the address of the proxy, and the
// folder in it. The location is mlflow-artifacts:/folder, which is the proxy of this server,
// mlflow-artifacts://host:port/folder, which replaces the host and keeps scheme and path prefix
// (mlflow/store/artifact/mlflow_artifacts_repo.py), or the whole http(s) address. It is false for any other location.
func (c *Client) ArtifactService(location string) (service *url.URL, folder string, ok bool) {
	u, err := url.Parse(location)
	if err != nil {
		return nil, "", false
	}
	switch u.Scheme {
	case "mlflow-artifacts":
		service, folder = c.URL(artifactService), u.Path
		if u.Host != "" {
			service.Host = u.Host
		}
	case "http", "https":
		before, after, found := strings.Cut(u.Path, artifactService+"/artifacts")
		if !found {
			return nil, "", false
		}
		service, folder = &url.URL{Scheme: u.Scheme, Host: u.Host, Path: before + artifactService}, after
	default:
		return nil, "", false
	}
	return service, strings.Trim(folder, "/"), true
}

// PresignedUpload asks the server, MLflow 3.12 or newer with a bucket as artifact root, for an address that takes one
// file, and the headers that go with it. The owner is a run id or, beginning with "m-", the id of a logged model; path
// is relative to the owner's artifacts. The address is good for 15 minutes.
func (c *Client) PresignedUpload(ctx context.Context, owner, path string) (*url.URL, http.Header, error) {
	in := map[string]string{"path": path}
	if strings.HasPrefix(owner, "m-") {
		in["model_id"] = owner
	} else {
		in["run_id"] = owner
	}
	var answer struct {
		URL     string            `json:"presigned_url"`
		Headers map[string]string `json:"headers"`
	}
	if err := c.post(ctx, "artifacts/presigned-upload-url", in, &answer); err != nil {
		return nil, nil, err
	}
	to, err := url.Parse(answer.URL)
	if err != nil || to.Host == "" {
		return nil, nil, fmt.Errorf("the server sent no usable address to upload %q to", path) // not quoted: it is a secret
	}
	headers := http.Header{}
	for name, value := range answer.Headers {
		headers.Set(name, value)
	}
	return to, headers, nil
}
