package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/Iyalvan/mlops-track/mlflow"
)

const (
	maxSpool   = 256 << 20 // bytes of the file
	spoolChunk = 256 << 10 // bytes that are read of it at a time; a point is much shorter
)

var errSpoolFull = fmt.Errorf("more than %d bytes", maxSpool)

// spool is a file with points, first in, first out. It has no name while it is used, so that nothing remains of it.
type spool struct {
	folder string
	file   *os.File // nil until it is needed
	start  int64    // of the oldest point
	end    int64    // after the latest point
	count  int      // points
	keys   map[string]string
}

// add appends points, all or none.
func (s *spool) add(points []mlflow.Metric) error {
	if s.end > maxSpool {
		return errSpoolFull
	}
	if err := s.open(); err != nil {
		return err
	}
	var text []byte
	for _, p := range points {
		text = binary.AppendUvarint(text, uint64(len(p.Key)))
		text = append(text, p.Key...)
		text = binary.BigEndian.AppendUint64(text, math.Float64bits(p.Value))
		text = binary.AppendVarint(text, p.Timestamp)
		text = binary.AppendVarint(text, p.Step)
	}
	if _, err := s.file.WriteAt(text, s.end); err != nil {
		return err // what was written of it is overwritten next time
	}
	s.end += int64(len(text))
	s.count += len(points)
	return nil
}

func (s *spool) open() error {
	if s.file != nil {
		return nil
	}
	file, err := os.CreateTemp(s.folder, "points-")
	if err != nil {
		return err
	}
	_ = os.Remove(file.Name()) // where an open file cannot be removed, the folder is removed later
	s.file, s.keys = file, map[string]string{}
	return nil
}

// take removes the oldest points, some thousand, and returns them.
func (s *spool) take() ([]mlflow.Metric, error) {
	text := make([]byte, min(spoolChunk, s.end-s.start))
	if _, err := s.file.ReadAt(text, s.start); err != nil {
		return nil, fmt.Errorf("read waiting points: %w", err)
	}
	var points []mlflow.Metric
	used := 0
	for used < len(text) {
		point, size := s.decode(text[used:])
		if size == 0 {
			break // the rest of it was not read
		}
		points, used = append(points, point), used+size
	}
	if used == 0 {
		return nil, errors.New("read waiting points: the file is damaged")
	}
	s.start, s.count = s.start+int64(used), s.count-len(points)
	if s.count == 0 {
		s.start, s.end = 0, 0
		_ = s.file.Truncate(0) // the space is needed elsewhere; it is overwritten in any case
	}
	return points, nil
}

// decode returns the first point of a text and its size, 0 where the text is too short.
func (s *spool) decode(text []byte) (point mlflow.Metric, size int) {
	length, n := binary.Uvarint(text)
	const valueSize = 8
	if n <= 0 || length > uint64(len(text)) || len(text) < n+int(length)+valueSize { //nolint:gosec // bounded by the text
		return point, 0
	}
	key := text[n : n+int(length)] //nolint:gosec // bounded by the text
	rest := text[n+len(key):]
	value := binary.BigEndian.Uint64(rest)
	rest = rest[valueSize:]
	at, n := binary.Varint(rest)
	if n <= 0 {
		return point, 0
	}
	rest = rest[n:]
	step, n := binary.Varint(rest)
	if n <= 0 {
		return point, 0
	}
	return mlflow.Metric{Key: s.key(key), Value: math.Float64frombits(value), Timestamp: at, Step: step}, len(text) - len(rest) + n
}

// key returns a key as a string that all its points share.
func (s *spool) key(text []byte) string {
	if key, ok := s.keys[string(text)]; ok {
		return key
	}
	key := string(text)
	if len(s.keys) < maxKnownKeys {
		s.keys[key] = key
	}
	return key
}

func (s *spool) close() {
	if s.file != nil {
		name := s.file.Name()
		_ = s.file.Close()
		_ = os.Remove(name)
		s.file = nil
	}
}
