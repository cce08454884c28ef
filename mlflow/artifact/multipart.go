package artifact

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"

	"golang.org/x/sync/errgroup"

	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

const (
	// multipartSize is the size from which MLflow's own client uploads in parts
	// (MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE).
	multipartSize = 500 << 20
	// partSize and maxParts keep the limits of S3, 5 MiB to 5 GiB a part and 10,000 parts
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
	partSize      = 64 << 20
	maxParts      = 10_000
	parallelParts = 4
)

// errNoMultipart means that the server does not accept a file in parts.
var errNoMultipart = errors.New("no multipart upload")

type part struct {
	Number int    `json:"part_number"`
	ETag   string `json:"etag"`
	URL    string `json:"url"`
}

// putParts uploads a file in parts, directly to the bucket behind the server with presigned URLs.
func (p *proxied) putParts(ctx context.Context, to string, from Source, size int64) error {
	length := max(partSize, (size+maxParts-1)/maxParts)
	count := int((size + length - 1) / length)
	var upload struct {
		ID    string `json:"upload_id"`
		Parts []struct {
			Number  int               `json:"part_number"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
		} `json:"credentials"`
	}
	err := p.multipart(ctx, "create", to, map[string]any{"path": path.Base(to), "num_parts": count}, &upload)
	switch status := statusOf(err); {
	case status == http.StatusNotImplemented, status == http.StatusNotFound:
		return errNoMultipart
	case err != nil:
		return err
	}
	if len(upload.Parts) != count {
		return fmt.Errorf("upload %q in %d parts: the server sent addresses for %d", to, count, len(upload.Parts))
	}
	parts := make([]part, count)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelParts)
	for i, c := range upload.Parts {
		group.Go(func() error {
			offset := int64(c.Number-1) * length
			etag, err := p.putPart(groupCtx, to, from, offset, min(length, size-offset), c.URL, c.Headers)
			parts[i] = part{Number: c.Number, ETag: etag, URL: c.URL}
			return err
		})
	}
	if err = group.Wait(); err == nil {
		err = p.multipart(ctx, "complete", to, map[string]any{"path": path.Base(to), "upload_id": upload.ID, "parts": parts}, nil)
	}
	if err != nil { // else the bucket would store, and charge for, parts of an upload that is never completed
		abort := map[string]any{"path": path.Base(to), "upload_id": upload.ID}
		return errors.Join(err, p.multipart(context.WithoutCancel(ctx), "abort", to, abort, nil))
	}
	return nil
}

// multipart calls one of the three endpoints. They name the folder in the URL and the file in the body.
func (p *proxied) multipart(ctx context.Context, step, to string, in, out any) error {
	return p.client.JSON(ctx, rest.Call{
		Name: fmt.Sprintf("POST mpu/%s for artifact %q", step, to), Method: http.MethodPost, URL: p.url("mpu/"+step, path.Dir(to)),
		Timeout: uploadTimeout,
	}, in, out)
}

func (p *proxied) putPart(ctx context.Context, to string, from Source, offset, length int64, address string,
	headers map[string]string,
) (etag string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("upload a part of %q: the server sent no usable address", to) // not quoted: it is a secret
	}
	header := http.Header{}
	for name, value := range headers {
		header.Set(name, value)
	}
	err = p.client.Do(ctx, rest.Call{
		Name: fmt.Sprintf("PUT part of artifact %q", to), Method: http.MethodPut, URL: u, Header: header, Foreign: true,
		Body: rest.Body{Open: from.section(offset, length), Length: length}, Timeout: uploadTimeout,
	}, func(resp *http.Response) error {
		etag = resp.Header.Get("ETag") // with its quotes, as complete wants it
		return drained(resp)
	})
	return etag, err
}
