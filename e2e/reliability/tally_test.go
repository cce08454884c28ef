//go:build unix

package reliability_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/tally"
)

// table counts trials by row, in the order in which the rows are to be printed.
type table struct {
	mu   sync.Mutex
	rows []*tally.Row
}

// counted is what this run of the tests tried.
var counted table

// row returns the row of that name. Rows are made before their trials run, so that the table has one order.
func (c *table) row(group, tried string) *tally.Row {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.rows {
		if r.Group == group && r.Tried == tried {
			return r
		}
	}
	r := &tally.Row{Group: group, Tried: tried}
	c.rows = append(c.rows, r)
	return r
}

// trial counts one trial and fails the test with what it broke.
func (c *table) trial(t *testing.T, r *tally.Row, broken []string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Trials++
	if len(broken) == 0 {
		r.Holds++
		return
	}
	t.Errorf("%s, %s (seed %d):\n%s", r.Group, r.Tried, *seed, strings.Join(broken, "\n"))
}

// add takes rows that tests of other packages counted.
func (c *table) add(rows []tally.Row) {
	for _, counted := range rows {
		r := c.row(counted.Group, counted.Tried)
		r.Trials += counted.Trials
		r.Holds += counted.Holds
	}
}

// String is Markdown, sorted, so that it reads the same after each run.
func (c *table) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	b.WriteString("| | what was tried | how often | held |\n| --- | --- | --: | --: |\n")
	rows := slices.Clone(c.rows)
	slices.SortStableFunc(rows, func(a, b *tally.Row) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Tried, b.Tried))
	})
	for _, r := range rows {
		if r.Trials > 0 {
			fmt.Fprintf(&b, "| %s | %s | %d | %d |\n", r.Group, r.Tried, r.Trials, r.Holds)
		}
	}
	return b.String()
}

const (
	tableBegins = "<!-- make test-reliability writes this table -->\n"
	tableEnds   = "<!-- end of the table -->\n"
)

// write replaces the table of a page.
func (c *table) write(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(tableBegins))
	_, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !ends {
		return fmt.Errorf("%s lacks the two comments between which the table stands", name)
	}
	return os.WriteFile(name, []byte(string(before)+tableBegins+"\n"+c.String()+"\n"+tableEnds+string(after)), 0o644) //nolint:gosec // a page
}
