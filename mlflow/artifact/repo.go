package artifact

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// Repo is the artifact location of one run or model. Paths in it are relative, with slashes. All methods are
// safe for concurrent use.
type Repo interface {
	// Put writes a file and replaces an existing one. A path that cannot be stored is an error.
	Put(ctx context.Context, path string, from Source) error
	// List returns what is directly in a folder, "" for the root; nothing for a folder that does not exist.
	List(ctx context.Context, folder string) ([]Entry, error)
	// Open reads a file; one that does not exist is mlflow.ErrNotFound. The caller closes it.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
}

// Entry is a file or folder in a Repo.
type Entry struct {
	Path string // from the root of the Repo
	Dir  bool
	Size int64 // of a file, in bytes
}

// Open returns the place that an artifact location names. The client is the one of the tracking server that gave the
// location, nil for a store without a server; buckets says how those of S3 are reached without it. Nothing is asked of
// either before the Repo is used, and the folder of a local location need not exist.
func Open(location string, client *rest.Client, buckets S3) (Repo, error) {
	if folder, ok := mlflow.LocalPath(location); ok {
		return &local{folder: folder}, nil
	}
	var server Repo
	if client != nil {
		if service, folder, ok := client.ArtifactService(location); ok {
			return &proxied{client: client, service: service, folder: folder}, nil
		}
		if owner := ownerOf(location); owner != "" {
			server = &presigned{client: client, location: location, owner: owner}
		}
	}
	scheme, _, _ := strings.Cut(location, ":")
	switch {
	case scheme == "s3" && buckets.Config != nil:
		bucket, err := buckets.bucket(location)
		if err != nil {
			return nil, err
		}
		return &direct{bucket: bucket, server: server}, nil
	case server != nil:
		return server, nil
	}
	return nil, hint.With(&mlflow.RejectedError{
		Call:    "open artifact location",
		Message: fmt.Sprintf("%q is not supported: %s", mlflow.RedactURI(location), notBuiltIn(scheme)),
	}, "start the tracking server with --serve-artifacts, so that files are uploaded through it")
}

// notBuiltIn returns the message for a location of this scheme.
func notBuiltIn(scheme string) string {
	return fmt.Sprintf("%s: is not built in; MLflow in the training may still write there", scheme)
}

// checkPath returns what is wrong with a path in a Repo.
func checkPath(p string) error {
	if p == "" || p == "." || path.Clean(p) != p || strings.HasPrefix(p, "/") || p == ".." || strings.HasPrefix(p, "../") ||
		strings.ContainsRune(p, 0) {
		return fmt.Errorf("artifact path %q must be a plain relative path", p)
	}
	return nil
}
