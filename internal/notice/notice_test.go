package notice_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/notice"
)

func TestNotices(t *testing.T) {
	t.Parallel()
	got := append(notice.FromError(hint.With(errors.New("no"), "try again")), notice.Warn("a", "b"), notice.Fail("c", ""))
	want := []notice.Notice{
		{Severity: notice.Warning, Text: "no", Hint: "try again"}, {Severity: notice.Warning, Text: "a", Hint: "b"}, {Severity: notice.Error, Text: "c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if none := notice.FromError(nil); len(none) > 0 {
		t.Errorf("no error is %v", none)
	}
}
