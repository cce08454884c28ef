package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// MaxResultSize is the maximum size of a result file in bytes. A larger one is rejected unread.
const MaxResultSize = 16 << 20

// resultKeys is for messages.
const resultKeys = "params, metrics, tags, artifacts, model_local_path and model_name"

// Result is what a step wrote to its result file. Keys have passed mlflow.CheckKey, values are cut to MLflow's length.
type Result struct {
	Params         []mlflow.Param
	Metrics        []mlflow.Metric // without step and time
	Tags           []mlflow.Tag
	Artifacts      []string // specs for Artifacts
	ModelLocalPath string
	ModelName      string
}

// LoadResult reads a result file. A file that is missing or empty is an empty result; everything valid in a broken one is
// used.
//
// Objects inside of params, metrics and tags are flattened with dots. A param or tag has the text that MLflow's Python client
// gives it: numbers as they are written, True, False and None; an array is its compact JSON. A metric is a number, true or
// false, or one of the words NaN, Infinity, -Infinity, inf, -inf as a string. A key of the file with null is ignored.
func LoadResult(path string) (Result, []Problem) {
	text, err := readResult(path)
	if err != nil {
		problem := Problem{Severity: Error, Message: fmt.Sprintf("read result file %q: %v", path, err)}
		if errors.Is(err, errTooLarge) {
			problem.Hint = "write curves to the file that MLOPS_METRICS names, and large values as artifacts"
		}
		return Result{}, []Problem{problem}
	}
	r := resultReader{file: path, in: scanner{text: text}}
	if !r.in.space() {
		r.read()
	}
	return r.result, r.problems.all()
}

var errTooLarge = fmt.Errorf("it has more than %d bytes", MaxResultSize)

// readResult returns the text of a file, without the byte order mark that Windows programs write.
func readResult(path string) ([]byte, error) {
	f, err := regularfile.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err != nil && regularfile.IsNull(path):
		return nil, nil
	case err != nil:
		return nil, withoutPath(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > MaxResultSize {
		return nil, errTooLarge
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxResultSize+1))
	if err == nil && len(text) > MaxResultSize {
		err = errTooLarge
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), withoutPath(err)
}

// withoutPath removes the path from an error, as the caller's message names it.
func withoutPath(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}

// resultReader reads the text of one result file.
type resultReader struct {
	file     string
	in       scanner
	result   Result
	problems problems
}

func (r *resultReader) read() {
	k, err := r.in.next()
	if err == nil && k != kindObject {
		r.problem(Error, "", "write one JSON object with the keys "+resultKeys, "is %s, not an object", k)
		return
	}
	seen := map[string]bool{}
	if err == nil {
		err = r.in.object(func(key []byte) error { return r.member(string(key), seen) })
	}
	if err == nil {
		err = r.in.ended()
	}
	if err != nil {
		r.problem(Error, "", "everything before that place is used; write the file with a JSON library", "is not JSON: %v", err)
	}
	if r.in.repaired {
		r.problem(Warning, "", "", "is not all UTF-8; the rest of its text is replaced by %q", "\uFFFD")
	}
}

// member reads the value of one key of the file. A repeated key replaces the value before.
func (r *resultReader) member(key string, seen map[string]bool) error {
	if seen[key] {
		r.repeated(key)
	}
	seen[key] = true
	k, err := r.in.next()
	if err != nil {
		return err
	}
	switch key {
	case "params":
		r.result.Params, err = section(r, key, k, r.param)
		return err
	case "metrics":
		r.result.Metrics, err = section(r, key, k, r.metric)
		return err
	case "tags":
		r.result.Tags, err = section(r, key, k, r.tag)
		return err
	case "artifacts":
		r.result.Artifacts = nil
		return r.artifacts(k)
	case "model_local_path":
		return r.word(key, k, &r.result.ModelLocalPath)
	case "model_name":
		err := r.word(key, k, &r.result.ModelName)
		if name := r.result.ModelName; strings.ContainsAny(name, "/:") { // models:/NAME/VERSION could not name it
			r.problem(Error, key, "", "is %q, but the name of a registered model has no slash and no colon", name)
			r.result.ModelName = ""
		}
		return err
	}
	r.problem(Warning, shortened([]byte(key)), "the keys are "+resultKeys, "is not a known key")
	return r.in.skip()
}

// word reads a string.
func (r *resultReader) word(key string, k kind, into *string) error {
	if k != kindString && k != kindNull {
		return r.wrongType(key, k, "a string")
	}
	text, err := r.in.scalar(k)
	if err == nil {
		*into = ""
		if k == kindString {
			*into = string(text)
		}
	}
	return err
}

// artifacts reads a string or an array of strings.
func (r *resultReader) artifacts(k kind) error {
	switch k {
	case kindNull:
		return r.in.skip()
	case kindArray:
		n := -1
		return r.in.array(func() error {
			n++
			k, err := r.in.next()
			if err != nil {
				return err
			}
			return r.artifact(fmt.Sprintf("artifacts[%d]", n), k)
		})
	}
	return r.artifact("artifacts", k)
}

func (r *resultReader) artifact(key string, k kind) error {
	if k != kindString {
		return r.wrongType(key, k, "a path or an array of paths")
	}
	text, err := r.in.scalar(k)
	if err == nil && len(text) > 0 {
		r.result.Artifacts = append(r.result.Artifacts, string(text))
	}
	return err
}

// wrongType records a value of the wrong type and skips it.
func (r *resultReader) wrongType(key string, k kind, want string) error {
	r.problem(Error, key, "", "is %s, must be %s", k, want)
	return r.in.skip()
}

func (r *resultReader) repeated(key string) {
	r.problem(Warning, key, "", "is in the file twice; the last value is used")
}

// problem records what is wrong with a key, or with the file if the key is empty.
func (r *resultReader) problem(severity Severity, key, hint, format string, args ...any) {
	where := fmt.Sprintf("result file %q", r.file)
	if key != "" {
		where += fmt.Sprintf(", %q", key)
	}
	r.problems.add(Problem{Severity: severity, Key: key, Hint: hint, Message: where + ": " + fmt.Sprintf(format, args...)})
}
