package results

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

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
	Offset         int64     // in the file; everything before it is uploaded or rejected
	Err            error     // why the rest after Offset was not uploaded; nil if all was
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
	return out
}

// ReadAll reads a metrics file from an offset to its end and passes the points to post in batches. It stops at the first
// error; a later call can resume at Offset. Lines are counted from the offset.
func ReadAll(ctx context.Context, path string, offset int64, post Post) Followed {
	r := newPointReader(path, offset)
	defer r.tail.close()
	done := Followed{Offset: offset}
	err := r.read(true, func(b batch) error {
		err := ctx.Err()
		if err == nil && len(b.points) > 0 {
			err = post(ctx, b.points)
		}
		if err == nil {
			done.Points += len(b.points)
			done.Offset = b.end
		}
		return err
	})
	done.Lines, done.Bad, done.BadLines, done.Err = r.lines, r.bad, r.badLines, err
	return done
}

// Rest passes the points that were not uploaded to post, and returns the result for the file as a whole.
func (f Followed) Rest(ctx context.Context, path string, post Post) Followed {
	if f.Err == nil {
		return f
	}
	rest := ReadAll(ctx, path, f.Offset, post)
	f.Points += rest.Points
	f.Offset, f.Err = rest.Offset, rest.Err
	return f
}

// batch is points to be uploaded together.
type batch struct {
	points []mlflow.Metric
	file   int   // which of the files that stood at the path one after the other
	end    int64 // offset after the last line that is in points as a whole
}

// pointReader makes batches of the lines of a metrics file.
type pointReader struct {
	tail    tail
	parser  *lineReader
	pending batch
	since   time.Time // when the first pending point was read

	lines    int
	bad      int
	badLines []BadLine
}

func newPointReader(path string, offset int64) *pointReader {
	return &pointReader{
		tail: tail{path: path, read: offset}, parser: newLineReader(), pending: batch{end: offset},
	}
}

// read reads what was written by now and passes every full batch to emit; with last the rest too, even if it is empty. It stops at the
// first error.
func (r *pointReader) read(last bool, emit func(batch) error) error {
	now := time.Now()
	for {
		l, ok, err := r.tail.next(last)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := r.add(l, now, emit); err != nil {
			return err
		}
	}
	if last {
		return r.flush(emit)
	}
	return nil
}

// add adds a line, and passes the batches that it fills to emit.
func (r *pointReader) add(l line, now time.Time, emit func(batch) error) error {
	if r.tail.files != r.pending.file { // offsets start over
		if err := r.flush(emit); err != nil {
			return err
		}
		r.pending.file, r.pending.end = r.tail.files, 0
	}
	if len(r.pending.points) == 0 {
		r.since = now
	}
	if err := r.parse(l, now); err != nil {
		r.note(l.number, err)
	}
	for len(r.pending.points) > mlflow.MaxBatchMetrics { // the line is too long for one batch: its end is not reached yet
		if err := r.emitFirst(mlflow.MaxBatchMetrics, emit); err != nil {
			return err
		}
	}
	r.pending.end = l.end
	if len(r.pending.points) == mlflow.MaxBatchMetrics {
		return r.flush(emit)
	}
	return nil
}

// parse adds the points of a line to the pending ones.
func (r *pointReader) parse(l line, now time.Time) (err error) {
	if l.err == nil && len(bytes.TrimSpace(l.text)) == 0 {
		return nil
	}
	r.lines++
	if l.err != nil {
		return l.err
	}
	r.pending.points, err = r.parser.parse(l.text, now.UnixMilli(), r.pending.points)
	return err
}

func (r *pointReader) note(number int, err error) {
	r.bad++
	if len(r.badLines) < maxToldLines {
		reason := strings.ReplaceAll(err.Error(), "\n", "; ")
		r.badLines = append(r.badLines, BadLine{Number: number, Reason: reason})
	}
}

// flush passes all pending points to emit.
func (r *pointReader) flush(emit func(batch) error) error {
	return r.emitFirst(len(r.pending.points), emit)
}

// emitFirst passes the first n pending points to emit, which then owns the slice.
func (r *pointReader) emitFirst(n int, emit func(batch) error) error {
	b := r.pending
	b.points = r.pending.points[:n:n]
	if err := emit(b); err != nil {
		return err
	}
	r.pending.points = r.pending.points[n:]
	if len(r.pending.points) == 0 {
		r.pending.points = nil
	}
	return nil
}
