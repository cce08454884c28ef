package moved_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow/internal/moved"
)

func TestHere(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	for _, folder := range []string{"new/art/1/r", "new/art/2", "old/art/2", "old/art/3", "old/custom/9"} {
		if err := os.MkdirAll(filepath.Join(top, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(top, "new"), filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	at := func(path string) string { return filepath.Join(top, path) }
	roots := moved.Roots{Now: func(old string) (string, bool) {
		return filepath.Join(top, "new", filepath.Base(old)), filepath.Base(old) == "art"
	}}
	roots.Learn(at("new/art/1"), "1")
	roots.Learn(at("link/art/1"), "1") // the same folder
	roots.Learn("art/1", "1")
	roots.Learn("s3://bucket/art/1", "1")
	roots.Learn("/elsewhere/art/77", "1") // made by somebody, not by a store
	if roots.Any() {
		t.Fatalf("a store that was not moved has moved")
	}
	roots.Learn(at("old/art/1"), "1")
	roots.Learn("/gone/custom/9/run/artifacts", "9", "run", "artifacts")
	for location, want := range map[string]string{
		at("old/art/1"):                at("new/art/1"), // moved
		at("old/art/1/r/artifacts"):    at("new/art/1/r/artifacts"),
		at("old/art/2"):                at("new/art/2"), // copied
		at("old/art/3"):                at("old/art/3"), // left behind
		at("old/art/4"):                at("new/art/4"), // nowhere: a run without artifacts
		"file://" + at("old/art/1"):    at("new/art/1"),
		"/gone/custom/9/run/artifacts": "/gone/custom/9/run/artifacts", // a folder of the user's choice that is not here either
		at("old/artful/1"):             at("old/artful/1"),
		"s3://bucket/old/art/1":        "s3://bucket/old/art/1",
		"mlflow-artifacts:/1/r":        "mlflow-artifacts:/1/r",
		"":                             "",
	} {
		if got := roots.Here(location); got != want {
			t.Errorf("%s is at %s, want %s", location, got, want)
		}
	}
}
