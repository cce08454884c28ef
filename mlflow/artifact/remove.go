package artifact

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// Removal returns the function that removes a file, which lies alone in a folder, with that folder. It is nil for a place
// from which nothing can be removed.
func Removal(ctx context.Context, from Repo) (remove func(context.Context, string) error, err error) {
	if d, ok := from.(*direct); ok {
		if from, err = d.open(ctx); err != nil {
			return nil, err
		}
	}
	switch repo := from.(type) {
	case *bucket:
		return repo.remove, nil
	case *proxied:
		return repo.remove, nil
	case *local:
		return repo.remove, nil
	}
	return nil, nil
}

func (b *bucket) remove(ctx context.Context, p string) error {
	key := b.key(p)
	return b.do(ctx, "s3:DeleteObject", func(client *s3.Client) error {
		_, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key, ExpectedBucketOwner: b.owner()})
		return err
	})
}

// remove asks for the folder: where the server keeps files on its disk, it removes only folders.
func (p *proxied) remove(ctx context.Context, name string) error {
	folder := path.Dir(name)
	return p.client.Do(ctx, rest.Call{
		Name: fmt.Sprintf("DELETE artifacts %q", folder), Method: http.MethodDelete, URL: p.url("artifacts", folder),
	}, drained)
}

func (l *local) remove(_ context.Context, name string) error {
	file := filepath.Join(l.folder, filepath.FromSlash(name))
	if err := os.Remove(file); err != nil {
		return err
	}
	return os.Remove(filepath.Dir(file))
}
