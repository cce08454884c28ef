package artifact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
)

// services are those that tests of buckets run on.
func services() map[string]func(testing.TB) testenv.S3 {
	return map[string]func(testing.TB) testenv.S3{"MinIO": testenv.MinIO, "Versity": testenv.Versity}
}

// root is the artifact root of a run in a bucket.
type root struct {
	testenv.S3

	bucket, location string
}

const rootPath = "root/7/run/artifacts"

// roots runs a test on an empty root of every service.
func roots(t *testing.T, test func(t *testing.T, r root)) {
	for name, service := range services() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newRoot(t, service(t)))
		})
	}
}

func newRoot(t *testing.T, server testenv.S3) root {
	t.Helper()
	bucket := server.Bucket(t)
	return root{server, bucket, "s3://" + bucket + "/" + rootPath}
}

func (r root) open(t *testing.T, opts artifact.S3) artifact.Repo {
	t.Helper()
	if opts.Config == nil {
		opts.Config = r.Config
	}
	repo, err := artifact.Open(r.location, nil, opts)
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// head is what the service tells about a file.
func (r root) head(t *testing.T, path string) *s3.HeadObjectOutput {
	t.Helper()
	out, err := r.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &r.bucket, Key: aws.String(rootPath + "/" + path)})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out
}

// python runs a script as the owner of the bucket, and reads the JSON that it prints.
func (r root) python(t *testing.T, answer any, script string, args ...string) {
	t.Helper()
	cmd := exec.Command(testenv.AWSPython(t), append([]string{"-c", script}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(os.Environ(), "MLFLOW_S3_ENDPOINT_URL="+r.URL, "AWS_ACCESS_KEY_ID="+r.AccessKey,
		"AWS_SECRET_ACCESS_KEY="+r.SecretKey, "AWS_DEFAULT_REGION="+r.Region, "TMPDIR="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
}

// download reads artifacts with MLflow's own class for buckets; SHA-256 by path.
func (r root) download(t *testing.T, paths []string) map[string]string {
	t.Helper()
	list, err := json.Marshal(paths)
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]string
	r.python(t, &files, `import json, sys
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository
repo = S3ArtifactRepository(sys.argv[1])
print(json.dumps({path: repo.download_artifacts(path) for path in json.loads(sys.argv[2])}))`, r.location, string(list))
	for path, file := range files {
		files[path] = hashFile(t, file)
	}
	return files
}

// sparse writes a file that takes no room on the disk.
func sparse(t *testing.T, size int64) artifact.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "sparse.bin")
	if err := os.WriteFile(name, []byte("begin"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, size); err != nil {
		t.Fatal(err)
	}
	return artifact.File{Path: name, Target: "model/sparse.bin"}
}

// Not parallel: it looks at the memory of the process.
func TestLargeFilesGoInPartsAndLittleMemory(t *testing.T) {
	const size, limit = 256<<20 + 5, 192 << 20 // the parts of one file take some 100 MiB
	r := newRoot(t, testenv.Versity(t))
	file := sparse(t, size)
	files := []artifact.File{file, {Path: file.Path, Target: "second"}, {Path: file.Path, Target: "third"}, {Path: file.Path, Target: "fourth"}}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := before.HeapInuse
	got := artifact.Upload(t.Context(), r.open(t, artifact.S3{}), files, artifact.Options{
		Progress: func(artifact.Progress) {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse)
		},
	})
	if got.Files != 4 || got.Bytes != 4*size || got.Manifest != nil {
		t.Fatalf("%+v", got)
	}
	if grown := int64(peak - before.HeapInuse); grown > limit {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if tag := aws.ToString(r.head(t, file.Target).ETag); !strings.HasSuffix(tag, `-33"`) {
		t.Errorf("ETag %s, want one of 33 parts", tag)
	}
	equal(t, "files as MLflow reads them", r.download(t, []string{file.Target}), map[string]string{file.Target: hashFile(t, file.Path)})
	if sum := manifestOf(t, r.open(t, artifact.S3{}))["second"]; sum != hashFile(t, file.Path) {
		t.Errorf("SHA-256 in the manifest is %q", sum)
	}
}

// TestFileThatChangesMeanwhile fails: the digest in the manifest would not be that of what was sent.
func TestFileThatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRoot(t, testenv.Versity(t))
	file := sparse(t, 64<<20)
	var once sync.Once
	got := artifact.Upload(t.Context(), r.open(t, artifact.S3{}), []artifact.File{file}, artifact.Options{
		Progress: func(artifact.Progress) {
			once.Do(func() {
				if err := os.Chtimes(file.Path, time.Time{}, time.Unix(1, 0)); err != nil {
					t.Error(err)
				}
			})
		},
	})
	if len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Err.Error(), "changed while it was sent") {
		t.Errorf("%+v", got)
	}
}

func TestListHasPages(t *testing.T) {
	t.Parallel()
	roots(t, func(t *testing.T, r root) {
		var targets []string
		for i := range 2000 { // a page has 1,000
			targets = append(targets, fmt.Sprintf("many/part-%04d.bin", i))
		}
		files, _ := write(t, targets...)
		repo := r.open(t, artifact.S3{})
		if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != len(files) || got.Manifest != nil {
			t.Fatalf("%+v", got)
		}
		entries, err := repo.List(t.Context(), "many")
		if err != nil || len(entries) != len(files) || entries[1999].Path != "many/part-1999.bin" {
			t.Errorf("%d entries, %v", len(entries), err)
		}
		again := artifact.Upload(t.Context(), repo, files, artifact.Options{})
		if again.Skipped != len(files) || again.Files != len(files) {
			t.Errorf("the second time: %+v", again)
		}
	})
}

// MLflow's class for buckets sends the same files; what the service then tells of both is compared.
func TestContentTypesAreThoseOfMLflow(t *testing.T) {
	t.Parallel()
	names := []string{
		"a.json", "b.csv", "c.png", "d.tar.gz", "e.tgz", "f.txt", "MLmodel", "g.pkl", "h.YAML", "i.html", "j.svg", "k.svgz", "l.Z", ".gz",
		"m.parquet", "n.json.bz2", "o.ipynb", "p.h5", "q.pdf", "r.md", "s.npy", "t.py", ".hidden.json", "u.", "v.xz", "w.TAR.GZ",
	}
	roots(t, func(t *testing.T, r root) {
		files, _ := write(t, names...)
		if got := artifact.Upload(t.Context(), r.open(t, artifact.S3{}), files, artifact.Options{}); len(got.Failed) > 0 {
			t.Fatal(got.Failed)
		}
		list, err := json.Marshal(names)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string][2]string
		r.python(t, &want, `import json, mimetypes, sys
mimetypes._db = mimetypes.MimeTypes(filenames=())
print(json.dumps({n: [x or "" for x in mimetypes.guess_type("/folder/" + n)] for n in json.loads(sys.argv[1])}))`, string(list))
		got := map[string][2]string{}
		for _, name := range names {
			head := r.head(t, name)
			kind := aws.ToString(head.ContentType)
			if kind == "application/octet-stream" || kind == "binary/octet-stream" {
				kind = "" // what services say where nothing was said
			}
			got[name] = [2]string{kind, aws.ToString(head.ContentEncoding)}
		}
		want["g.pkl"], want["p.h5"] = got["g.pkl"], got["p.h5"]
		equal(t, "content types and encodings", got, want)
	})
}

func TestUploadExtraArgs(t *testing.T) {
	t.Parallel()
	roots(t, func(t *testing.T, r root) {
		repo := r.open(t, artifact.S3{
			UploadExtraArgs: `{"ContentType": "text/x-own", "Metadata": {"team": "a b"}, "CacheControl": "no-store", "StorageClass": "STANDARD"}`,
		})
		files, _ := write(t, "a.json")
		files = append(files, sparse(t, 40<<20))
		if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); len(got.Failed) > 0 {
			t.Fatal(got.Failed)
		}
		for _, f := range files {
			head := r.head(t, f.Target)
			if aws.ToString(head.ContentType) != "text/x-own" || head.Metadata["team"] != "a b" || aws.ToString(head.CacheControl) != "no-store" {
				t.Errorf("%s: type %q, metadata %v, cache control %q", f.Target, aws.ToString(head.ContentType), head.Metadata, aws.ToString(head.CacheControl))
			}
		}
	})
}

func TestWrongOptionsAreToldWhenTheRepoIsOpened(t *testing.T) {
	t.Parallel()
	config := func(context.Context) (aws.Config, error) { return aws.Config{}, errors.New("not to be asked") }
	for _, c := range []struct {
		location string
		options  artifact.S3
		says     []string
	}{
		{"s3://b/x", artifact.S3{UploadExtraArgs: `{"Acl": "private"}`}, []string{`"Acl" is not supported`, "ACL, ", "SSEKMSKeyId, "}},
		{"s3://b/x", artifact.S3{UploadExtraArgs: `["ACL"]`}, []string{"MLFLOW_S3_UPLOAD_EXTRA_ARGS", "not a JSON object"}},
		{"s3://b/x", artifact.S3{UploadExtraArgs: `{"SSECustomerKey": {"k": "s3cret"}}`}, []string{`"SSECustomerKey" has the wrong type`}},
		{"s3://b/x", artifact.S3{AddressingStyle: "dns"}, []string{"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "path", "virtual"}},
		{"s3://key:s3cret@b/x", artifact.S3{}, []string{"names no bucket"}},
		{"s3:///x", artifact.S3{}, []string{"names no bucket"}},
	} {
		c.options.Config = config
		_, err := artifact.Open(c.location, nil, c.options)
		if err == nil {
			t.Errorf("%+v is taken", c)
			continue
		}
		for _, words := range append(c.says, "") {
			if !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%q lacks %q", err, words)
			}
		}
	}
}

// The first upload comes to one file less; the second sends that one and nothing else, though a file changed meanwhile.
func TestRepeatedUploadSendsWhatIsMissing(t *testing.T) {
	t.Parallel()
	roots(t, func(t *testing.T, r root) {
		counting := &counter{sent: map[string]bool{}}
		repo := r.open(t, artifact.S3{Config: counting.config(r.S3)})
		files, _ := write(t, "a.txt", "model/b.txt", "c.txt")
		files = append(files, sparse(t, 40<<20))
		absent := artifact.File{Path: filepath.Join(t.TempDir(), "absent"), Target: "absent.txt"}
		got := artifact.Upload(t.Context(), repo, append(slices.Clone(files), absent), artifact.Options{})
		if got.Files != len(files) || len(got.Failed) != 1 || got.Failed[0].File != absent || got.Skipped != 0 {
			t.Fatalf("%+v", got)
		}
		if sent := manifestOf(t, repo); len(sent) != len(files) {
			t.Errorf("the manifest lists %v", slices.Collect(maps.Keys(sent)))
		}

		if err := os.WriteFile(absent.Path, []byte("here"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[0].Path, []byte("other\r\n\x000"), 0o600); err != nil { // of the same size
			t.Fatal(err)
		}
		var last artifact.Progress
		counting.reset()
		got = artifact.Upload(t.Context(), repo, append(slices.Clone(files), absent), artifact.Options{
			Progress: func(p artifact.Progress) { last = p },
		})
		if got.Files != 5 || got.Skipped != 3 || last != (artifact.Progress{Files: 5, Bytes: got.Bytes}) {
			t.Errorf("%+v, progress %+v", got, last)
		}
		equal(t, "sent", counting.names(), []string{"a.txt", "absent.txt", "manifest.json"})
		sent := manifestOf(t, repo)
		for _, f := range append(files, absent) {
			if sent[f.Target] != hashFile(t, f.Path) {
				t.Errorf("%q is %q in the manifest", f.Target, sent[f.Target])
			}
		}

		counting.reset()
		if got = artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Skipped != len(files) || len(counting.names()) > 0 {
			t.Errorf("the third time: %+v, sent %v", got, counting.names())
		}
	})
}

// manifestOf reads the manifest; SHA-256 by path.
func manifestOf(t *testing.T, repo artifact.Repo) map[string]string {
	t.Helper()
	f, err := repo.Open(t.Context(), artifact.ManifestPath)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Version int
		Files   []struct {
			Path, SHA256 string
			Size         int64
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil || manifest.Version != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	sums := map[string]string{}
	for _, f := range manifest.Files {
		sums[f.Path] = f.SHA256
	}
	return sums
}

// A user's file where the manifest would lie is the user's.
func TestManifestLeavesTheUsersFileAlone(t *testing.T) {
	t.Parallel()
	roots(t, func(t *testing.T, r root) {
		repo := r.open(t, artifact.S3{})
		files, want := write(t, "a.txt", artifact.ManifestPath)
		if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != 2 || got.Manifest != nil {
			t.Fatalf("%+v", got)
		}
		if read(t, repo, artifact.ManifestPath) != want[artifact.ManifestPath] {
			t.Error("the user's file is gone")
		}
	})
}

// Over TLS the SDK signs and checks in another way than without.
func TestTLS(t *testing.T) {
	t.Parallel()
	roots(t, func(t *testing.T, r root) {
		address, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		secure := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(address))
		secure.Config.ErrorLog = log.New(io.Discard, "", 0)
		secure.StartTLS()
		t.Cleanup(secure.Close)
		files, want := write(t, "a.txt", "b.json.gz")
		large := sparse(t, 40<<20)
		files, want[large.Target] = append(files, large), hashFile(t, large.Path)

		got := artifact.Upload(t.Context(), r.open(t, artifact.S3{Endpoint: secure.URL}), files, artifact.Options{})
		if len(got.Failed) != len(files) || !strings.Contains(got.Failed[0].Err.Error(), "certificate") {
			t.Errorf("a certificate that nobody knows is taken: %+v", got)
		}
		repo := r.open(t, artifact.S3{Endpoint: secure.URL, IgnoreTLS: true})
		if got := artifact.Upload(t.Context(), repo, files, artifact.Options{}); got.Files != len(files) {
			t.Fatalf("%+v", got)
		}
		for target, sum := range want {
			if read(t, repo, target) != sum {
				t.Errorf("%q reads back as something else", target)
			}
		}
		if encoding := aws.ToString(r.head(t, "b.json.gz").ContentEncoding); encoding != "gzip" {
			t.Errorf("content encoding %q", encoding)
		}
		if again := artifact.Upload(t.Context(), repo, files, artifact.Options{}); again.Skipped != len(files) {
			t.Errorf("the second time: %+v", again)
		}
	})
}
