package artifact_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// place is an empty Repo.
type place struct {
	line int // of MLflow, 0 for a folder or a bucket
	s3   bool
	repo artifact.Repo
	// read reads files as MLflow's own client does; SHA-256 by path.
	read func(t *testing.T, paths []string) map[string]string
}

// places are the kinds of Repo that every test runs on.
func places(t *testing.T, test func(t *testing.T, p place)) {
	t.Run("Local", func(t *testing.T) {
		t.Parallel()
		folder := filepath.Join(t.TempDir(), "new", "100% #1")
		repo, err := artifact.Open(mlflow.LocalLocation(folder), nil, artifact.S3{})
		if err != nil {
			t.Fatal(err)
		}
		test(t, place{repo: repo, read: func(t *testing.T, _ []string) map[string]string { return hashes(t, folder) }})
	})
	for name, service := range services() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoot(t, service(t))
			test(t, place{s3: true, repo: r.open(t, artifact.S3{}), read: r.download})
		})
	}
	for _, line := range []int{3, 2} {
		t.Run(fmt.Sprintf("MLflow%d", line), func(t *testing.T) {
			t.Parallel()
			server := testenv.Server(t, line)
			client, run := newRun(t, server)
			repo, err := artifact.Open(run.ArtifactURI, client, artifact.S3{})
			if err != nil {
				t.Fatal(err)
			}
			test(t, place{line: line, repo: repo, read: func(t *testing.T, paths []string) map[string]string {
				return download(t, line, server, run.ID, paths)
			}})
		})
	}
}

func newRun(t *testing.T, server string) (*rest.Client, mlflow.Run) {
	t.Helper()
	client, err := rest.New(rest.Options{URI: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	run, err := client.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: "0", Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return client, run
}

// download reads a run's artifacts with MLflow's own client.
func download(t *testing.T, line int, server, runID string, paths []string) map[string]string {
	t.Helper()
	list, err := json.Marshal(paths)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testenv.Python(t, line), "-c", `import json, sys, mlflow
print(json.dumps({path: mlflow.artifacts.download_artifacts(run_id=sys.argv[1], artifact_path=path)
    for path in json.loads(sys.argv[2])}))`, runID, string(list))
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = append(os.Environ(), "MLFLOW_TRACKING_URI="+server, "TMPDIR="+t.TempDir()), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("download artifacts: %v\n%s", err, stderr.Bytes())
	}
	var files map[string]string
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatal(err)
	}
	for path, file := range files {
		files[path] = hashFile(t, file)
	}
	return files
}

func hashFile(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return hash(t, f)
}

func hashes(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(folder, name)
		found[filepath.ToSlash(rel)] = hashFile(t, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func hash(t *testing.T, r io.Reader) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// write writes files with contents that differ, for targets, and returns them with their hashes.
func write(t *testing.T, targets ...string) ([]artifact.File, map[string]string) {
	t.Helper()
	folder, want := t.TempDir(), map[string]string{}
	var files []artifact.File
	for i, target := range targets {
		content := fmt.Sprintf("%s\r\n\x00%d", target, i)
		f := artifact.File{Path: filepath.Join(folder, fmt.Sprint(i)), Target: target}
		if err := os.WriteFile(f.Path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		files, want[target] = append(files, f), hash(t, strings.NewReader(content))
	}
	return files, want
}

func read(t *testing.T, repo artifact.Repo, path string) string {
	t.Helper()
	f, err := repo.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("open %q: %v", path, err)
	}
	defer f.Close()
	return hash(t, f)
}

func TestFilesArriveUnderTheirNames(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p place) {
		files, want := write(t, "plain.txt", "a b.txt", "größe/温度 🎯.txt", "q?x.txt", "a+b.txt", "a&b=c.txt", "it's.txt",
			"c:d.txt", "100%.txt", "50% off/%zz", "model/MLmodel", "model/data/model.pkl", ".hidden", "comma,semi;colon",
			"[x] (1) {y}.txt", "~$@!^`|<>\"*.txt", strings.Repeat("x", 200)+".txt")
		if err := os.WriteFile(files[0].Path, nil, 0o600); err != nil { // an empty file
			t.Fatal(err)
		}
		want["plain.txt"] = hash(t, strings.NewReader(""))
		var last artifact.Progress
		got := artifact.Upload(t.Context(), p.repo, files, artifact.Options{Progress: func(p artifact.Progress) { last = p }})
		if len(got.Failed) > 0 || got.Files != len(files) || last != (artifact.Progress{Files: got.Files, Bytes: got.Bytes}) {
			t.Errorf("uploaded %d files of %d, %d bytes, progress %+v; failed: %v", got.Files, len(files), got.Bytes, last, got.Failed)
		}
		var readable []string
		for target, sum := range want {
			switch {
			case p.line == 2 && strings.ContainsAny(target, "温🎯"):
				continue // its server answers 500 to whoever reads such a name; it is listed below
			case read(t, p.repo, target) != sum:
				t.Errorf("%q reads back as something else", target)
			}
			if p.line == 0 || !strings.Contains(target, "?") { // MLflow's client does not quote the question mark
				readable = append(readable, target)
			}
		}
		equal(t, "files as MLflow reads them", p.read(t, readable), pick(want, readable))
		entries, err := p.repo.List(t.Context(), "größe")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "list", entries, []artifact.Entry{{Path: "größe/温度 🎯.txt", Size: 27}})
	})
}

func pick(all map[string]string, keys []string) map[string]string {
	out := map[string]string{}
	for _, k := range keys {
		out[k] = all[k]
	}
	return out
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differ (-want +got):\n%s", what, diff)
	}
}

func TestOneFailureDoesNotKeepOthers(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p place) {
		files, want := write(t, "a.txt", "b.txt", "c/d.txt")
		files = append(files[:1:1], append([]artifact.File{
			{Path: filepath.Join(t.TempDir(), "missing"), Target: "missing"},
			{Path: files[0].Path, Target: "../outside"},
			{Path: files[0].Path, Target: "/abs"},
			{Path: t.TempDir(), Target: "folder"},
		}, files[1:]...)...)
		got := artifact.Upload(t.Context(), p.repo, files, artifact.Options{Workers: 2})
		var failed []string
		for _, f := range got.Failed {
			failed = append(failed, f.File.Target)
		}
		equal(t, "failed", failed, []string{"missing", "../outside", "/abs", "folder"})
		if got.Files != len(want) {
			t.Errorf("%d files are uploaded, want %d", got.Files, len(want))
		}
		equal(t, "files", p.read(t, []string{"a.txt", "b.txt", "c/d.txt"}), want)
	})
}

func TestRepoReads(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p place) {
		for _, folder := range []string{"", "none"} {
			if entries, err := p.repo.List(t.Context(), folder); err != nil || len(entries) > 0 {
				t.Errorf("list of an empty place: %v, %v", entries, err)
			}
		}
		if _, err := p.repo.Open(t.Context(), "model/MLmodel"); !errors.Is(err, mlflow.ErrNotFound) {
			t.Errorf("open what is not there: %v", err)
		}
		files, _ := write(t, "model/MLmodel", "model/code/a.py", "z.txt")
		for range 2 { // the second time it replaces what is there
			if got := artifact.Upload(t.Context(), p.repo, files, artifact.Options{}); len(got.Failed) > 0 {
				t.Fatal(got.Failed)
			}
		}
		top, err := p.repo.List(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if p.s3 {
			equal(t, "folder of the manifest", top[0], artifact.Entry{Path: "mlops-track", Dir: true})
			top = top[1:]
		}
		equal(t, "root", top, []artifact.Entry{{Path: "model", Dir: true}, {Path: "z.txt", Size: 9}})
		below, err := p.repo.List(t.Context(), "model")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "folder", below, []artifact.Entry{{Path: "model/MLmodel", Size: 17}, {Path: "model/code", Dir: true}})
	})
}

// A server would store the first not at all, the second as "a b.txt", and the third outside the run.
func TestNamesThatServersCannotKeep(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p place) {
		for _, target := range []string{"a#b.txt", "a%20b.txt", "%2e%2e/x"} {
			files, _ := write(t, target)
			got := artifact.Upload(t.Context(), p.repo, files, artifact.Options{})
			if kept := len(got.Failed) == 0; kept != (p.line == 0) {
				t.Errorf("%q: kept is %t; %v", target, kept, got.Failed)
			}
		}
	})
}

func TestManySmallFiles(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p place) {
		var targets []string
		for i := range 1000 {
			targets = append(targets, fmt.Sprintf("shard-%d/part-%03d.bin", i%10, i))
		}
		files, _ := write(t, targets...)
		var last artifact.Progress
		got := artifact.Upload(t.Context(), p.repo, files, artifact.Options{Progress: func(p artifact.Progress) { last = p }})
		if got.Files != len(files) || len(got.Failed) > 0 || last.Files != got.Files || last.Bytes != got.Bytes {
			t.Fatalf("%d files and %d bytes are uploaded, last told %+v; failed: %v", got.Files, got.Bytes, last, got.Failed)
		}
		found := 0
		for i := range 10 {
			entries, err := p.repo.List(t.Context(), fmt.Sprintf("shard-%d", i))
			if err != nil {
				t.Fatal(err)
			}
			found += len(entries)
		}
		if found != len(files) {
			t.Errorf("%d files are there, want %d", found, len(files))
		}
	})
}

func TestUploadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p place) {
		var targets []string
		for i := range 50 {
			targets = append(targets, fmt.Sprint(i))
		}
		files, _ := write(t, targets...)
		ctx, cancel := context.WithCancelCause(t.Context())
		over := errors.New("time is over")
		got := artifact.Upload(ctx, p.repo, files, artifact.Options{Workers: 1, Progress: func(p artifact.Progress) {
			if p.Files == 3 {
				cancel(over)
			}
		}})
		if got.Files < 3 || got.Files > 5 || got.Files+len(got.Failed) != len(files) {
			t.Fatalf("%d files are uploaded, %d failed", got.Files, len(got.Failed))
		}
		if last := got.Failed[len(got.Failed)-1]; last.File != files[len(files)-1] || !errors.Is(last.Err, over) {
			t.Errorf("last failure: %q: %v", last.File.Target, last.Err)
		}
	})
}

// A file that has to be sent again is counted once.
func TestRepeatedUpload(t *testing.T) {
	t.Parallel()
	proxy := mlflowtest.New(t, testenv.Server(t, 3))
	proxy.Spoil(mlflowtest.Rule{Path: "a.txt", Times: 1, Status: 503})
	proxy.Spoil(mlflowtest.Rule{Path: "a.txt", Times: 1, Lose: true})
	client, run := newRun(t, proxy.URL)
	repo, err := artifact.Open(run.ArtifactURI, client, artifact.S3{})
	if err != nil {
		t.Fatal(err)
	}
	files, want := write(t, "a.txt")
	got := artifact.Upload(t.Context(), repo, files, artifact.Options{})
	equal(t, "result", got, artifact.Result{Files: 1, Bytes: 9})
	if read(t, repo, "a.txt") != want["a.txt"] {
		t.Error("the file reads back as something else")
	}
}

// A server that refuses whoever asks is asked for one file, not for all.
func TestLastingRefusalEndsTheUpload(t *testing.T) {
	t.Parallel()
	proxy := mlflowtest.New(t, testenv.Server(t, 3))
	client, run := newRun(t, proxy.URL)
	proxy.Spoil(mlflowtest.Rule{Status: 401, Body: "Token expired"})
	repo, err := artifact.Open(run.ArtifactURI, client, artifact.S3{})
	if err != nil {
		t.Fatal(err)
	}
	files, _ := write(t, "a.txt", "b.txt", "c.txt", "d.txt")
	got := artifact.Upload(t.Context(), repo, files, artifact.Options{Workers: 1})
	if len(got.Failed) != len(files) || proxy.Calls("a.txt") != 1 || proxy.Calls("d.txt") != 0 {
		t.Errorf("%d failed, %d requests for the last file", len(got.Failed), proxy.Calls("d.txt"))
	}
	for _, f := range got.Failed {
		if !strings.Contains(f.Err.Error(), "Token expired") {
			t.Errorf("%q: %v", f.File.Target, f.Err)
		}
	}
}

// A file that changes under the upload is an error at once, and no reason to try for ever.
func TestFileThatShrinks(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p place) {
		name := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(name, make([]byte, 64<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		var once sync.Once
		got := artifact.Upload(t.Context(), p.repo, []artifact.File{{Path: name, Target: "x"}}, artifact.Options{
			Progress: func(artifact.Progress) { once.Do(func() { _ = os.Truncate(name, 1<<20) }) },
		})
		if len(got.Failed) != 1 || got.Bytes != 0 || !strings.Contains(got.Failed[0].Err.Error(), "shorter") {
			t.Errorf("%+v", got)
		}
	})
}
