package filestore

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// knownFile is what is known of one metric file, so that adding points costs as much as the points, however many the file has: a point
// after all others is new, and only for one that is not the identities of all points are held in memory.
type knownFile struct {
	size   int64         // up to here the file was read or written by us
	last   mlflow.Metric // by Metric.After
	latest int64         // greatest timestamp
	some   bool          // there are points
	seen   map[identity]bool
}

// identity tells the points of one metric apart.
type identity struct {
	step, timestamp int64
	bits            uint64
}

func identityOf(m mlflow.Metric) identity {
	switch {
	case math.IsNaN(m.Value):
		m.Value = math.NaN() // one of the many
	case m.Value == 0:
		m.Value = 0 // not -0
	}
	return identity{m.Step, m.Timestamp, math.Float64bits(m.Value)}
}

// update reads what other processes added since. A file that became shorter is read anew.
func (k *knownFile) update(file, key string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		*k = knownFile{}
		return nil
	case err != nil:
		return err
	case info.Size() == k.size:
		return nil
	case info.Size() < k.size:
		*k = knownFile{}
	}
	return readFrom(file, k.size, func(line []byte) {
		if m, ok := parseLine(string(line)); ok {
			m.Key = key
			k.add(m)
		}
		if bytes.HasSuffix(line, []byte{'\n'}) {
			k.size += int64(len(line))
		}
	})
}

// add notes a point.
func (k *knownFile) add(m mlflow.Metric) {
	if !k.some || m.After(k.last) {
		k.last = m
	}
	if !k.some || m.Timestamp > k.latest {
		k.latest = m.Timestamp
	}
	k.some = true
	if k.seen != nil {
		k.seen[identityOf(m)] = true
	}
}

// fresh returns the points that are not in the file, each once.
func (k *knownFile) fresh(file string, points []mlflow.Metric) ([]mlflow.Metric, error) {
	var fresh []mlflow.Metric
	for _, m := range points {
		if k.some && !m.After(k.last) && m.Timestamp <= k.latest {
			if err := k.identify(file, fresh); err != nil {
				return nil, err
			}
			if k.seen[identityOf(m)] {
				continue
			}
		}
		k.add(m)
		fresh = append(fresh, m)
	}
	return fresh, nil
}

// identify makes seen, of the file and of points that are not in it yet.
func (k *knownFile) identify(file string, more []mlflow.Metric) error {
	if k.seen != nil {
		return nil
	}
	there, err := readPoints(file, "")
	if err != nil {
		return err
	}
	k.seen = make(map[identity]bool, len(there)+len(more))
	for _, points := range [][]mlflow.Metric{there, more} {
		for _, m := range points {
			k.seen[identityOf(m)] = true
		}
	}
	return nil
}

// readFrom calls visit with each line of a file from an offset on, the last one maybe without its end.
func readFrom(file string, offset int64, visit func(line []byte)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, offset, math.MaxInt64-offset))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		visit(line)
	}
	return nil
}
