package settings

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// parser resolves settings and collects what is wrong with them.
type parser struct {
	src      Sources
	settings map[string]Setting
	faults   []error
}

func newParser(src Sources) *parser {
	p := &parser{src: src, settings: map[string]Setting{}}
	for _, s := range All() {
		p.settings[s.Name] = s
	}
	return p
}

func (p *parser) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, args...))
}

// candidates are the values given for a setting, the strongest first.
func (p *parser) candidates(s Setting) []string {
	set, _ := p.src.Set(s.Name)
	if s.ActionOnly {
		return []string{set}
	}
	own := p.src.Env(s.Env())
	all := []string{set, own}
	switch {
	case p.src.Action && s.filledIn(): // somebody set the variable; the input may be the runner's
		all = []string{own, set}
	case p.src.Action && set == s.Default: // as good as not set: a runner passes the defaults of an action.yml like those that somebody wrote
		all = []string{own}
	}
	all = append(all, p.src.Env(s.TemplateEnv()), p.src.File[s.Name])
	for _, name := range s.Ecosystem {
		all = append(all, p.src.Env(name))
	}
	return all
}

// text resolves a setting. Empty means unset.
func (p *parser) text(name string) string {
	s := p.settings[name]
	value := s.Default
	for _, v := range p.candidates(s) {
		if v = strings.TrimSpace(v); v != "" {
			value = v
			break
		}
	}
	if len(s.Choices) > 0 && !slices.Contains(s.Choices, value) {
		p.fault("%s %q is unknown: one of %s", name, value, strings.Join(s.Choices, ", "))
	}
	return value
}

// given reports whether any source sets a setting, so that its value is not the default.
func (p *parser) given(name string) bool {
	return slices.ContainsFunc(p.candidates(p.settings[name]), func(v string) bool { return strings.TrimSpace(v) != "" })
}

// word is a text that becomes a part of a request, and so has no control characters; it is not quoted where it is a secret.
func (p *parser) word(name string) string {
	text := p.text(name)
	at := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) || p.settings[name].Secret && r > unicode.MaxASCII })
	if at < 0 {
		return text
	}
	shown := name
	if !p.settings[name].Secret {
		shown += " " + strconv.Quote(text)
	}
	r, _ := utf8.DecodeRuneInString(text[at:])
	p.fault("%s contains the character %U, which cannot be sent: set it again, without what was pasted along with it", shown, r)
	return ""
}

func (p *parser) lines(name string) []string { return lines(p.text(name)) }

// lines are those of a text that are not blank, without white space around.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// list is a setting of several values, one a line or separated by commas.
func (p *parser) list(name string) []string {
	var out []string
	for _, line := range p.lines(name) {
		for part := range strings.SplitSeq(line, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// patterns reads regular expressions, one a line. One that matches the empty text would tear every text to pieces.
func (p *parser) patterns(name string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, line := range p.lines(name) {
		pattern, err := regexp.Compile(line)
		switch {
		case err != nil:
			p.fault("%s %q is not a regular expression: %w", name, line, err)
		case pattern.MatchString(""):
			p.fault("%s %q matches the empty text, and so everywhere", name, line)
		default:
			out = append(out, pattern)
		}
	}
	return out
}

func (p *parser) bool(name string) bool {
	text := p.text(name)
	v, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		p.fault("%s %q is neither true nor false", name, text)
	}
	return v
}

func (p *parser) number(name string) int {
	text := p.text(name)
	n, err := strconv.Atoi(text)
	if err != nil {
		p.fault("%s %q is not a whole number", name, text)
	}
	return n
}

// positive is a whole number above zero as text; empty where nothing is set.
func (p *parser) positive(name string) string {
	text := strings.TrimLeft(p.text(name), "#!")
	if n, err := strconv.Atoi(text); text != "" && (err != nil || n <= 0) {
		p.fault("%s %q is not the number of a request", name, text)
	}
	return text
}

func (p *parser) duration(name string) time.Duration {
	text := p.text(name)
	d, err := time.ParseDuration(text)
	if seconds, numErr := strconv.Atoi(text); err != nil && numErr == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d < 0 {
		p.fault("%s %q is not a duration such as 5s or 2m", name, text)
	}
	return d
}

// atLeastSecond is a duration in which a server can answer.
func (p *parser) atLeastSecond(name string) time.Duration {
	d := p.duration(name)
	if d >= 0 && d < time.Second {
		p.fault("%s %q is shorter than 1s, in which no server answers", name, p.text(name))
	}
	return d
}

// finishTimeout is how long finalization waits; 0 means without a limit.
func (p *parser) finishTimeout() time.Duration {
	const name = "finish-timeout"
	if d, err := time.ParseDuration(p.text(name)); err == nil && d == 0 {
		return 0
	}
	return p.atLeastSecond(name)
}

// path is absolute, or empty where nothing is set.
func (p *parser) path(name string) string {
	text := p.text(name)
	if text == "" || filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(p.src.Dir, text)
}

// object is a JSON object, nil where nothing is set. A fault does not quote the text: it is long, and may hold a secret that
// cannot be told from the rest.
func (p *parser) object(name string) map[string]any {
	text := p.text(name)
	if text == "" {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		p.fault("%s is not a JSON object: %w", name, err)
	}
	return v
}

// autologConfig is the JSON object of autolog-config. Its key flavors, the only one that is not MLflow's, is a list of names.
func (p *parser) autologConfig() map[string]any {
	config := p.object("autolog-config")
	flavors, ok := config["flavors"]
	if !ok {
		return config
	}
	list, ok := flavors.([]any)
	for _, name := range list {
		_, isName := name.(string)
		ok = ok && isName
	}
	if !ok {
		p.fault(`autolog-config: flavors %q is not a list of names such as ["openai"]`, fmt.Sprint(flavors))
	}
	return config
}

// compact is a JSON object on one line, as it counts against the limits of AWS.
func (p *parser) compact(name string) string {
	object := p.object(name)
	if object == nil {
		return ""
	}
	text, err := json.Marshal(object)
	if err != nil {
		p.fault("%s: %w", name, err)
	}
	return string(text)
}

// matrix is the cell of a matrix; empty outside of one, where GitHub's toJSON gives null.
func (p *parser) matrix() string {
	cell := p.text("matrix")
	if cell == "null" || cell == "{}" {
		return ""
	}
	p.object("matrix")
	return cell
}

// refuseUnbuilt makes a fault of each setting that this version does not have. An action's inputs are all looked at, as
// GitHub only warns about an unknown one.
func (p *parser) refuseUnbuilt() {
	for _, name := range unbuilt() {
		value, _ := p.src.Set(name)
		if name != "metrics" && value == "" { // MLOPS_METRICS is the metrics file inside a step
			value = p.src.Env(Setting{Name: name}.Env())
		}
		if value != "" || p.src.File[name] != "" {
			p.fault("%s is set, but this version does not have it yet: remove it", name)
		}
	}
}

// refuseUnknownKeys makes a fault of each key of the configuration file that names no setting: it would have no effect.
func (p *parser) refuseUnknownKeys() {
	for _, key := range slices.Sorted(maps.Keys(p.src.File)) {
		if s, known := p.settings[key]; (!known || s.ActionOnly) && !slices.Contains(unbuilt(), key) {
			p.fault("configuration file (mlops-track.toml or pyproject.toml): %q is not a known key", key)
		}
	}
}
