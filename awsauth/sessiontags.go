package awsauth

import (
	"regexp"
	"strings"
	"unicode"
)

// Job holds the facts about a CI job that become session tags. Empty fields give no tag.
type Job struct {
	Repository string // owner/name, or a project's path
	Workflow   string // the workflow's or pipeline's name
	Action     string // the step (GITHUB_ACTION) or the GitLab job's name
	Actor      string // who started it
	Ref        string // refs/heads/main, or a branch's name
	Commit     string
}

// GitHubTags returns session tags with the names of aws-actions/configure-aws-credentials.
//
// https://github.com/aws-actions/configure-aws-credentials#session-tagging
func GitHubTags(j Job) []Tag {
	return cleanTags(append([]Tag{{"GitHub", "Actions"}}, j.tags("Action")...))
}

// GitLabTags returns the same for a job of GitLab, with Job in place of Action.
func GitLabTags(j Job) []Tag {
	return cleanTags(append([]Tag{{"GitLab", "CI"}}, j.tags("Job")...))
}

func (j Job) tags(action string) []Tag {
	return []Tag{
		{"Repository", j.Repository}, {"Workflow", j.Workflow}, {action, j.Action},
		{"Actor", j.Actor}, {"Branch", j.Ref}, {"Commit", j.Commit},
	}
}

// notInTags reports whether a character is not allowed in a session tag.
func notInTags(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r)
}

// underscored replaces characters that are not allowed in a session tag.
func underscored(text string) string {
	return strings.Map(func(r rune) rune {
		if notInTags(r) {
			return '_'
		}
		return r
	}, text)
}

// cleanTags removes empty tags and makes the others fit STS's rule.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know
func cleanTags(tags []Tag) []Tag {
	var clean []Tag
	for _, t := range tags {
		if t.Key == "" || t.Value == "" || len(clean) == maxTags {
			continue
		}
		clean = append(clean, Tag{
			Key:   cut(underscored(t.Key), maxTagKey),
			Value: cut(underscored(t.Value), maxTagValue),
		})
	}
	return clean
}

var notInSessionNames = regexp.MustCompile(`[^\w+=,.@-]+`)

// SessionName makes a text fit the rule for role session names: 2 to 64 characters of [\w+=,.@-].
func SessionName(text string) string {
	name := strings.Trim(cut(strings.Trim(notInSessionNames.ReplaceAllString(text, "-"), "-"), maxSessionName), "-")
	if len(name) < 2 {
		return defaultSessionName
	}
	return name
}

// defaultSessionName is the session name if none is configured.
const defaultSessionName = "mlops-track"

// cut shortens a text to at most n characters.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}
