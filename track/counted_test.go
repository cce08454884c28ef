package track

import (
	"errors"
	"fmt"
	"testing"
)

// What comes many times is told once, and is still the error that it was.
func TestErrorsAreCounted(t *testing.T) {
	t.Parallel()
	tooLarge := errors.New("too large")
	same := func() error { return fmt.Errorf("log the result: %w", tooLarge) }
	got := counted([]error{same(), errors.New("other"), same(), same()})
	if len(got) != 2 || got[0].Error() != "log the result: too large (3 times)" || !errors.Is(got[0], tooLarge) || got[1].Error() != "other" {
		t.Errorf("%q", got)
	}
}
