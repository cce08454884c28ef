package results

import (
	"path/filepath"
	"slices"
	"strings"
)

const ownHint = "name the files that the step wrote"

// isOwn reports whether a path, all links of which are resolved, is one of our own files or lies in one of our own folders.
func (f *finder) isOwn(real string) bool {
	return slices.ContainsFunc(f.own, func(own string) bool {
		below, found := strings.CutPrefix(real, own)
		return found && (below == "" || below[0] == filepath.Separator)
	})
}

// onlyOwn records that a spec of which so many files are taken names only our own, such as this one, and reports whether it does.
func (f *finder) onlyOwn(s spec, taken int, own string) bool {
	if taken > 0 || own == "" {
		return false
	}
	f.problem(Warning, s.text, ownHint, "no file matches besides %q, which belongs to the store or to mlops-track itself and is no artifact", own)
	return true
}

// realPath is a path with all symbolic links resolved, as far as it exists.
func realPath(name string) string {
	name = filepath.Clean(name)
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	if parent := filepath.Dir(name); parent != name {
		return filepath.Join(realPath(parent), filepath.Base(name))
	}
	return name
}
