package filestore

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// A metric is a file of lines "<milliseconds> <value> <step>".

// writeMetrics adds points, but for those that are there already. A key's file is opened once for a batch, and is not read again.
func (s *Store) writeMetrics(ctx context.Context, run string, metrics []mlflow.Metric) error {
	byKey, keys := map[string][]mlflow.Metric{}, []string{}
	for _, m := range metrics {
		if _, ok := byKey[m.Key]; !ok {
			keys = append(keys, m.Key)
		}
		byKey[m.Key] = append(byKey[m.Key], m)
	}
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		file := filepath.Join(run, metricsDir, filepath.FromSlash(key))
		if err := s.addPoints(run, file, byKey[key]); err != nil {
			delete(s.metricFiles, file) // what it holds is not known now
			return err
		}
	}
	return nil
}

// addPoints adds the points of one key. The lock is held.
func (s *Store) addPoints(run, file string, points []mlflow.Metric) error {
	known := s.metricFiles[file]
	if known == nil {
		known = &knownFile{}
		s.metricFiles[file] = known
	}
	if err := known.update(file, points[0].Key); err != nil {
		return err
	}
	fresh, err := known.fresh(file, points)
	if err != nil {
		return err
	}
	var lines []byte
	for _, m := range fresh {
		lines = appendLine(lines, m)
	}
	size, err := addLines(run, file, lines)
	if size == known.size+int64(len(lines)) { // else another process wrote, too: its lines are read the next time
		known.size = size
	}
	return err
}

// distinct returns the points, each once.
func distinct(points []mlflow.Metric) []mlflow.Metric {
	seen := make(map[identity]bool, len(points))
	var once []mlflow.Metric
	for _, m := range points {
		if id := identityOf(m); !seen[id] {
			seen[id] = true
			once = append(once, m)
		}
	}
	return once
}

// addLines appends whole lines in one write, so that those of another process stay whole. A new file appears with its
// lines in it: an empty one would make MLflow fail to read the whole experiment. It returns the size of the file before, plus the lines.
func addLines(run, file string, lines []byte) (size int64, err error) {
	if len(lines) == 0 {
		return 0, nil
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return 0, err
		}
		temp, err := writeTemp(run, lines)
		if err != nil {
			return 0, err
		}
		err = os.Link(temp, file)
		_ = os.Remove(temp)
		if err == nil {
			return int64(len(lines)), nil
		} // another process was first, or the volume has no links
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	before, err := f.Stat()
	if err == nil {
		size = before.Size() + int64(len(lines))
		if _, err = f.Write(lines); err != nil { // the disk is full: half a line would spoil the experiment for MLflow
			err = errors.Join(err, f.Truncate(before.Size()))
		}
	}
	return size, errors.Join(err, f.Close())
}

func appendLine(to []byte, m mlflow.Metric) []byte {
	to = strconv.AppendInt(to, m.Timestamp, 10)
	to = append(to, ' ')
	switch {
	case math.IsNaN(m.Value):
		to = append(to, "nan"...)
	case math.IsInf(m.Value, 1):
		to = append(to, "inf"...)
	case math.IsInf(m.Value, -1):
		to = append(to, "-inf"...)
	default:
		to = strconv.AppendFloat(to, m.Value, 'g', -1, 64)
	}
	to = append(to, ' ')
	to = strconv.AppendInt(to, m.Step, 10)
	return append(to, '\n')
}

// readPoints reads a metric; a missing file has no points. A last line without its end is being written, and a line
// that is no point is passed over.
func readPoints(file, key string) (points []mlflow.Metric, err error) {
	return points, eachPoint(file, key, func(m mlflow.Metric) { points = append(points, m) })
}

// eachPoint visits the points of a metric, as readPoints.
func eachPoint(file, key string, visit func(mlflow.Metric)) error {
	err := readFrom(file, 0, func(line []byte) {
		if m, ok := parseLine(string(line)); ok {
			m.Key = key
			visit(m)
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// parseLine takes the lines of every MLflow: the step is missing in old ones, and a data set's name and digest may
// follow it.
func parseLine(line string) (m mlflow.Metric, ok bool) {
	line, whole := strings.CutSuffix(line, "\n")
	at, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !whole || !ok {
		return m, false
	}
	value, rest, _ := strings.Cut(rest, " ")
	step, _, _ := strings.Cut(rest, " ")
	var errs [3]error
	m.Timestamp, errs[0] = strconv.ParseInt(at, 10, 64)
	m.Value, errs[1] = strconv.ParseFloat(value, 64)
	m.Step, errs[2] = strconv.ParseInt(cmp.Or(step, "0"), 10, 64)
	return m, errors.Join(errs[:]...) == nil
}

// MetricHistory implements mlflow.Models. A point that is in the file twice, as an MLflow 3 client leaves it when it
// logs a model, is returned once.
func (s *Store) MetricHistory(ctx context.Context, runID, key string) ([]mlflow.Metric, error) {
	folder, _, _, err := s.findRun(ctx, runID)
	if err != nil {
		return nil, s.explain("get metric history", err)
	}
	if mlflow.CheckKey(key) != nil {
		return nil, nil
	}
	points, err := readPoints(filepath.Join(folder, metricsDir, filepath.FromSlash(key)), key)
	if err != nil {
		return nil, s.explain("get metric history", err)
	}
	points = distinct(points)
	slices.SortStableFunc(points, func(a, b mlflow.Metric) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Value, b.Value))
	})
	return points, nil
}
