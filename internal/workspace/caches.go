package workspace

import (
	"os"
	"path/filepath"
)

// caches are the folders of a workspace that package managers use when they are there, by variable.
// https://docs.astral.sh/uv/reference/environment/#uv_cache_dir
// https://pip.pypa.io/en/stable/topics/caching/
var caches = map[string]string{
	"PIP_CACHE_DIR": filepath.Join(".cache", "pip"),
	"UV_CACHE_DIR":  filepath.Join(".cache", "uv"),
}

// Caches returns the variables, NAME=value, that make pip and uv use the caches in the workspace dir. A cache whose folder is
// not there, or whose variable is set, is left out. The folders become ours, as pip run by root uses no cache of another
// user's; GiveBack gives them back.
func Caches(dir string, getenv func(string) string) []string {
	var variables []string
	for name, folder := range caches {
		path := filepath.Join(dir, folder)
		if info, err := os.Lstat(path); err != nil || !info.IsDir() || getenv(name) != "" || take(path) != nil {
			continue
		}
		variables = append(variables, name+"="+path)
	}
	return variables
}
