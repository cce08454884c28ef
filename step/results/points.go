package results

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// maxToldLines bounds the bad lines that are reported one by one.
const maxToldLines = 5

// Post uploads points, at most mlflow.MaxBatchMetrics, in the order of the file.
type Post func(ctx context.Context, points []mlflow.Metric) error

// Followed is the result of following a metrics file.
type Followed struct {
	Lines          int       // read; blank ones are not counted
	Points         int       // uploaded
	Bad            int       // lines that are wholly or partly invalid
	BadLines       []BadLine // the first of them
	Rejected       int       // points that the store rejected; a retry would not help
	FirstRejection error     // why the first of these was rejected
	Unseen         []string  // names of files beside it that had its name for too short a time to be read
	Rewrites       int       // how often lines may have been lost because the file was written anew
	Err            error     // why the rest was not uploaded; nil if all was
}

// BadLine is a line of the metrics file that is wholly or partly invalid.
type BadLine struct {
	Number int // from 1
	Reason string
}

// Problems returns warnings about what was not uploaded.
func (f Followed) Problems(path string) []Problem {
	var out []Problem
	warn := func(key, hint, format string, args ...any) {
		out = append(out, Problem{
			Severity: Warning, Key: key, Hint: hint, Message: fmt.Sprintf("metrics file %q: ", path) + fmt.Sprintf(format, args...),
		})
	}
	for _, b := range f.BadLines {
		key := fmt.Sprintf("line %d", b.Number)
		warn(key, `a line is one JSON object: {"loss": 0.3, "step": 10}`, "%s: %s", key, b.Reason)
	}
	if more := f.Bad - len(f.BadLines); more > 0 {
		warn("", "", "%d more bad lines", more)
	}
	if f.Rejected > 0 {
		warn("", "", "the store rejected %d points: %v", f.Rejected, f.FirstRejection)
	}
	if len(f.Unseen) > 0 {
		warn("", "leave a file its name for a second, or append to one file",
			"it had another name so soon that it was not read: %s", strings.Join(f.Unseen, ", "))
	}
	if f.Rewrites > 0 {
		warn("", `append to the file: open it in mode "a"`,
			"it was written anew %d times while the step ran; lines that stood there for less than %s may be missing", f.Rewrites, pollInterval)
	}
	return out
}

// pointReader makes points of the lines of a metrics file.
type pointReader struct {
	tail    *tail
	parser  *lineReader
	pending []mlflow.Metric // not yet taken by the caller
	failed  error           // why reading stopped; nil after a look that reached the end

	lines    int
	bad      int
	badLines []BadLine
}

func newPointReader(path string) *pointReader {
	return &pointReader{tail: newTail(path), parser: newLineReader()}
}

// errFull says that nobody takes more points at the moment.
var errFull = errors.New("the queue of points is full")

// read reads what was written by now and hands its points over, not many at a time; with last the text after the last line end,
// too. It stops at the first error, and resumes there when it is called again. take returns false where it has no room.
func (r *pointReader) read(ctx context.Context, last bool, take func([]mlflow.Metric) bool) error {
	r.failed = r.readOn(ctx, last, take)
	return r.failed
}

func (r *pointReader) readOn(ctx context.Context, last bool, take func([]mlflow.Metric) bool) error {
	r.tail.look()
	for {
		if len(r.pending) >= mlflow.MaxBatchMetrics && !r.handOver(take) {
			return errFull
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		l, ok, err := r.tail.next(last)
		switch {
		case err != nil:
			r.handOver(take)
			return err
		case !ok && !r.handOver(take):
			return errFull
		case !ok:
			return nil
		}
		if err := r.parse(l); err != nil {
			r.note(l.number, err)
		}
	}
}

// handOver hands the pending points over, and reports whether they were taken.
func (r *pointReader) handOver(take func([]mlflow.Metric) bool) bool {
	if len(r.pending) == 0 {
		return true
	}
	if !take(r.pending) {
		return false
	}
	r.pending = r.pending[:0]
	return true
}

// parse adds the points of a line to the pending ones. A line without a time gets that at which it was read.
func (r *pointReader) parse(l line) (err error) {
	if l.err == nil && len(bytes.TrimSpace(l.text)) == 0 {
		return nil
	}
	r.lines++
	if l.err != nil {
		return l.err
	}
	r.pending, err = r.parser.parse(l.text, l.at.UnixMilli(), r.pending)
	return err
}

func (r *pointReader) note(number int, err error) {
	r.bad++
	if len(r.badLines) < maxToldLines {
		reason := strings.ReplaceAll(err.Error(), "\n", "; ")
		r.badLines = append(r.badLines, BadLine{Number: number, Reason: reason})
	}
}
