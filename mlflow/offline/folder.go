package offline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// Open opens the local store of an offline folder, to upload from it. The folder may be a foreign one: a store that is a link, and
// so may lie elsewhere, is rejected.
func Open(ctx context.Context, dir string) (*store.Opened, error) {
	const file = "mlflow.db" // see StoreURI
	info, err := os.Lstat(filepath.Join(dir, file))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("open the offline folder %q: its %s is not a file but %s", dir, file, regularfile.Kind(info.Mode()))
	}
	return store.Open(ctx, store.Options{URI: StoreURI, Dir: dir})
}
