package e2e_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	markdownLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	markdownHeading = regexp.MustCompile(`(?m)^#{1,6} +(.+?)\s*$`)
	fencedCode      = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	plainPath       = regexp.MustCompile("`((?:docs|e2e|internal|mlflow|publish|scripts|settings|setup|step|track)/[\\w./-]+)`")
)

// A link in a page of this repository leads to a file and a heading that exist, and so does a path in backquotes.
func TestRootLinks(t *testing.T) {
	t.Parallel()
	for _, page := range repositoryFiles(t) {
		if !strings.HasSuffix(page, ".md") || strings.Contains(page, "testdata/") {
			continue
		}
		text := fencedCode.ReplaceAllString(readText(t, page), "")
		for _, match := range markdownLink.FindAllStringSubmatch(text, -1) {
			if link := match[1]; !strings.Contains(link, "://") && !strings.HasPrefix(link, "mailto:") {
				checkLink(t, page, link)
			}
		}
		for _, match := range plainPath.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(withoutPlaceholder(match[1])); err != nil && page != "docs/changelog.md" {
				t.Errorf("%s names %s, which does not exist", page, match[1])
			}
		}
	}
}

func checkLink(t *testing.T, page, link string) {
	t.Helper()
	file, heading, _ := strings.Cut(link, "#")
	target := page
	if file != "" {
		target = path.Join(path.Dir(page), file)
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("%s links to %s, which does not exist", page, link)
		return
	}
	if heading == "" || !strings.HasSuffix(target, ".md") {
		return
	}
	for _, match := range markdownHeading.FindAllStringSubmatch(fencedCode.ReplaceAllString(readText(t, target), ""), -1) {
		if anchor(match[1]) == heading {
			return
		}
	}
	t.Errorf("%s links to %s, and there is no such heading", page, link)
}

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// withoutPlaceholder is the part of a path before the NAME that the reader fills in.
func withoutPlaceholder(path string) string {
	before, _, _ := strings.Cut(path, "/NAME")
	return before
}
