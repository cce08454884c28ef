package filestore

import (
	"bytes"
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

// writeMetrics adds points, but for those that are there already. A key's file is read and written once.
func writeMetrics(ctx context.Context, run string, metrics []mlflow.Metric) error {
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
		there, err := readPoints(file, key)
		if err != nil {
			return err
		}
		var lines []byte
		for _, m := range distinct(there, byKey[key]) {
			lines = appendLine(lines, m)
		}
		if err := addLines(run, file, lines); err != nil {
			return err
		}
	}
	return nil
}

// distinct returns the points that are not there, each once.
func distinct(there, points []mlflow.Metric) []mlflow.Metric {
	type identity struct {
		step, timestamp int64
		bits            uint64
	}
	of := func(m mlflow.Metric) identity {
		switch {
		case math.IsNaN(m.Value):
			m.Value = math.NaN() // one of the many
		case m.Value == 0:
			m.Value = 0 // not -0
		}
		return identity{m.Step, m.Timestamp, math.Float64bits(m.Value)}
	}
	seen := make(map[identity]bool, len(there)+len(points))
	for _, m := range there {
		seen[of(m)] = true
	}
	var fresh []mlflow.Metric
	for _, m := range points {
		if id := of(m); !seen[id] {
			seen[id] = true
			fresh = append(fresh, m)
		}
	}
	return fresh
}

// addLines appends whole lines in one write, so that those of another process stay whole. A new file appears with its
// lines in it: an empty one would make MLflow fail to read the whole experiment.
func addLines(run, file string, lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			return err
		}
		temp, err := writeTemp(run, lines)
		if err != nil {
			return err
		}
		err = os.Link(temp, file)
		_ = os.Remove(temp)
		if err == nil {
			return nil
		} // another process was first, or the volume has no links
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	before, err := f.Stat()
	if err == nil {
		if _, err = f.Write(lines); err != nil { // the disk is full: half a line would spoil the experiment for MLflow
			err = errors.Join(err, f.Truncate(before.Size()))
		}
	}
	return errors.Join(err, f.Close())
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
func readPoints(file, key string) ([]mlflow.Metric, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	points := make([]mlflow.Metric, 0, bytes.Count(text, []byte{'\n'}))
	for line := range bytes.Lines(text) {
		if m, ok := parseLine(string(line)); ok {
			m.Key = key
			points = append(points, m)
		}
	}
	return points, nil
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
	points = distinct(nil, points)
	slices.SortStableFunc(points, func(a, b mlflow.Metric) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Value, b.Value))
	})
	return points, nil
}
