package hint_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/hint"
)

func TestOf(t *testing.T) {
	t.Parallel()
	plain := errors.New("no")
	hinted := hint.With(plain, "try again")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing":  {nil, ""},
		"plain":    {plain, ""},
		"hinted":   {hinted, "try again"},
		"wrapped":  {fmt.Errorf("open: %w", hinted), "try again"},
		"joined":   {errors.Join(plain, hinted, hint.With(plain, "second")), "try again"},
		"outer":    {hint.With(hinted, "outer first"), "outer first"},
		"of nil":   {hint.With(nil, "never"), ""},
		"in a sum": {errors.Join(fmt.Errorf("a: %w", plain), fmt.Errorf("b: %w", hinted)), "try again"},
	} {
		if got := hint.Of(c.err); got != c.want {
			t.Errorf("%s: hint %q, want %q", name, got, c.want)
		}
	}
	if hinted.Error() != "no" || !errors.Is(hinted, plain) || hint.With(nil, "never") != nil {
		t.Errorf("%v is not the error itself", hinted)
	}
}
