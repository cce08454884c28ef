package artifact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// bucket stands for an S3 bucket behind an MLflow server: it answers the server's endpoints for multipart and presigned
// uploads in their real shape, takes the uploads, and passes everything else on to a real server.
type bucket struct {
	url  string
	next http.Handler

	mu       sync.Mutex
	objects  map[string]string // CRC-32 by path
	calls    []string
	failPart string // the number of a part that is not taken
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	b := &bucket{next: mlflowtest.Handler(t, testenv.Server(t, 3)), objects: map[string]string{}}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	b.url = s.URL
	return b
}

// ServeHTTP implements http.Handler.
func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint, below := "", ""
	for _, e := range []string{"/mpu/create/", "/mpu/complete/", "/mpu/abort/", "/artifacts/presigned-upload-url", "/bucket/"} {
		if _, after, ok := strings.Cut(r.URL.Path, e); ok {
			endpoint, below = e, after
		}
	}
	if endpoint == "" {
		b.next.ServeHTTP(w, r)
		return
	}
	b.mu.Lock()
	b.calls = append(b.calls, endpoint)
	b.mu.Unlock()
	if endpoint == "/bucket/" {
		b.put(w, r, below)
		return
	}
	var in struct {
		Path  string
		RunID string `json:"run_id"`
		Count int    `json:"num_parts"`
		ID    string `json:"upload_id"`
		Parts []struct {
			Number int    `json:"part_number"`
			ETag   string `json:"etag"`
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var out any = struct{}{}
	switch endpoint {
	case "/artifacts/presigned-upload-url":
		out = map[string]any{
			"presigned_url": b.url + "/bucket/" + in.RunID + "/" + in.Path + "?signature=x", "headers": map[string]string{"Content-Type": "text/x-signed"},
		}
	case "/mpu/create/":
		var parts []map[string]any
		for n := range in.Count {
			parts = append(parts, map[string]any{"part_number": n + 1, "url": fmt.Sprintf("%s/bucket/%s/%s/part%d", b.url, below, in.Path, n+1), "headers": map[string]string{}})
		}
		out = map[string]any{"upload_id": "u1", "credentials": parts}
	case "/mpu/complete/":
		for i, p := range in.Parts {
			if in.ID != "u1" || p.Number != i+1 || p.ETag != `"`+b.objects[fmt.Sprintf("%s/%s/part%d", below, in.Path, p.Number)]+`"` {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
		}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (b *bucket) put(w http.ResponseWriter, r *http.Request, path string) {
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "": // S3 refuses a request that is signed twice
		w.WriteHeader(http.StatusBadRequest)
	case b.failPart != "" && strings.HasSuffix(path, b.failPart):
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>ExpiredToken</Code></Error>")
	case err == nil && n == r.ContentLength:
		b.objects[path] = fmt.Sprintf("%08x", sum.Sum32())
		w.Header().Set("ETag", `"`+b.objects[path]+`"`)
	}
}

func (b *bucket) called(endpoint string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if c == endpoint {
			n++
		}
	}
	return n
}

func (b *bucket) client(t *testing.T) *rest.Client {
	t.Helper()
	c, err := rest.New(rest.Options{URI: b.url, Token: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// huge writes a file that is uploaded in parts; it takes no room on the disk.
func huge(t *testing.T) artifact.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "huge.bin")
	if err := os.WriteFile(name, []byte("begin"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 500<<20+5); err != nil {
		t.Fatal(err)
	}
	return artifact.File{Path: name, Target: "model/huge.bin"}
}

func TestHugeFileGoesInParts(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	repo, err := artifact.Open("mlflow-artifacts:/7/run/artifacts", b.client(t), artifact.S3{})
	if err != nil {
		t.Fatal(err)
	}
	got := artifact.Upload(t.Context(), repo, []artifact.File{huge(t)}, artifact.Options{})
	if got.Files != 1 || got.Bytes != 500<<20+5 {
		t.Fatalf("%+v", got)
	}
	const parts = 8
	if len(b.objects) != parts || b.called("/mpu/complete/") != 1 || b.called("/mpu/abort/") != 0 {
		t.Errorf("%d parts, calls %v", len(b.objects), b.calls)
	}

	b.failPart = "part3"
	got = artifact.Upload(t.Context(), repo, []artifact.File{huge(t)}, artifact.Options{})
	if len(got.Failed) != 1 || got.Bytes != 0 || b.called("/mpu/complete/") != 1 || b.called("/mpu/abort/") != 1 {
		t.Errorf("%+v, calls %v", got, b.calls)
	}
}

// A server on a disk takes no parts.
func TestHugeFileInOnePiece(t *testing.T) {
	t.Parallel()
	client, run := newRun(t, testenv.Server(t, 3))
	repo, err := artifact.Open(run.ArtifactURI, client, artifact.S3{})
	if err != nil {
		t.Fatal(err)
	}
	got := artifact.Upload(t.Context(), repo, []artifact.File{huge(t)}, artifact.Options{})
	entries, err := repo.List(t.Context(), "model")
	if len(got.Failed) > 0 || err != nil || len(entries) != 1 || entries[0].Size != 500<<20+5 {
		t.Errorf("%+v, %v, %v", got, entries, err)
	}
}

func TestPresignedUpload(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	const run = "0123456789abcdef0123456789abcdef"
	location := "s3://bucket/root/7/" + run + "/artifacts"
	repo, err := artifact.Open(location, b.client(t), artifact.S3{})
	if err != nil {
		t.Fatal(err)
	}
	files, _ := write(t, "a b.txt", "model/MLmodel")
	if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != 2 {
		t.Fatalf("%+v", got)
	}
	for _, f := range files {
		if b.objects[run+"/"+f.Target] == "" {
			t.Errorf("%q is not there: %v", f.Target, b.objects)
		}
	}
}

// A location that nobody can write to for us is told with what to do; nothing but it fails.
func TestLocationsThatAreNotReached(t *testing.T) {
	t.Parallel()
	const run = "0123456789abcdef0123456789abcdef"
	for _, line := range []int{3, 2} {
		client, _ := newRun(t, testenv.Server(t, line))
		for _, location := range []string{
			"gs://bucket/7/" + run + "/artifacts", "s3://key:s3cret@bucket/elsewhere", "dbfs:/x", "wasbs://c@account.blob.core.windows.net/x",
			"abfss://c@account.dfs.core.windows.net/7/" + run + "/artifacts",
		} {
			var err error
			repo, err := artifact.Open(location, client, artifact.S3{})
			if err == nil {
				files, _ := write(t, "a.txt")
				err = artifact.Upload(t.Context(), repo, files, artifact.Options{}).Failed[0].Err
			}
			_, ok := errors.AsType[*mlflow.RejectedError](err)
			if ok && errors.Is(err, mlflow.ErrNotFound) {
				continue // MLflow 3 looks for the run first
			}
			if !ok || !strings.Contains(hint.Of(err), "--serve-artifacts") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("MLflow %d, %s: %#v", line, location, err)
			}
			scheme, _, _ := strings.Cut(location, ":")
			if !strings.Contains(err.Error(), scheme+": is not built in; MLflow in the training may still write there") {
				t.Errorf("MLflow %d, %s: %v", line, location, err)
			}
		}
	}
}
