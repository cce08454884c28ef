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
	var variables []string
	for name, folder := range map[string]string{
		"PIP_CACHE_DIR": "pip", // https://pip.pypa.io/en/stable/topics/caching/
		"UV_CACHE_DIR":  "uv",  // https://docs.astral.sh/uv/reference/environment/#uv_cache_dir
	} {
		path := filepath.Join(dir, ".cache", folder)
		if info, err := os.Lstat(path); err != nil || !info.IsDir() || getenv(name) != "" || take(path) != nil {
			continue
		}
		variables = append(variables, name+"="+path)
	}
	return variables
}
