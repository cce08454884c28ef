package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

// document is the text of a meta.yaml: a block mapping, cut at its top-level keys. A change replaces one entry and
// leaves the bytes of all others, so what a newer MLflow put there stays.
type document []entry

type entry struct {
	key  string
	text []byte // "key: value\n", maybe of several lines
}

var topLevelKey = regexp.MustCompile(`(?m)^([A-Za-z_]\w*):`)

func parseDocument(text []byte) document {
	var d document
	keys := topLevelKey.FindAllSubmatchIndex(text, -1)
	for i, at := range keys {
		end := len(text)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		d = append(d, entry{key: string(text[at[2]:at[3]]), text: text[at[0]:end]})
	}
	return d
}

// with returns the document with one entry set. Strings are always quoted: PyYAML follows YAML 1.1, in which yes, 1_000
// and 2024-01-01 are no strings.
func (d document) with(key string, value any) (document, error) {
	text, err := quoted(value)
	if err != nil {
		return nil, fmt.Errorf("write %s of %s: %w", key, metaFile, err)
	}
	fresh := entry{key, fmt.Appendf(nil, "%s: %s\n", key, bytes.TrimSpace(text))}
	changed, found := make(document, 0, len(d)+1), false
	for _, e := range d {
		if e.key == key {
			e, found = fresh, true
		}
		changed = append(changed, e)
	}
	if !found {
		changed = append(changed, fresh)
	}
	return changed, nil
}

// quoted returns a value as YAML. Of a string all that is not printable is written as an escape that YAML knows from C: PyYAML rejects a
// file with DEL or U+FFFE in it, and MLflow then the whole store (https://yaml.org/spec/1.1/#c-printable).
func quoted(value any) ([]byte, error) {
	if text, ok := value.(string); ok {
		return []byte(strconv.Quote(text)), nil
	}
	return yaml.MarshalWithOptions(value, yaml.JSON())
}

// field is one entry to set.
type field struct {
	key   string
	value any
}

func (d document) withAll(fields []field) (document, error) {
	var err error
	for _, f := range fields {
		if d, err = d.with(f.key, f.value); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d document) bytes() []byte {
	var text []byte
	for _, e := range d {
		text = append(text, bytes.TrimRight(e.text, "\n")...)
		text = append(text, '\n')
	}
	return text
}

// writeMeta writes the meta.yaml of a folder by rename.
func writeMeta(folder string, d document) error {
	return replaceFile(filepath.Join(folder, metaFile), folder, d.bytes())
}

// createMeta writes the meta.yaml of a new folder.
func createMeta(folder string, fields []field) error {
	d, err := document(nil).withAll(fields)
	if err != nil {
		return err
	}
	return writeMeta(folder, d)
}

// readMeta reads the meta.yaml of a folder into a struct with yaml tags. MLflow writes the file in place, so for a
// moment it may be empty; then it is read again, as MLflow does.
func readMeta(ctx context.Context, folder string, into any) (d document, err error) {
	const attempts, pause = 10, 20 * time.Millisecond
	file := filepath.Join(folder, metaFile)
	policy := retry.Policy{
		Attempts: attempts, Backoff: retry.Backoff{First: pause, Max: pause},
		Classify: func(_ int, err error) retry.Decision {
			if errors.As(err, new(*fs.PathError)) {
				return retry.Stop()
			}
			return retry.Again()
		},
	}
	err = retry.Do(ctx, policy, func(context.Context) error {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		err = yaml.Unmarshal(text, into)
		if d = parseDocument(text); err == nil && len(d) == 0 {
			err = errors.New("it is empty")
		}
		if err != nil {
			return fmt.Errorf("read %q: it is not a valid YAML mapping: %w", file, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// replaceFile gives a file its content by renaming a temporary one, which lies in temp, on the same volume.
func replaceFile(file, temp string, content []byte) error {
	name, err := writeTemp(temp, content)
	if err != nil {
		return err
	}
	if err := os.Rename(name, file); err != nil {
		_ = os.Remove(name)
		return err
	}
	return nil
}

// writeTemp writes a temporary file and returns its name.
func writeTemp(folder string, content []byte) (string, error) {
	f, err := os.CreateTemp(folder, ".mlops-track-*.tmp")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(0o644) // CreateTemp leaves 0600, with which a server of another user could not read it
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
