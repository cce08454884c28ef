package guard

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Processes of the same user can read neither our memory nor our environment.
func TestNotDumpable(t *testing.T) {
	t.Parallel()
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable %d, %v; want 0", dumpable, err)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	const line = "7 (a) 1 (b) S 10 11 12 13 14 15"
	for first, want := range map[int][4]uintptr{4: {10, 11, 12, 13}, 5: {11, 12, 13, 14}} {
		if got, ok := fields([]byte(line), first); got != want || !ok {
			t.Errorf("fields from %d: %v, %t", first, got, ok)
		}
	}
	for name, text := range map[string]string{"too short": "7 (a) S 10 11 12", "empty": ""} {
		if got, ok := fields([]byte(text), 4); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}
