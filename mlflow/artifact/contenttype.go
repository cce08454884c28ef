package artifact

import (
	_ "embed"
	"path"
	"strings"
)

// The table of Python's mimetypes without the files of a system, one type with its endings a line; by it MLflow chooses
// content types (https://docs.python.org/3/library/mimetypes.html).
//
//go:embed contenttypes.txt
var contentTypeTable string

// contentTypes has the content type by ending.
type contentTypes map[string]string

func loadContentTypes() contentTypes {
	types := contentTypes{}
	for line := range strings.Lines(contentTypeTable) {
		words := strings.Fields(line)
		for _, ending := range words[1:] {
			types[ending] = words[0]
		}
	}
	return types
}

// guess returns type and encoding of a file as Python's mimetypes.guess_type; both may be empty.
func (c contentTypes) guess(name string) (kind, encoding string) {
	base, ending := splitEnding(path.Base(name))
	switch strings.ToLower(ending) {
	case ".svgz":
		ending, encoding = ".svg", "gzip"
	case ".tgz", ".taz", ".tz":
		ending, encoding = ".tar", "gzip"
	case ".tbz2":
		ending, encoding = ".tar", "bzip2"
	case ".txz":
		ending, encoding = ".tar", "xz"
	default:
		if encoding = encodingOf(ending); encoding != "" {
			_, ending = splitEnding(base)
		}
	}
	return c[strings.ToLower(ending)], encoding
}

func encodingOf(ending string) string {
	switch ending {
	case ".gz":
		return "gzip"
	case ".Z":
		return "compress"
	case ".bz2":
		return "bzip2"
	case ".xz":
		return "xz"
	case ".br":
		return "br"
	}
	return ""
}

// splitEnding cuts a name before its last dot. Dots at its begin make no ending.
func splitEnding(name string) (base, ending string) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || strings.Trim(name[:dot], ".") == "" {
		return name, ""
	}
	return name[:dot], name[dot:]
}
