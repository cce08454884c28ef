package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// reader reads runs through one Python process that imported one line of MLflow; testdata/read_run.py says how the two
// speak. The process starts with the first reading.
type reader struct {
	line int

	mu      sync.Mutex
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	answers *bufio.Reader
	stderr  bytes.Buffer // to be read after the process has ended
}

type readRequest struct {
	URI string `json:"uri"`
	Run string `json:"run"`
	Dir string `json:"dir"`
}

// read returns a run as indented JSON with sorted keys and a newline at its end.
func (r *reader) read(t *testing.T, request readRequest) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.start(t); err != nil {
		return nil, err
	}
	if err := json.NewEncoder(r.stdin).Encode(request); err != nil {
		return nil, fmt.Errorf("ask the MLflow %d reader: %w", r.line, err)
	}
	raw, err := r.answers.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the MLflow %d reader ended: %w", r.line, err)
	}
	var answer struct {
		Run   map[string]any
		Error string
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, fmt.Errorf("read the answer %q: %w", raw, err)
	}
	if answer.Error != "" {
		return nil, errors.New(strings.TrimSpace(answer.Error))
	}
	var out bytes.Buffer
	indented := json.NewEncoder(&out)
	indented.SetEscapeHTML(false)
	indented.SetIndent("", "  ")
	if err := indented.Encode(answer.Run); err != nil {
		return nil, fmt.Errorf("write the run: %w", err)
	}
	return out.Bytes(), nil
}

func (r *reader) start(t *testing.T) error {
	if r.cmd != nil {
		return nil
	}
	cmd := exec.Command(testenv.Python(t, r.line), "e2e/testdata/read_run.py")
	cmd.Env = append(os.Environ(), "DO_NOT_TRACK=true")
	cmd.Stderr = &r.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the MLflow %d reader: %w", r.line, err)
	}
	r.cmd, r.stdin, r.answers = cmd, stdin, bufio.NewReader(stdout)
	return nil
}

func (r *reader) stop(t *testing.T) {
	if r.cmd == nil {
		return
	}
	_ = r.stdin.Close()
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("the MLflow %d reader: %v\n%s", r.line, err, r.stderr.Bytes())
	}
}
