//go:build linux

package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

// releaseServer serves the release v1.2.3, which is the latest, as GitHub lays it out, and one, v6.6.6, whose binary is not that of its checksums.
// It returns what stands for https://github.com/Iyalvan/mlops-track/releases.
func releaseServer(t *testing.T) string {
	t.Helper()
	dist := t.TempDir()
	if out, err := exec.Command("scripts/dist", "v1.2.3", dist, "linux/"+runtime.GOARCH).CombinedOutput(); err != nil {
		t.Fatalf("scripts/dist: %v\n%s", err, out)
	}
	name := "mlops-track_linux_" + runtime.GOARCH
	binary, sums := readFile(t, filepath.Join(dist, name)), readFile(t, filepath.Join(dist, "checksums.txt"))
	mux := http.NewServeMux()
	serve := func(path, content string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(content)) })
	}
	for _, release := range []string{"/latest/download/", "/download/v1.2.3/"} {
		serve(release+"checksums.txt", sums)
		serve(release+name, binary)
	}
	serve("/download/v6.6.6/checksums.txt", sums)
	serve("/download/v6.6.6/"+name, "#!/bin/sh\necho evil\n")
	serve("/download/v7.7.7/checksums.txt", "")
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestSetup puts the binary on the PATH of an ordinary job, with Python and folders of its own, and nothing that has another
// checksum than its release.
func TestSetup(t *testing.T) {
	t.Parallel()
	releases := releaseServer(t)
	for name, c := range map[string]struct {
		with string
		ok   bool
		log  string
	}{
		"latest":                {"{}", true, "mlops-track 1.2.3 is on PATH"},
		"a version":             {"{version: v1.2.3}", true, "is on PATH"},
		"without the v":         {"{version: 1.2.3}", true, "is on PATH"},
		"another checksum":      {"{version: v6.6.6}", false, "has the checksum"},
		"not of this release":   {"{version: v7.7.7}", false, "has no checksum for"},
		"no such release":       {"{version: v9.9.9}", false, "cannot download"},
		"something else":        {"{version: '../evil'}", false, "must be latest or a version such as v1.2.3"},
		"another place by name": {"{base-url: 'http://127.0.0.1:1/none'}", false, "cannot download http://127.0.0.1:1/none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			workflow := `
on: push
jobs:
  train:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        depth: [3]
    steps:
      - uses: actions/checkout@v4
      - id: setup
        uses: Iyalvan/mlops-track/setup@main
        with: ` + c.with + `
      - id: train
        run: mlops-track run --outputs-file out.env -- python3 train.py && echo "trained with ${{ steps.setup.outputs.version }}"
      - run: echo "run ${{ steps.train.outputs.run-id }} $(cat out.env)"
`
			folder := t.TempDir()
			writeFile(t, filepath.Join(folder, "train.py"), training)
			end := testenv.Act{
				Folder: folder, Workflow: workflow, Actions: actions(t, workflow, "none"), Host: true,
				Env: []string{"MLOPS_TRACK_RELEASES=" + releases, "MLOPS_TRACKING_URI=sqlite:///mlflow.db"},
			}.Run(t, testenv.Docker{})
			if end.OK != c.ok || !strings.Contains(end.Log, c.log) {
				t.Errorf("ends with %t, want %t and %q:\n%s", end.OK, c.ok, c.log, end.Log)
			}
			if c.ok && (len(end.Outputs["run-id"]) != 32 || !strings.Contains(end.Log, "trained with 1.2.3") || !strings.Contains(end.Outputs["run-name"], "depth=3") || len(end.Summaries) == 0) {
				t.Errorf("outputs %v, %d summaries:\n%s", end.Outputs, len(end.Summaries), end.Log)
			}
		})
	}
}
