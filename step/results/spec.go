package results

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// spec is one line of the setting artifacts, or one item of the result's, that names files to upload.
type spec struct {
	text   string
	path   string // a path or glob with slashes
	target string // folder below the artifact root; empty: the root itself
	fault  Severity
}

func (s spec) isGlob() bool { return strings.ContainsAny(s.path, `*?[{\`) }

// parse reads specs whose faults have a severity. Excluding ones go to f.excludes; empty ones are skipped.
func (f *finder) parse(fault Severity, list []string) []spec {
	var specs []spec
	for _, text := range list {
		text = strings.TrimSpace(text)
		if glob, ok := strings.CutPrefix(text, "!"); ok {
			f.exclude(fault, text, glob)
			continue
		}
		s, err := parseSpec(text)
		s.fault = fault
		if err != nil {
			f.problem(fault, text, `write path => folder, as in "plots/*.png => figures"`, "%v", err)
		} else if s.path != "" {
			specs = append(specs, s)
		}
	}
	return specs
}

func (f *finder) exclude(fault Severity, text, glob string) {
	glob = path.Clean(filepath.ToSlash(strings.TrimSpace(glob)))
	if !doublestar.ValidatePattern(glob) {
		f.problem(fault, text, "", "%v", doublestar.ErrBadPattern)
		return
	}
	f.excludes = append(f.excludes, glob)
}

func parseSpec(text string) (spec, error) {
	from, to, placed := strings.Cut(text, "=>")
	s := spec{text: text, path: filepath.ToSlash(strings.TrimSpace(from))}
	if !placed {
		return s, nil
	}
	if s.path == "" {
		return s, errors.New("a path is missing")
	}
	target := path.Clean(strings.Trim(filepath.ToSlash(strings.TrimSpace(to)), "/"))
	if !filepath.IsLocal(filepath.FromSlash(target)) {
		return s, fmt.Errorf("the target %q is outside of the artifact root", target)
	}
	if target != "." {
		s.target = target
	}
	return s, nil
}
