package filestore

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// openFile lists the runs that one of our processes opened and whose locations are not relative yet, EXPERIMENT/RUN a line: a store has
// thousands of runs, and reading all of them to find the few that were never closed would make every start wait. The lock is held whenever
// it is read or written.
const openFile = ".mlops-track.open"

// noteOpen adds a run to the list.
func (s *Store) noteOpen(experiment, run string) error {
	list, err := s.openRuns()
	if err != nil {
		return err
	}
	return s.writeOpen(append(list, experiment+"/"+run))
}

// forgetEnded removes the runs of this session from the list that have ended: their locations are relative now.
func (s *Store) forgetEnded(ctx context.Context) error {
	s.mu.Lock()
	mine := maps.Clone(s.runs)
	s.mu.Unlock()
	list, err := s.openRuns()
	if err != nil {
		return err
	}
	var left []string
	for _, line := range list {
		var meta runMeta
		_, err := readMeta(ctx, s.runFolder(line), &meta)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil && (!mine[path.Base(line)] || meta.Status == statusNumber(mlflow.Running)) {
			left = append(left, line)
		}
	}
	if len(left) == len(list) {
		return nil
	}
	return s.writeOpen(left)
}

func (s *Store) openRuns() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(s.root, openFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var runs []string
	for line := range strings.FieldsSeq(string(text)) {
		experiment, run, ok := strings.Cut(line, "/")
		if ok && isID(experiment) && isID(run) {
			runs = append(runs, line)
		}
	}
	return runs, nil
}

func (s *Store) writeOpen(runs []string) error {
	text := strings.Join(runs, "\n")
	if text != "" {
		text += "\n"
	}
	return replaceFile(filepath.Join(s.root, openFile), s.root, []byte(text))
}

// runFolder is the folder of a line of the list.
func (s *Store) runFolder(line string) string { return filepath.Join(s.root, filepath.FromSlash(line)) }
