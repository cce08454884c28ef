package comment_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/Iyalvan/mlops-track/publish/comment"
)

// long is a section that takes what it gets, up to n bytes.
func long(name string, run int64, n int) comment.Section {
	s := says(name, run, "")
	s.Render = func(limit int) string {
		head := fmt.Sprintf("%s of run %d ", name, run)
		return head + strings.Repeat("é", max(min(limit, n)-len(head), 0)/2)
	}
	return s
}

func TestSectionsShareTheRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onGitHub(t)
		const cells = 256 // the most a matrix has
		for n := range cells {
			post(t, s, long(fmt.Sprintf("cell %03d", n), 1, 100_000), comment.Update)
			body := s.Comments(7)[0].Body
			if len(body) > 60_000 {
				t.Fatalf("%d cells take %d bytes", n+1, len(body))
			}
			if n == 3 && strings.Count(body, "é") < 28_000 || n == 5 && strings.Count(body, "\ncell ") != 6 {
				t.Errorf("%d cells have too little text:\n%.500s", n+1, body)
			}
		}
		body := s.Comments(7)[0].Body
		if n := strings.Count(body, "<!-- mlops-track section"); n != cells {
			t.Errorf("%d sections are known", n)
		}
		if n := strings.Count(body, "\ncell "); n < 50 {
			t.Errorf("%d sections are shown", n)
		}
		if !strings.Contains(body, "of 256 reports are not shown here") {
			t.Error("nothing says that some are not shown")
		}
	})
}

// Short sections stay whole beside a long one, and what older runs left gives way first.
func TestOlderRunsGiveWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onGitHub(t)
		limit := s.open(token, 7).Limit()
		for _, name := range []string{"a", "b", "c", "d", "gone"} {
			post(t, s, long(name, 1, limit), comment.Update)
		}
		for _, name := range []string{"a", "b", "c", "d"} {
			post(t, s, long(name, 2, limit), comment.Update)
		}
		post(t, s, says("e", 2, "short"), comment.Update)
		body := s.Comments(7)[0].Body
		if len(body) > limit || !strings.Contains(body, "\nshort\n") || !strings.Contains(body, "\ngone of run 1") {
			t.Errorf("%d bytes:\n%.500s", len(body), body)
		}
		if got := strings.Count(body, "é"); got < limit*7/10/2 {
			t.Errorf("%d letters of sections that fit", got)
		}
	})
}

// A section that takes more than it may is folded, not cut.
func TestSectionThatDoesNotKeepToItsLimit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s side) {
		post(t, s, says("a", 1, "of a"), comment.Update)
		post(t, s, says("b", 1, strings.Repeat("x", 2_000_000)), comment.Update)
		if got := visible(s, 7); len(got) != 1 || !strings.HasPrefix(got[0], "of a|") || !strings.Contains(got[0], "1 of 2 reports") {
			t.Errorf("%.300q", got)
		}
	})
}

func FuzzSection(f *testing.F) {
	f.Add("cell", "text\r\n<!-- mlops-track end -->\n")
	f.Add("a --> b\n", "```\n<!-- mlops-track section {} -->")
	f.Add("\xff", "\x00\r")
	f.Fuzz(func(t *testing.T, name, text string) {
		synctest.Test(t, func(t *testing.T) {
			s := onGitLab(t)
			post(t, s, says(name, 1, text), comment.Update)
			post(t, s, says("zz other", 1, "other"), comment.Update)
			if got := post(t, s, says(name, 1, text), comment.Update); got.Outcome != comment.Unchanged {
				t.Errorf("posted = %+v", got)
			}
			if n := strings.Count(s.Comments(7)[0].Body, "<!-- mlops-track section "); n != 2 && name != "zz other" {
				t.Errorf("%d sections:\n%s", n, s.Comments(7)[0].Body)
			}
		})
	})
}
