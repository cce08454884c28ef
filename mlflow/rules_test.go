package mlflow_test

import (
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func TestMetricAfter(t *testing.T) {
	rising := []mlflow.Metric{
		{Value: 9, Timestamp: 9, Step: -1},
		{Value: 9, Timestamp: 1},
		{Value: -1, Timestamp: 2},
		{Value: math.NaN(), Timestamp: 2},
		{Value: 1, Timestamp: 2},
		{Value: math.Inf(1), Timestamp: 2},
		{Value: 0, Timestamp: 0, Step: 1},
	}
	for i, a := range rising {
		for j, b := range rising {
			if got := a.After(b); got != (i > j) {
				t.Errorf("%v after %v is %v", a, b, got)
			}
			if got := a.Same(b); got != (i == j) {
				t.Errorf("%v same as %v is %v", a, b, got)
			}
		}
	}
}

func TestNewRunNamed(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	tag := func(name string) []mlflow.Tag { return []mlflow.Tag{{Key: mlflow.RunNameTag, Value: name}} }
	cases := []struct {
		name string
		run  mlflow.NewRun
		want string
	}{
		{"Field", mlflow.NewRun{Name: "a"}, "a"},
		{"Tag", mlflow.NewRun{Tags: tag("b")}, "b"},
		{"Both", mlflow.NewRun{Name: "c", Tags: tag("c")}, "c"},
		{"EmptyTag", mlflow.NewRun{Name: "d", Tags: tag("")}, "d"},
		{"None", mlflow.NewRun{}, "run-01234567"},
	}
	for _, c := range cases {
		got, err := c.run.Named(id)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(mlflow.NewRun{Name: c.want, Tags: tag(c.want)}, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	_, err := mlflow.NewRun{Name: "a", Tags: tag("b")}.Named(id)
	if _, ok := errors.AsType[*mlflow.RejectedError](err); !ok {
		t.Errorf("two names: %v, want a RejectedError", err)
	}
}

func TestNewRunID(t *testing.T) {
	a, b := mlflow.NewRunID(), mlflow.NewRunID()
	if len(a) != 32 || a == b {
		t.Errorf("run ids are %q and %q", a, b)
	}
}

func TestLocations(t *testing.T) {
	if filepath.Separator != '/' {
		t.Skip("the paths of this table are those of Unix")
	}
	cases := []struct{ location, path, absolute, relative string }{
		{"/work/mlartifacts/1", "/work/mlartifacts/1", "/work/mlartifacts/1", "mlartifacts/1"},
		{"file:///work/mlartifacts/1", "/work/mlartifacts/1", "file:///work/mlartifacts/1", "mlartifacts/1"},
		{"file:/work/a", "/work/a", "file:/work/a", "a"},
		{"file://localhost/work/a", "/work/a", "file://localhost/work/a", "a"},
		{"/work/a%20b", "/work/a b", "/work/a%20b", "a b"},
		{"file:///work/50%25", "/work/50%", "file:///work/50%25", "50%25"},
		{"/elsewhere/1", "/elsewhere/1", "/elsewhere/1", "/elsewhere/1"},
		{"/workshop/1", "/workshop/1", "/workshop/1", "/workshop/1"},
		{"/work/../etc", "/work/../etc", "/work/../etc", "/work/../etc"},
		{"mlartifacts/1", "mlartifacts/1", "/work/mlartifacts/1", "mlartifacts/1"},
		{"./mlruns", "./mlruns", "/work/mlruns", "./mlruns"},
		{"file:mlruns", "mlruns", "/work/mlruns", "file:mlruns"},
		{"50%25/a", "50%/a", "file:///work/50%25/a", "50%25/a"},
		{"s3://bucket/work/1", "", "s3://bucket/work/1", "s3://bucket/work/1"},
		{"mlflow-artifacts:/1", "", "mlflow-artifacts:/1", "mlflow-artifacts:/1"},
		{"file://host/work/1", "", "file://host/work/1", "file://host/work/1"},
	}
	for _, c := range cases {
		if path, ok := mlflow.LocalPath(c.location); ok != (c.path != "") || ok && path != c.path {
			t.Errorf("LocalPath(%q) = %q, %v, want %q", c.location, path, ok, c.path)
		}
		if got := mlflow.AbsoluteLocation(c.location, "/work"); got != c.absolute {
			t.Errorf("AbsoluteLocation(%q) = %q, want %q", c.location, got, c.absolute)
		}
		if got := mlflow.RelativeLocation(c.location, "/work"); got != c.relative {
			t.Errorf("RelativeLocation(%q) = %q, want %q", c.location, got, c.relative)
		}
	}
	for _, path := range []string{"/a/b", "/a b/é", "/50%/#1/x?y", "rel/a", "100%/a"} {
		if back, ok := mlflow.LocalPath(mlflow.LocalLocation(path)); !ok || back != path {
			t.Errorf("path %q comes back as %q from %q", path, back, mlflow.LocalLocation(path))
		}
	}
	for location, want := range map[string]string{
		"/work/1":           "/work/1/run/artifacts",
		"/work/1/":          "/work/1/run/artifacts",
		"s3://b/p?region=x": "s3://b/p/run/artifacts?region=x",
		"/what?/1":          "/what?/1/run/artifacts",
		"mlartifacts/1":     "mlartifacts/1/run/artifacts",
	} {
		if got := mlflow.JoinLocation(location, "run", "artifacts"); got != want {
			t.Errorf("JoinLocation(%q) = %q, want %q", location, got, want)
		}
	}
}
