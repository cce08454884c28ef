package python

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

func TestStartSaysThatTheHookIsLoaded(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	python := testenv.Python(t, 3)
	got := s.succeed(t, python, "-c", "print('out')")
	if diff := cmp.Diff(outcome{0, "out\n", ""}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("the hook shows (-want +got):\n%s", diff)
	}
	events := s.events(t)
	if len(events) != 1 || events[0].Event != "python" || events[0].Executable != python || events[0].Version == "" {
		t.Errorf("events are %+v", events)
	}
	info, err := os.Stat(filepath.Join(s.private, "events.jsonl"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("events.jsonl: %v %v", info.Mode(), err)
	}
}

func TestStartOutsideAStep(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	s.env = append(s.env, "MLOPS_HOOK=")
	got := s.succeed(t, testenv.Python(t, 3), "-c", "import sys, mlops_track, mlops_wrapper.mlflow_wrapper as w\n"+
		"print(w.mlflow_experiment is mlops_track.mlflow_experiment, mlops_track.__version__, len(sys.meta_path))")
	bare := s.succeed(t, testenv.Python(t, 3), "-I", "-c", "import sys; print(len(sys.meta_path))")
	if want := "True test " + bare.stdout; got.stdout != want {
		t.Errorf("printed %q, want %q", got.stdout, want)
	}
	if _, err := os.Stat(filepath.Join(s.private, "events.jsonl")); err == nil {
		t.Error("events were written")
	}
}

func TestIsolatedPythonLoadsNoHook(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	for _, flag := range []string{"-I", "-E", "-S"} {
		s.succeed(t, testenv.Python(t, 3), flag, "-c", "pass")
	}
	if _, err := os.Stat(filepath.Join(s.private, "events.jsonl")); err == nil {
		t.Error("events were written")
	}
}

func TestInertWithoutAUsableFolder(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "hook.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"/does/not/exist", "relative", "/dev/null", broken} {
		s := newStep(t, settings{Autolog: true})
		s.add(t, "sklearn.py", "")
		s.env = append(s.env, "MLOPS_HOOK="+folder, "HOME=")
		got := s.succeed(t, testenv.Python(t, 3), "-W", "error", "-c", "import sys; sys.path.insert(0, '.')\nimport sklearn\n"+
			"print('mlflow' in sys.modules)")
		if got.stdout != "False\n" || got.stderr != "" {
			t.Errorf("MLOPS_HOOK=%s: printed %q %q", folder, got.stdout, got.stderr)
		}
	}
}

func TestShadowedSitecustomizeRunsOnceAsIfItWereAlone(t *testing.T) {
	for _, test := range []struct{ name, body, script, stdout, stderr string }{
		{
			"plain",
			"import builtins, sys\n" +
				"builtins.seen = getattr(builtins, 'seen', []) + [(__name__, __file__, sys.modules[__name__].__file__)]\n",
			"import builtins, sitecustomize; print(builtins.seen, sitecustomize.__file__)",
			"[('sitecustomize', '%[1]s', '%[1]s')] %[1]s\n", "",
		},
		{
			"error", "raise ValueError('mine')\n", "print('goes on')", "goes on\n",
			"Error in sitecustomize; set PYTHONVERBOSE for traceback:\nValueError: mine\n",
		},
		{
			"missing import", "import not_there_at_all\n", "print('goes on')", "goes on\n",
			"Error in sitecustomize; set PYTHONVERBOSE for traceback:\n" +
				"ModuleNotFoundError: No module named 'not_there_at_all'\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStep(t, settings{Autolog: true})
			theirs := s.add(t, "site/sitecustomize.py", test.body)
			// Twice, as where one step runs another, which may be of another version.
			path := []string{s.hook, unpack(t, t.TempDir(), "another"), s.hook, filepath.Dir(theirs)}
			s.env = append(s.env, "PYTHONPATH="+strings.Join(path, string(os.PathListSeparator)))
			got := s.succeed(t, testenv.Python(t, 3), "-c", test.script)
			want := outcome{0, strings.ReplaceAll(test.stdout, "%[1]s", theirs), test.stderr}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if n := len(only(s.events(t), "python")); n != 1 {
				t.Errorf("%d processes said they have the hook, want 1", n)
			}
		})
	}
}

func TestInstalledWrapperWins(t *testing.T) {
	for _, name := range []string{"mlops_wrapper/__init__.py", "mlops_wrapper/none.txt"} {
		s := newStep(t, settings{})
		s.add(t, "site/mlops_wrapper/mlflow_wrapper.py", "mlflow_experiment = 'theirs'\n")
		s.add(t, "site/"+name, "")
		s.env = append(s.env, "PYTHONPATH="+s.hook+string(os.PathListSeparator)+filepath.Join(s.workspace, "site"))
		got := s.succeed(t, testenv.Python(t, 3), "-c", "from mlops_wrapper.mlflow_wrapper import mlflow_experiment as e; print(e)")
		if got.stdout != "theirs\n" {
			t.Errorf("with %s: printed %q", name, got.stdout)
		}
	}
}

func TestUncaughtException(t *testing.T) {
	long := strings.Repeat("x", 600)
	for _, test := range []struct {
		name, script string
		want         []event
	}{
		{"builtin", "raise ValueError('bad data')", []event{{Type: "ValueError", Message: "bad data"}}},
		{"of the script", "class Mine(Exception): pass\nraise Mine('m')", []event{{Type: "Mine", Message: "m"}}},
		{"of a module", "import json; json.loads('{')", []event{{Type: "json.decoder.JSONDecodeError",
			Message: "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}}},
		{"long", "raise KeyError('" + long + "')", []event{{Type: "KeyError", Message: "'" + long[:499]}}},
		{"without words", "class Odd(Exception):\n  def __str__(self): 1/0\nraise Odd", []event{{Type: "Odd",
			Message: "<exception str() failed>"}}},
		{"excepthook replaced", "import sys\nsys.excepthook = lambda *a: None\nraise ValueError('v')",
			[]event{{Type: "ValueError", Message: "v"}}},
		{"exit", "raise SystemExit(3)", nil},
		{"interrupt", "raise KeyboardInterrupt", nil},
		{"caught", "try:\n  1/0\nexcept ZeroDivisionError:\n  pass", nil},
		{"in a thread", "import threading\nt = threading.Thread(target=lambda: 1/0); t.start(); t.join()", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStep(t, settings{})
			s.run(t, testenv.Python(t, 3), s.add(t, "train.py", test.script))
			var got []event
			for _, e := range only(s.events(t), "exception") {
				got = append(got, event{Type: e.Type, Message: e.Message})
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("exception events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFrameworkWithoutMLflow(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	s.add(t, "mlflow/readme.txt", "a folder, no package")
	s.add(t, "sklearn/__init__.py", "__version__ = '9.9'\n")
	s.add(t, "train.py", "import sklearn\nprint(type(sklearn.__loader__).__name__, 'exec_module' in vars(sklearn.__loader__))\n")
	base := s.succeed(t, testenv.Python(t, 3), "-I", "-c", "import sys; print(sys._base_executable)")
	got := s.succeed(t, strings.TrimSpace(base.stdout), "-m", "train")
	if got.stdout != "SourceFileLoader False\n" || got.stderr != "" {
		t.Errorf("printed %q %q", got.stdout, got.stderr)
	}
	events := s.events(t)
	want := []string{"python", "framework", "no-mlflow"}
	if diff := cmp.Diff(want, kinds(events)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	if e := events[1]; e.Name != "sklearn" || e.Version != "9.9" || !e.Supported {
		t.Errorf("the framework is %+v", e)
	}
}

func TestFailingFrameworkFailsAsWithoutHook(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	s.add(t, "xgboost.py", "raise ImportError('libgomp is missing')\n")
	s.add(t, "train.py", "try:\n  import xgboost\nexcept ImportError as e:\n  print(e)\n"+
		"try:\n  import lightgbm.nothing\nexcept ImportError as e:\n  print(e)\n")
	base := s.succeed(t, testenv.Python(t, 3), "-I", "-c", "import sys; print(sys._base_executable)")
	got := s.succeed(t, strings.TrimSpace(base.stdout), "train.py")
	if want := "libgomp is missing\nNo module named 'lightgbm'\n"; got.stdout != want {
		t.Errorf("printed %q, want %q", got.stdout, want)
	}
	if diff := cmp.Diff([]string{"python"}, kinds(s.events(t))); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// The files must stay readable by Python 3.8, whichever Python runs them.
func TestSyntaxIsOfPython38(t *testing.T) {
	s := newStep(t, settings{})
	s.succeed(t, testenv.Python(t, 3), "-c", "import ast, pathlib, sys\n"+
		"for file in pathlib.Path(sys.argv[1]).rglob('*.py'):\n"+
		"  ast.parse(file.read_text(), str(file), feature_version=(3, 8))", s.hook)
}

// TestStartCost prints what the hook adds to a Python start; it asserts nothing, because machines differ.
func TestStartCost(t *testing.T) {
	s := newStep(t, settings{Autolog: true})
	python := testenv.Python(t, 3)
	median := func(env ...string) time.Duration {
		one := *s
		one.env = append(slices.Clone(s.env), env...)
		times := make([]time.Duration, 15)
		for i := range times {
			start := time.Now()
			one.succeed(t, python, "-c", "pass")
			times[i] = time.Since(start)
		}
		slices.Sort(times)
		return times[len(times)/2]
	}
	t.Logf("median start of Python: without %v, with the hook %v, without bytecode %v", median("PYTHONPATH="), median(),
		median("PYTHONDONTWRITEBYTECODE=1", "PYTHONPYCACHEPREFIX="+t.TempDir()))
}
