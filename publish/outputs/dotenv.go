package outputs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The limits of GitLab for a dotenv report: 5 KB, and 20 variables on its smallest plan.
const (
	maxDotenvBytes  = 5 << 10
	maxDotenvValues = 20
)

// WriteDotenv writes values as MLOPS_OUT_RUN_ID=... lines, whole or not at all. A value that GitLab would reject, because
// it has several lines or is over a limit, is omitted; the names of those are returned.
func WriteDotenv(file string, values []Value) (omitted []string, err error) {
	var b strings.Builder
	count := 0
	for _, v := range values {
		line := fmt.Sprintf("%s=%s\n", Variable(v.Name), v.Text)
		if count == maxDotenvValues || b.Len()+len(line) > maxDotenvBytes || strings.ContainsAny(v.Text, "\r\n\x00") {
			omitted = append(omitted, v.Name)
			continue
		}
		count++
		b.WriteString(line)
	}
	if err := WriteFile(file, b.String()); err != nil {
		return omitted, fmt.Errorf("write outputs-file: %w", err)
	}
	return omitted, nil
}

// Variable returns the name of the variable for an output: MLOPS_OUT_RUN_ID.
func Variable(output string) string {
	return "MLOPS_OUT_" + strings.ToUpper(strings.ReplaceAll(output, "-", "_"))
}

// WriteFile writes a file through a temporary one beside it, so that no reader sees half of it. It creates the folder.
func WriteFile(file, text string) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // an output folder for others
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".outputs-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.WriteString(text)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
