package hint_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

// own is an error of another package that knows what to do, or has the method and does not.
type own struct {
	error
	text string
}

func (o own) Hint() string  { return o.text }
func (o own) Unwrap() error { return o.error }

func TestOf(t *testing.T) {
	t.Parallel()
	plain := errors.New("refused")
	hinted := hint.With(plain, "use another port")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no error":             {nil, ""},
		"no hint":              {plain, ""},
		"direct":               {hinted, "use another port"},
		"wrapped":              {fmt.Errorf("open: %w", hinted), "use another port"},
		"second of a join":     {errors.Join(plain, fmt.Errorf("open: %w", hinted)), "use another port"},
		"second of two wraps":  {fmt.Errorf("%w (%w)", plain, hinted), "use another port"},
		"outer wins":           {hint.With(hinted, "ask"), "ask"},
		"own method":           {fmt.Errorf("open: %w", own{plain, "wait"}), "wait"},
		"empty method is none": {own{hinted, ""}, "use another port"},
	} {
		if got := hint.Of(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if !errors.Is(hinted, plain) || hinted.Error() != "refused" {
		t.Errorf("%v is another error than before", hinted)
	}
	if hint.With(nil, "ask") != nil || hint.With(plain, "") != plain { //nolint:errorlint // the same value
		t.Error("With makes something of nothing")
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	table := hint.Table{
		{Code: "Expired ExpiredToken", Advice: "renew"},
		{Code: "KMS.*", Advice: "allow {key}"},
		{Status: 403, Words: "locked|closed", Advice: "unlock"},
		{Status: 403, If: "fork", Advice: "not from a fork"},
		{Status: 403, Advice: "allow {key} to {who}"},
		{Status: 3, Advice: "go there"},
	}
	for _, c := range []struct {
		answer hint.Answer
		want   string
	}{
		{hint.Answer{Code: "ExpiredToken", Status: 403}, "renew"},
		{hint.Answer{Code: "Expire"}, ""},
		{hint.Answer{Code: "KMS.Disabled"}, "allow a"},
		{hint.Answer{Status: 403, Message: "It is Locked", Is: []string{"fork"}}, "unlock"},
		{hint.Answer{Status: 403, Is: []string{"late", "fork"}}, "not from a fork"},
		{hint.Answer{Status: 403}, "allow a to b"},
		{hint.Answer{Status: 307}, "go there"},
		{hint.Answer{Status: 404}, ""},
	} {
		if got := table.Advice(c.answer, map[string]string{"key": "a", "who": "b"}); got != c.want {
			t.Errorf("%+v: %q, want %q", c.answer, got, c.want)
		}
	}
}
