package settings

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// tags reads the setting tags, as lines or as one JSON object, and then every --tag.
func (p *parser) tags() []mlflow.Tag {
	var out []mlflow.Tag
	text := strings.TrimSpace(p.text("tags"))
	if strings.HasPrefix(text, "{") {
		for key, value := range p.object("tags") {
			out = append(out, p.tag(key, value))
		}
		slices.SortFunc(out, func(a, b mlflow.Tag) int { return strings.Compare(a.Key, b.Key) })
	} else {
		for _, line := range lines(text) {
			out = append(out, p.tagLine(line))
		}
	}
	for _, line := range p.src.Tags {
		out = append(out, p.tagLine(line))
	}
	return out
}

func (p *parser) tagLine(line string) mlflow.Tag {
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		p.fault("tag %q has no =: write key=value", line)
	}
	return p.tag(strings.TrimSpace(key), strings.TrimSpace(value))
}

func (p *parser) tag(key string, value any) mlflow.Tag {
	if err := mlflow.CheckKey(key); err != nil {
		p.fault("tags: %w", err)
	}
	text, ok := value.(string)
	if !ok {
		raw, err := json.Marshal(value)
		if err != nil {
			p.fault("tag %q: %w", key, err)
		}
		text = string(raw)
	}
	return mlflow.Tag{Key: key, Value: text}
}
