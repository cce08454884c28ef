package awsauth

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// Tag is a session tag.
type Tag struct{ Key, Value string }

// SessionTags are those of a session. A later session that is assumed from it inherits the transitive ones.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
type SessionTags struct {
	Job        []Tag    // of GitHubTags or GitLabTags, which fit STS's rules
	Custom     []Tag    // of the user, as they are
	Transitive []string // keys; those of tags that the session does not have are left out
}

// Job holds the facts about a CI job that become session tags. Empty fields give no tag.
type Job struct {
	Repository      string // owner/name, or a project's path
	Workflow        string // the workflow's or pipeline's name
	Action          string // the step: GITHUB_ACTION
	Job             string // the job's name
	Actor           string // who started it
	TriggeringActor string // who started it again
	Ref             string // refs/heads/main, or a branch's name
	Commit          string
	EventName       string // what started the pipeline
	BaseRef         string // target of a pull or merge request
	HeadRef         string // source of a pull or merge request
	RunID           string // of the pipeline
}

// GitHubTags returns session tags with the names of aws-actions/configure-aws-credentials.
//
// https://github.com/aws-actions/configure-aws-credentials#session-naming-and-policies
func GitHubTags(j Job) []Tag { return cleanTags(append([]Tag{{"GitHub", "Actions"}}, j.tags()...)) }

// GitLabTags returns the same for a job of GitLab.
func GitLabTags(j Job) []Tag { return cleanTags(append([]Tag{{"GitLab", "CI"}}, j.tags()...)) }

func (j Job) tags() []Tag {
	return []Tag{
		{"Repository", j.Repository}, {"Workflow", j.Workflow}, {"Action", j.Action}, {"Actor", j.Actor}, {"Branch", j.Ref}, {"Commit", j.Commit},
		{"EventName", j.EventName}, {"BaseRef", j.BaseRef}, {"HeadRef", j.HeadRef}, {"RunId", j.RunID}, {"Job", j.Job},
		{"TriggeringActor", j.TriggeringActor},
	}
}

// ownKeys are those of tags that the user cannot set: policies rely on them.
func ownKeys() []string {
	return []string{"GitHub", "GitLab", "Repository", "Workflow", "Action", "Actor", "Branch", "Commit"}
}

// droppableKeys are those of tags that are left out if all together are too large.
func droppableKeys() []string {
	return []string{"EventName", "BaseRef", "HeadRef", "RunId", "Job", "TriggeringActor"}
}

// droppable reports whether any tag may be left out.
func (t SessionTags) droppable() bool {
	return slices.ContainsFunc(t.Job, func(tag Tag) bool { return slices.Contains(droppableKeys(), tag.Key) })
}

// toSend returns the tags, without the droppable ones if there are to be fewer, and the transitive keys among them.
func (t SessionTags) toSend(fewer bool) (tags []types.Tag, transitive []string) {
	for _, tag := range slices.Concat(t.Job, t.Custom) {
		if fewer && slices.Contains(droppableKeys(), tag.Key) {
			continue
		}
		tags = append(tags, types.Tag{Key: aws.String(tag.Key), Value: aws.String(tag.Value)})
		if containsKey(t.Transitive, tag.Key) {
			transitive = append(transitive, tag.Key)
		}
	}
	return tags, transitive
}

// Unknown returns the transitive keys of which this session can never have a tag.
func (t SessionTags) Unknown() []string {
	known := slices.Concat(ownKeys(), droppableKeys())
	for _, tag := range t.Custom {
		known = append(known, tag.Key)
	}
	return slices.DeleteFunc(slices.Clone(t.Transitive), func(key string) bool { return containsKey(known, key) })
}

// containsKey reports whether a key is in the list; case does not count in keys of tags.
func containsKey(keys []string, key string) bool {
	return slices.ContainsFunc(keys, func(one string) bool { return strings.EqualFold(one, key) })
}

// tooManyTags reports whether STS rejected the size of the session tags. What else is too large is not helped by fewer tags.
func tooManyTags(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && strings.HasPrefix(e.Code, "PackedPolicyTooLarge") && e.says("tags")
}

func (i *issuer) sendsFewerTags() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fewerTags
}

// sendFewerTags leaves out the droppable tags from now on. It is false if that is so already.
func (i *issuer) sendFewerTags() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	changed := !i.fewerTags
	i.fewerTags = true
	return changed
}

// again notes in an error that the next attempt asks for less, and warns.
func (i *issuer) again(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	if i.opts.Warn != nil {
		i.opts.Warn(fmt.Sprintf("AWS: the session tags are too large together (%s); those of %s are left out", e.Message, strings.Join(droppableKeys(), ", ")),
			"shorten custom-tags, the session policies, or the tags that the calling session passes on")
	}
	e.again = true
	return e
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
