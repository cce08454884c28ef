package workspace

import (
	"os"
	"path/filepath"
)

// Caches returns the variables, NAME=value, that make pip and uv use the caches .cache/pip and .cache/uv in the
// workspace dir. A cache whose folder is
// not there, or whose variable is set, is skipped. Root becomes the owner of the folders, as pip run by root uses no cache of
// another user; RestoreOwner undoes that.
func Caches(dir string, getenv func(string) string) []string {
	root, err := os.OpenRoot(dir) // a link in the workspace must not make root the owner of something elsewhere
	if err != nil {
		return nil
	}
	defer root.Close()
	var variables []string
	for name, folder := range map[string]string{
		"PIP_CACHE_DIR": "pip", // https://pip.pypa.io/en/stable/topics/caching/
		"UV_CACHE_DIR":  "uv",  // https://docs.astral.sh/uv/reference/environment/#uv_cache_dir
	} {
		cache := filepath.Join(".cache", folder)
		if info, err := root.Lstat(cache); err != nil || !info.IsDir() || getenv(name) != "" || take(root, cache) != nil {
			continue
		}
		variables = append(variables, name+"="+filepath.Join(dir, cache))
	}
	return variables
}
