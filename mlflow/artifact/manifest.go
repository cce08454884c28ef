package artifact

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// ManifestPath is the file in which an upload into a bucket records the digests of its files: in a folder of its own, so that no
// folder that MLflow reads as a model or a table gets another file. A user's file with this path is not changed.
const ManifestPath = "mlops-track/manifest.json"

// manifest lists the files that were uploaded, by path.
type manifest map[string]manifestEntry

type manifestEntry struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// manifestFile is what is written.
type manifestFile struct {
	Version int             `json:"version"`
	Files   []manifestEntry `json:"files"`
}

// mostManifest bounds what is read of one that is there.
const mostManifest = 256 << 20

// writeManifest adds files to the manifest, which may be there already.
func (b *bucket) writeManifest(ctx context.Context, files manifest, there bool) error {
	all := manifest{}
	if there {
		var err error
		if all, err = b.readManifest(ctx); err != nil {
			return fmt.Errorf("read %s: %w", ManifestPath, err)
		}
	}
	before := maps.Clone(all)
	maps.Copy(all, files)
	if maps.Equal(before, all) {
		return nil
	}
	entries := slices.SortedFunc(maps.Values(all), func(a, b manifestEntry) int { return strings.Compare(a.Path, b.Path) })
	text, err := json.MarshalIndent(manifestFile{Version: 1, Files: entries}, "", " ")
	if err != nil {
		return err
	}
	content, err := digestOf(ctx, bytes.NewReader(text), false)
	if err != nil {
		return err
	}
	if err := b.putSmall(ctx, ManifestPath, bytes.NewReader(text), content, func(int64) {}); err != nil {
		return fmt.Errorf("write %s: %w", ManifestPath, err)
	}
	return nil
}

// readManifest reads the manifest of an earlier upload; a file that is not a manifest counts as none.
func (b *bucket) readManifest(ctx context.Context) (manifest, error) {
	files := manifest{}
	r, err := b.Open(ctx, ManifestPath)
	if errors.Is(err, mlflow.ErrNotFound) {
		return files, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var before manifestFile
	if err := json.NewDecoder(io.LimitReader(r, mostManifest)).Decode(&before); err != nil {
		return files, nil //nolint:nilerr // see above
	}
	for _, f := range before.Files {
		files[f.Path] = f
	}
	return files, nil
}
