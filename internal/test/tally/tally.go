// Package tally counts what tests tried, for the table of docs/reliability.md. Tests of several packages write into one file.
package tally

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"
)

// variable names the file into which Add writes.
const variable = "MLOPS_TEST_TALLY"

// Row is how often something was tried, and how often what is promised held.
type Row struct {
	Group, Tried  string
	Trials, Holds int
}

// Add appends a row to the file that MLOPS_TEST_TALLY names; without that variable it does nothing.
func Add(t testing.TB, r Row) {
	t.Helper()
	name := os.Getenv(variable)
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := json.NewEncoder(f).Encode(r); err != nil { // one write, so rows of several processes do not mix
		t.Fatal(err)
	}
}

// Read returns the rows of a file; none if there is no file. Rows of the same name are summed.
func Read(name string) ([]Row, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []Row
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r Row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, err
		}
		rows = sum(rows, r)
	}
	return rows, nil
}

func sum(rows []Row, r Row) []Row {
	for i, known := range rows {
		if known.Group == r.Group && known.Tried == r.Tried {
			rows[i].Trials += r.Trials
			rows[i].Holds += r.Holds
			return rows
		}
	}
	return append(rows, r)
}
