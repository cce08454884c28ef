package doctor_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/doctor"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/python"
)

func TestPython(t *testing.T) {
	t.Parallel()
	dir, err := python.Write(filepath.Join(t.TempDir(), "python"), python.Release{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	hook := append(os.Environ(), "PYTHONPATH="+dir, "MLOPS_HOOK="+t.TempDir())
	bare := filepath.Join(t.TempDir(), "venv", "bin", "python")
	if out, err := exec.Command(testenv.Python(t, 3), "-m", "venv", "--without-pip", filepath.Dir(filepath.Dir(bare))).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := func(path string, err error) func(string) (string, error) {
		return func(string) (string, error) { return path, err }
	}
	for name, c := range map[string]struct {
		python    doctor.Python
		level     doctor.Level
		text, fix string
	}{
		"3":         {doctor.Python{Environ: hook, Hook: true, Find: found(testenv.Python(t, 3), nil)}, doctor.OK, ", mlflow 3.", ""},
		"2":         {doctor.Python{Environ: hook, Hook: true, Find: found(testenv.Python(t, 2), nil)}, doctor.OK, ", mlflow 2.", ""},
		"no hook":   {doctor.Python{Environ: os.Environ(), Hook: true, Find: found(testenv.Python(t, 3), nil)}, doctor.Warn, "hook for autolog is not loaded", "PYTHONPATH"},
		"no wish":   {doctor.Python{Environ: os.Environ(), Find: found(testenv.Python(t, 3), nil)}, doctor.OK, ", mlflow 3.", ""},
		"no mlflow": {doctor.Python{Environ: hook, Hook: true, Find: found(bare, nil)}, doctor.Warn, "without mlflow", "pip install mlflow"},
		"no plugin": {
			doctor.Python{Environ: hook, Hook: true, Plugin: "sagemaker-mlflow", Find: found(testenv.Python(t, 3), nil)},
			doctor.Warn, "without sagemaker-mlflow", "pip install sagemaker-mlflow",
		},
		"plugin":    {doctor.Python{Environ: hook, Plugin: "mlflow", Find: found(testenv.Python(t, 3), nil)}, doctor.OK, ", mlflow 3.", ""},
		"no python": {doctor.Python{Program: "python9", Find: found("", errors.New("not found"))}, doctor.Warn, "python9 not found", "PATH"},
		"broken":    {doctor.Python{Find: found("/bin/false", nil)}, doctor.Warn, "exit status 1", "starts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.python.Dir = t.TempDir()
			f, good := examine(t, c.python.Check())
			expect(t, f["python"], c.level, c.text, c.fix)
			if !good {
				t.Error("Python stops a run")
			}
		})
	}
}
