package python

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// notebook returns a Jupyter notebook of one code cell.
func notebook(t *testing.T, code string) string {
	t.Helper()
	content, err := json.Marshal(map[string]any{
		"nbformat": 4, "nbformat_minor": 5,
		"metadata": map[string]any{"kernelspec": map[string]string{"name": "python3", "display_name": "Python 3", "language": "python"}},
		"cells": []map[string]any{{"id": "one", "cell_type": "code", "metadata": map[string]any{}, "execution_count": nil,
			"outputs": []string{}, "source": code}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestNotebookByPapermill(t *testing.T) {
	t.Parallel()
	tracking := server{testenv.Server(t, 3)}
	s, hook := tracking.step(t)
	python := testenv.Python(t, 3)
	in := s.add(t, "train.ipynb", notebook(t, "from sklearn.linear_model import LinearRegression\n"+
		"LinearRegression().fit([[1], [2], [3]], [1, 2, 4])"))
	s.succeed(t, filepath.Join(filepath.Dir(python), "papermill"), in, filepath.Join(s.workspace, "out.ipynb"))
	if own, children := tracking.runs(t, hook); own.params["fit_intercept"] != "True" || len(children) != 0 {
		t.Errorf("the notebook's training is not captured: %+v, children %+v", own, children)
	}
}

func TestFailingNotebookTellsItsOwnException(t *testing.T) {
	t.Parallel()
	python := testenv.Python(t, 3)
	for name, args := range map[string][]string{
		"papermill":         {"train.ipynb", "out.ipynb"},
		"jupyter-nbconvert": {"--to", "notebook", "--execute", "train.ipynb"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStep(t, settings{Autolog: true})
			s.add(t, "train.ipynb", notebook(t, "raise ValueError('bad data')"))
			if got := s.run(t, filepath.Join(filepath.Dir(python), name), args...); got.code == 0 {
				t.Errorf("exit 0: %s", got.stderr)
			}
			failed := only(s.events(t), "exception")
			if len(failed) == 0 {
				t.Fatal("no exception was told")
			}
			if last := failed[len(failed)-1]; last.Type != "ValueError" || last.Message != "bad data" {
				t.Errorf("the last exception is %+v", last)
			}
		})
	}
}
