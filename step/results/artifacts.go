package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// maxEntries bounds the files and folders that one call visits.
const maxEntries = 200_000

// maxTold bounds the names that one warning tells.
const maxTold = 5

// File is one file to upload.
type File struct {
	Source string // absolute path, symbolic links resolved
	Target string // path below the artifact root, with slashes
}

// Where says where artifacts may lie.
type Where struct {
	Dir   string   // absolute; relative paths start here
	Roots []string // folders from which files may be taken: the workspace, RUNNER_TEMP, TMPDIR
	Own   []string // absolute; files and folders of the store and of this program, which are no artifacts
	Model string   // folder with the model to register, which may be uploaded from wherever it is, also from Own
}

// Artifacts finds the files that the user's setting and the result name, in the order of the specs, files of a folder by
// name. A spec is one of
//
//	model.pkl            a file: goes to the artifact root under its name
//	plots                a folder: its contents go to the root, as with mlflow.log_artifacts
//	out/**/*.png         a glob: files keep their path below its fixed part, so out/a/b.png goes to a/b.png
//	plots => figures     any of these: placed in a folder below the root
//	!out/**/tmp-*        a glob: excludes files, and folders with all their contents, whichever spec named them
//
// Globs are those of doublestar (https://github.com/bmatcuk/doublestar#patterns): ** also stands for no folder at all. A
// spec that is the name of an existing file is not a glob. Excluding globs are matched with the path from Dir, or with the
// absolute one if they are absolute. A .git is skipped unless a spec names it, because it may hold a token.
//
// A file is taken only if it lies in one of the roots after all symbolic links are resolved; links inside are followed.
// A missing path, one outside of the roots, and two files with one target, of which the first is taken, are errors of the
// result; of the setting they are warnings, as a step that failed did not write all its files. A glob without a
// match is a warning in both.
//
// What lies in where.Own is passed over: each run would upload the artifacts of those before it. A spec that names nothing else is a
// warning.
func Artifacts(setting, result []string, where Where) ([]File, []Problem) {
	f := &finder{dir: where.Dir, model: where.Model, targets: map[string]string{}, folders: map[string]string{}}
	for _, own := range where.Own {
		f.own = append(f.own, realPath(own))
	}
	for _, root := range where.Roots {
		if real, err := filepath.EvalSymlinks(root); err == nil {
			f.roots = append(f.roots, real)
		}
	}
	for _, s := range append(f.parse(Warning, setting), f.parse(Error, result)...) {
		f.find(s)
	}
	if f.entries > maxEntries {
		f.problem(Error, "", "name fewer files, or pack them", "more than %d files and folders; the rest is not uploaded", maxEntries)
	}
	if n := len(f.renamed); n > 0 {
		f.problem(Warning, "", "", "%d names are not UTF-8: %s", n, strings.Join(f.renamed[:min(n, maxTold)], ", "))
	}
	return f.files, f.problems.all()
}

// finder collects files.
type finder struct {
	dir      string
	roots    []string // resolved
	own      []string // resolved
	model    string
	excludes []string
	files    []File
	targets  map[string]string // the source of each target
	folders  map[string]string // a source below each folder of targets
	problems problems
	entries  int      // visited
	renamed  []string // files whose names are not UTF-8, and their targets
}

// find collects the files of one spec.
func (f *finder) find(s spec) {
	name := f.absolute(s.path)
	if _, err := os.Lstat(name); err == nil || !s.isGlob() {
		f.named(s, name)
		return
	}
	if !doublestar.ValidatePattern(s.path) {
		f.problem(s.fault, s.text, "", "%v", doublestar.ErrBadPattern)
		return
	}
	base, pattern := doublestar.SplitPattern(path.Clean(s.path))
	w := walk{finder: f, spec: s, root: f.absolute(base), pattern: pattern}
	if !strings.Contains(pattern, "**") {
		w.depth = strings.Count(pattern, "/") + 1
	}
	before := len(f.problems.list)
	w.run()
	if w.taken == 0 && len(f.problems.list) == before && len(w.leftOut) == 0 && !f.onlyOwn(s, w.taken, w.own) {
		f.problem(Warning, s.text, "", "no file matches")
	}
	for _, folder := range w.leftOut {
		f.problem(Warning, s.text, "to upload its contents, end the glob with **", "%q is a folder and is not uploaded", folder)
	}
}

// named collects the file or the contents of the folder with this name.
func (f *finder) named(s spec, name string) {
	real, info, ok := f.resolve(s, name)
	switch {
	case !ok:
	case info.IsDir():
		w := walk{finder: f, spec: s, root: name, pattern: "**"}
		w.run()
		f.onlyOwn(s, w.taken, w.own)
	default:
		f.take(s, name, real, info, filepath.Base(name))
	}
}

// resolve follows all symbolic links of a name and checks that the target is allowed. What is wrong is recorded.
func (f *finder) resolve(s spec, name string) (real string, info fs.FileInfo, ok bool) {
	real, err := filepath.EvalSymlinks(name)
	if err == nil {
		info, err = os.Stat(real)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.problem(s.fault, s.text, "", "%q does not exist", name)
	case err != nil:
		f.problem(s.fault, s.text, "", "read %q: %v", name, withoutPath(err))
	case f.isOwn(real) && s.path != filepath.ToSlash(f.model):
		f.problem(Warning, s.text, ownHint, "%q is not uploaded: it belongs to the store or to mlops-track itself", name)
	case !f.allowed(real):
		f.problem(s.fault, s.text, "copy it into the workspace", "%q is outside of the workspace: it is %q", name, real)
	default:
		return real, info, true
	}
	return "", nil, false
}

// take records a file and reports whether to upload it. below is its path below what the spec names.
func (f *finder) take(s spec, name, real string, info fs.FileInfo, below string) bool {
	if f.excluded(name) {
		return false
	}
	if !info.Mode().IsRegular() {
		f.problem(Warning, s.text, "", "%q is not uploaded: it is not a regular file", name)
		return false
	}
	target := f.target(s, name, below)
	if other, ok := f.inTheWay(target); ok {
		if other != real {
			f.problem(s.fault, s.text, "place one of them elsewhere: path => folder",
				"%q and %q have the same target %q", other, real, target)
		}
		return true
	}
	f.targets[target] = real
	for dir := path.Dir(target); dir != "."; dir = path.Dir(dir) {
		f.folders[dir] = real
	}
	f.files = append(f.files, File{Source: real, Target: target})
	return true
}

// target returns the path of a file below the artifact root. One that is not UTF-8 would make MLflow and S3 fail on the whole folder.
func (f *finder) target(s spec, name, below string) string {
	target := path.Join(s.target, filepath.ToSlash(below))
	valid := mlflow.ValidPath(target)
	if valid != target {
		f.renamed = append(f.renamed, fmt.Sprintf("%q is uploaded as %q", name, valid))
	}
	return valid
}

// inTheWay returns the file that already has the target, is below it, or is a file where a folder is needed.
func (f *finder) inTheWay(target string) (string, bool) {
	if other, ok := f.folders[target]; ok {
		return other, true
	}
	for at := target; at != "."; at = path.Dir(at) {
		if other, ok := f.targets[at]; ok {
			return other, true
		}
	}
	return "", false
}

func (f *finder) allowed(real string) bool {
	for _, root := range f.roots {
		if rel, err := filepath.Rel(root, real); err == nil && filepath.IsLocal(rel) {
			return true
		}
	}
	return false
}

// excluded reports whether an excluding glob matches a path or a folder above it.
func (f *finder) excluded(name string) bool {
	relative := name
	if rel, err := filepath.Rel(f.dir, name); err == nil {
		relative = rel
	}
	for _, pattern := range f.excludes {
		at := filepath.ToSlash(relative)
		if filepath.IsAbs(filepath.FromSlash(pattern)) {
			at = filepath.ToSlash(name)
		}
		for ; at != path.Dir(at); at = path.Dir(at) {
			if doublestar.MatchUnvalidated(pattern, at) {
				return true
			}
		}
	}
	return false
}

func (f *finder) absolute(name string) string {
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(f.dir, name)
}

func (f *finder) problem(severity Severity, key, hint, format string, args ...any) {
	where := "artifacts: "
	if key != "" {
		where = fmt.Sprintf("artifacts, %q: ", key)
	}
	f.problems.add(Problem{Severity: severity, Key: key, Hint: hint, Message: where + fmt.Sprintf(format, args...)})
}
