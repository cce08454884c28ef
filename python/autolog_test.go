package python

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// lines are the supported MLflow lines by their major version.
var lines = []int{3, 2}

// onEachLine runs a test with the Python of each MLflow line. Both talk to one server of the newer line.
func onEachLine(t *testing.T, test func(t *testing.T, python string)) {
	for _, line := range lines {
		t.Run(fmt.Sprintf("mlflow%d", line), func(t *testing.T) {
			t.Parallel()
			test(t, testenv.Python(t, line))
		})
	}
}

func TestFrameworksAreCaptured(t *testing.T) {
	t.Parallel()
	tracking := server{testenv.Server(t, 3)}
	onEachLine(t, func(t *testing.T, python string) {
		s, hook := tracking.step(t)
		got := s.succeed(t, python, "-W", "ignore", s.addScript(t, "frameworks.py"))
		if got.stdout != "" {
			t.Errorf("the hook prints %q", got.stdout)
		}
		own, children := tracking.runs(t, hook)
		if own.params["C"] != "7.0" || own.metrics["training_score"] == 0 || own.tags["estimator_name"] != "LogisticRegression" {
			t.Errorf("the first fit is not in the step's run: %+v", own)
		}
		want := []string{"C=8.0", "num_boost_round=3", "num_boost_round=3"}
		var found []string
		for _, child := range children {
			for _, key := range []string{"C", "num_boost_round"} {
				if value, ok := child.params[key]; ok {
					found = append(found, key+"="+value)
				}
			}
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("runs of the further trainings (-want +got):\n%s", diff)
		}
		checkFrameworkEvents(t, s.events(t))
	})
}

func checkFrameworkEvents(t *testing.T, events []event) {
	t.Helper()
	var seen []string
	for _, e := range events {
		switch e.Event {
		case "framework":
			seen = append(seen, fmt.Sprintf("framework %s %t %t", e.Name, e.Supported, e.Version != ""))
		case "training":
			seen = append(seen, fmt.Sprintf("training %s %s", e.Framework, e.Call))
		case "autolog":
			seen = append(seen, fmt.Sprintf("autolog %t", e.MLflow != ""))
		default:
			seen = append(seen, e.Event)
		}
	}
	want := []string{
		"python", "framework sklearn true true", "autolog true", "training sklearn fit",
		"framework xgboost true true", "training xgboost train",
		"framework lightgbm true true", "training lightgbm train",
		"framework catboost false true", "training catboost fit",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// Modules that import sklearn while they load are whole when autolog is enabled.
func TestCapturedWhateverIsImportedFirst(t *testing.T) {
	t.Parallel()
	tracking := server{testenv.Server(t, 3)}
	onEachLine(t, func(t *testing.T, python string) {
		for script, param := range map[string]string{"xgboost_first.py": "max_depth", "flavor_first.py": "fit_intercept"} {
			s, hook := tracking.step(t)
			s.succeed(t, python, "-W", "error::DeprecationWarning:__main__", s.addScript(t, script))
			own, children := tracking.runs(t, hook)
			if own.params[param] == "" || len(children) != 0 {
				t.Errorf("%s: %q is not captured: %+v, children %+v", script, param, own, children)
			}
			if n := len(only(s.events(t), "training")); n != 1 {
				t.Errorf("%s: %d training events", script, n)
			}
		}
	})
}

func TestOnlyCatboost(t *testing.T) {
	t.Parallel()
	s := newStep(t, settings{Autolog: true})
	got := s.succeed(t, testenv.Python(t, 3), s.add(t, "train.py", "import catboost, pickle, sys\n"+
		"assert pickle.loads(pickle.dumps(catboost.train)) is catboost.train\n"+
		"pool = catboost.Pool([[1, 4], [2, 5], [3, 7], [4, 1]], [0, 1, 1, 0])\n"+
		"quiet = {'iterations': 2, 'verbose': False, 'allow_writing_files': False, 'loss_function': 'Logloss'}\n"+
		"catboost.train(dtrain=pool, params=quiet)\n"+
		"catboost.cv(pool, quiet, fold_count=2, logging_level='Silent')\n"+
		"print('mlflow' in sys.modules)\n"))
	if got.stdout != "False\n" {
		t.Errorf("mlflow was imported for nothing: %q", got.stdout)
	}
	events := s.events(t)
	var calls []string
	for _, e := range only(events, "training") {
		calls = append(calls, e.Call)
	}
	slices.Sort(calls)
	if diff := cmp.Diff([]string{"cv", "fit", "train"}, calls); diff != "" {
		t.Errorf("training calls (-want +got):\n%s", diff)
	}
	if inForce := only(events, "autolog"); len(inForce) != 1 || inForce[0].MLflow == "" {
		t.Errorf("autolog is not told to be in force: %+v", events)
	}
}

func TestWorkersStayOut(t *testing.T) {
	t.Parallel()
	tracking := server{testenv.Server(t, 3)}
	s, hook := tracking.step(t)
	s.succeed(t, testenv.Python(t, 3), "-W", "ignore", s.addScript(t, "workers.py"))
	own, children := tracking.runs(t, hook)
	if own.params["C"] != "7.0" || len(children) != 0 {
		t.Errorf("run %+v, children %+v; want only the fit of the main process", own, children)
	}
	events := s.events(t)
	if n := len(only(events, "autolog")); n != 1 {
		t.Errorf("%d processes had autolog, want 1", n)
	}
	off := only(events, "autolog-off")
	if len(off) < 2 || slices.ContainsFunc(off, func(e event) bool { return e.Reason != "not the holder" }) {
		t.Errorf("workers said %+v", off)
	}

	// The next process, with the first one gone, is the holder; a further rank of a distributed training is not.
	for _, test := range []struct{ env, event string }{{"RANK=0", "autolog"}, {"RANK=1", "autolog-off"}, {"SLURM_PROCID=3", "autolog-off"}} {
		before := len(s.events(t))
		one := *s
		one.env = append(slices.Clone(s.env), test.env)
		one.succeed(t, testenv.Python(t, 3), "-c", "import sklearn")
		if got := kinds(s.events(t)[before:]); !slices.Contains(got, test.event) {
			t.Errorf("%s: events %q, want %s", test.env, got, test.event)
		}
	}
}

func TestAutologConfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		hook   settings
		events []string
	}{
		{"off", settings{}, []string{"python", "framework"}},
		{"disable", settings{Autolog: true, AutologConfig: map[string]any{"disable": true}},
			[]string{"python", "framework", "autolog-off"}},
		{"unknown argument", settings{Autolog: true, AutologConfig: map[string]any{"log_everything": true}},
			[]string{"python", "framework", "warning", "autolog"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStep(t, test.hook)
			s.succeed(t, testenv.Python(t, 2), "-c", "import sklearn")
			if diff := cmp.Diff(test.events, kinds(s.events(t))); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnderUV(t *testing.T) {
	t.Parallel()
	python := testenv.Python(t, 3)
	uv := filepath.Join(filepath.Dir(python), "..", "..", "boot", "bin", "uv")
	s := newStep(t, settings{Autolog: true})
	s.env = append(s.env, "UV_CACHE_DIR="+t.TempDir())
	got := s.succeed(t, uv, "run", "--offline", "--no-project", "--python", python, "python", "-c", "import mlops_track; print(1)")
	if events := s.events(t); got.stdout != "1\n" || !slices.Contains(kinds(events), "python") {
		t.Errorf("printed %q, events %+v", got.stdout, events)
	}
}
