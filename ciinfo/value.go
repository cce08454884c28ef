package ciinfo

import (
	"strconv"
	"strings"
)

// isTrue reads a variable that says yes: true, and True as systems that are written in C# put it.
func isTrue(value string) bool { return strings.EqualFold(strings.TrimSpace(value), "true") }

// commitSHA is a commit, whole or shortened; empty for anything else, as HEAD.
func commitSHA(value string) string {
	if len(value) < 7 || len(value) > 64 || strings.Trim(value, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return value
}

// changeNumber is the number of a pull request; empty for anything else, as the word false.
func changeNumber(value string) string {
	if n, err := strconv.Atoi(value); err != nil || n <= 0 {
		return ""
	}
	return value
}

// counted reads a counter that starts at the given number and returns it counted from 1; 0 if it is not a number.
func counted(value string, start int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < start {
		return 0
	}
	return n - start + 1
}

// shard is the matrix cell of a job that runs several times at once, and its label: 2of5. The index starts at the given
// number. Both are empty outside such a job.
func shard(index, total string, start int) (cell, label string) {
	i, n := counted(index, start), counted(total, 1)
	if n < 2 || i < 1 || i > n {
		return "", ""
	}
	number, count := strconv.Itoa(i), strconv.Itoa(n)
	return quoteAll(number + "/" + count), number + "of" + count
}

// firstLine is the first line of a text.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

// headAt is the head of a job that builds a tag, if there is one, or else a branch, at this commit.
func headAt(branch, tag, commit string) Head {
	sha := commitSHA(commit)
	head := Head{Ref: shortRef(tag), Type: Tag, SHA: sha, CheckoutSHA: sha}
	if tag != "" {
		return head
	}
	head.Ref, head.Type = shortRef(branch), refType(branch)
	if head.Type == "" && head.Ref != "" {
		head.Type = Branch
	}
	return head
}

// startedBy is the kind of an event that only what is built can tell: a change, a tag, or else the given kind.
func startedBy(change Change, head Head, otherwise EventKind) EventKind {
	switch {
	case change.ID != "":
		return EventChange
	case head.Type == Tag:
		return EventTag
	}
	return otherwise
}
