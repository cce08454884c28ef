package mlflow

import (
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// LocalPath returns the path on this machine that an artifact location names: a plain path, absolute or relative, or a
// file URI. As in MLflow (local_file_uri_to_path in mlflow/utils/file_utils.py), %XX is decoded in both. It is false
// for every other scheme and for a file URI of another host.
func LocalPath(location string) (string, bool) {
	p := location
	scheme, rest, found := strings.Cut(location, ":")
	switch {
	case !found, strings.ContainsAny(scheme, `/\`), len(scheme) == 1: // a plain path; one letter is a drive
	case strings.EqualFold(scheme, "file"):
		p = rest
		if authority, ok := strings.CutPrefix(rest, "//"); ok {
			host, below, _ := strings.Cut(authority, "/")
			if host != "" && host != "localhost" {
				return "", false
			}
			p = "/" + below
		}
	default:
		return "", false
	}
	if decoded, err := url.PathUnescape(p); err == nil {
		p = decoded
	}
	if drive, ok := strings.CutPrefix(p, "/"); ok && filepath.VolumeName(drive) != "" {
		p = drive // file:///C:/x
	}
	return filepath.FromSlash(p), p != ""
}

// LocalLocation is the artifact location of a path, the inverse of LocalPath. It is the plain path, as MLflow itself
// writes it, unless that would be misread as a URI or is not UTF-8; then it is a file URI, or a relative path with %XX.
func LocalLocation(path string) string {
	slashed := filepath.ToSlash(path)
	drive := filepath.VolumeName(path)
	switch {
	case drive != "" && filepath.IsAbs(path):
		return "file:///" + (&url.URL{Path: strings.TrimPrefix(slashed, "/")}).EscapedPath()
	case !strings.ContainsAny(slashed, "%#?") && utf8.ValidString(slashed):
		return slashed
	case strings.HasPrefix(slashed, "/"):
		return "file://" + (&url.URL{Path: slashed}).EscapedPath()
	default:
		return (&url.URL{Path: slashed}).EscapedPath()
	}
}

// AbsoluteLocation resolves a relative artifact location against an absolute folder. Every other location is returned
// as it is.
func AbsoluteLocation(location, folder string) string {
	if p, ok := LocalPath(location); ok && !filepath.IsAbs(p) {
		return LocalLocation(filepath.Join(folder, p))
	}
	return location
}

// RelativeLocation is the inverse of AbsoluteLocation for a location inside the folder. Every other location is
// returned as it is. MLflow resolves a relative location against the current directory of whoever reads it.
func RelativeLocation(location, folder string) string {
	p, ok := LocalPath(location)
	if !ok || !filepath.IsAbs(p) {
		return location
	}
	rel, err := filepath.Rel(folder, p)
	if err != nil || !filepath.IsLocal(rel) {
		return location
	}
	return LocalLocation(rel)
}

// JoinLocation appends path elements to a location and leaves its query where it is.
func JoinLocation(location string, elem ...string) string {
	base, query := location, ""
	if i := strings.IndexByte(location, '?'); i >= 0 && strings.Contains(location[:i], "://") {
		base, query = location[:i], location[i:]
	}
	return strings.TrimRight(base, "/") + "/" + strings.Join(elem, "/") + query
}
