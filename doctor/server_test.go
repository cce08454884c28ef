package doctor_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/Iyalvan/mlops-track/doctor"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// look is what is looked at of a server, with its own artifacts and those in buckets.
func look(t *testing.T, url string, buckets artifact.S3) doctor.Server {
	t.Helper()
	client, err := rest.New(rest.Options{URI: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return doctor.Server{
		Display: url, Experiment: "Default",
		Connect: func(context.Context) (*rest.Client, error) { return client, nil },
		Artifacts: func(ctx context.Context, location string) (doctor.Artifacts, error) {
			repo, err := artifact.Open(location, client, buckets)
			if err != nil {
				return doctor.Artifacts{}, err
			}
			remove, err := artifact.Removal(ctx, repo)
			return doctor.Artifacts{
				Put: func(ctx context.Context, name, file string) error {
					return repo.Put(ctx, name, artifact.Source{Path: file})
				},
				Read: repo.Open, List: func(ctx context.Context) error { _, err := repo.List(ctx, ""); return err },
				Remove: remove, Name: "doctor-" + rand.Text() + "/probe", Dir: t.TempDir(),
			}, err
		},
	}
}

func TestServersOfBothLines(t *testing.T) {
	t.Parallel()
	for line, version := range map[int]string{3: "MLflow 3.", 2: "MLflow 2."} {
		t.Run(fmt.Sprint(line), func(t *testing.T) {
			t.Parallel()
			server := look(t, testenv.Server(t, line), artifact.S3{})
			found, good := examine(t, server.Checks()...)
			expect(t, found["server"], doctor.OK, server.Display+", "+version, "")
			expect(t, found["auth"], doctor.OK, `may read experiment "Default" (id 0)`, "")
			expect(t, found["artifacts"], doctor.OK, "wrote, read and removed a probe at mlflow-artifacts:/0", "")
			if !good {
				t.Error("a run cannot start")
			}
			place, err := server.Artifacts(t.Context(), "mlflow-artifacts:/0")
			if err != nil {
				t.Fatal(err)
			}
			place.Remove = nil
			repo, err := artifact.Open("mlflow-artifacts:/0", must(server.Connect(t.Context())), artifact.S3{})
			if err != nil {
				t.Fatal(err)
			}
			if left, err := repo.List(t.Context(), ""); err != nil || len(left) > 0 {
				t.Errorf("what is left: %v, %v", left, err)
			}
			server.Artifacts = func(context.Context, string) (doctor.Artifacts, error) { return place, nil }
			server.Experiment = "not there yet"
			found, _ = examine(t, server.Checks()...)
			expect(t, found["auth"], doctor.OK, "a run creates it", "")
			expect(t, found["artifacts"], doctor.OK, "mlflow-artifacts:/ is readable; writing is not checked", "")
			if _, err := must(server.Connect(t.Context())).FindExperiment(t.Context(), "not there yet"); err == nil {
				t.Error("the doctor created the experiment")
			}
		})
	}
}

func must(client *rest.Client, _ error) *rest.Client { return client }

func TestServersThatSayNo(t *testing.T) {
	t.Parallel()
	real := testenv.Server(t, 3)
	for name, c := range map[string]struct {
		rule      mlflowtest.Rule
		level     doctor.Level
		text, fix string
	}{
		"401": {mlflowtest.Rule{Status: http.StatusUnauthorized, Body: "You are not authenticated."}, doctor.Fail, "You are not authenticated.", "set MLFLOW_TRACKING_USERNAME"},
		"403": {mlflowtest.Rule{Status: http.StatusForbidden, Body: `{"message":"Missing Authentication Token"}`}, doctor.Fail, "Missing Authentication", "MLFLOW_TRACKING_AWS_SIGV4"},
		"404": {mlflowtest.Rule{Status: http.StatusNotFound, Body: "nginx"}, doctor.Fail, "nginx", "check the tracking URI"},
	} {
		proxy := mlflowtest.New(t, real)
		proxy.Spoil(c.rule)
		found, good := examine(t, look(t, proxy.URL, artifact.S3{}).Checks()...)
		expect(t, found["server"], doctor.OK, "MLflow version unknown", "")
		expect(t, found["auth"], c.level, c.text, c.fix)
		expect(t, found["artifacts"], doctor.Skip, "because of auth", "")
		if good {
			t.Errorf("%s: a run can start", name)
		}
	}
	proxy := mlflowtest.New(t, real)
	proxy.Spoil(mlflowtest.Rule{Path: "version", Status: http.StatusOK, Body: "<html>login</html>"})
	found, _ := examine(t, look(t, proxy.URL, artifact.S3{}).Checks()...)
	expect(t, found["server"], doctor.Fail, "not MLflow's JSON: login", "check the tracking URI")
}

// An unreachable server stops a run only where it should.
func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, lookAtNoServer)
}

func lookAtNoServer(t *testing.T) {
	for _, keep := range []bool{true, false} {
		server := look(t, "http://127.0.0.1:1", artifact.S3{})
		server.Offline = keep
		var found []doctor.Finding
		good := doctor.Run(t.Context(), server.Checks(), 1e9, func(f doctor.Finding) { found = append(found, f) })
		level := map[bool]doctor.Level{true: doctor.Warn, false: doctor.Fail}[keep]
		expect(t, found[0], level, "http://127.0.0.1:1 is unreachable", "tracking-uri")
		expect(t, found[1], doctor.Skip, "because of server", "")
		if good != keep {
			t.Errorf("keep: %t; a run can start: %t", keep, good)
		}
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	service := testenv.Versity(t)
	location := "s3://" + service.Bucket(t) + "/root"
	server := look(t, testenv.Server(t, 3), artifact.S3{Config: service.Config})
	open := server.Artifacts
	at := func(location string) map[string]doctor.Finding {
		server.Artifacts = func(ctx context.Context, _ string) (doctor.Artifacts, error) { return open(ctx, location) }
		found, _ := examine(t, server.Checks()...)
		return found
	}
	expect(t, at(location)["artifacts"], doctor.OK, "wrote, read and removed a probe at ", "")
	repo, err := artifact.Open(location, nil, artifact.S3{Config: service.Config})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := repo.List(t.Context(), ""); err != nil || len(left) > 0 {
		t.Errorf("what is left: %v, %v", left, err)
	}
	expect(t, at("s3://no-such-bucket-anywhere/x")["artifacts"], doctor.Fail, "NoSuchBucket", "create the bucket")

	for name, spoil := range map[string]struct {
		change    func(*doctor.Artifacts)
		level     doctor.Level
		text, fix string
	}{
		"put":    {func(a *doctor.Artifacts) { a.Put = func(context.Context, string, string) error { return errDenied } }, doctor.Fail, "write to ", ""},
		"remove": {func(a *doctor.Artifacts) { a.Remove = func(context.Context, string) error { return errDenied } }, doctor.Warn, "not removed: denied", "by hand"},
		"read": {func(a *doctor.Artifacts) {
			a.Read = func(context.Context, string) (io.ReadCloser, error) { return nil, errDenied }
		}, doctor.Fail, "read the probe from ", ""},
		"other": {func(a *doctor.Artifacts) {
			a.Read = func(context.Context, string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
		}, doctor.Fail, `it contains "x"`, ""},
	} {
		server.Artifacts = func(ctx context.Context, _ string) (doctor.Artifacts, error) {
			a, err := open(ctx, location)
			spoil.change(&a)
			return a, err
		}
		found, _ := examine(t, server.Checks()...)
		t.Log(name)
		expect(t, found["artifacts"], spoil.level, spoil.text, spoil.fix)
	}
}

var errDenied = fmt.Errorf("denied")

func TestEmbeddedStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "mlflow.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, level := range map[string]doctor.Level{
		file: doctor.OK, dir: doctor.OK, filepath.Join(dir, "new", "folder", "x.db"): doctor.OK,
		filepath.Join(file, "x.db"): doctor.Fail, "/proc/nowhere/x.db": doctor.Fail,
	} {
		found, _ := examine(t, doctor.Embedded(path, "sqlite:///x"))
		if found["store"].Level != level || !strings.Contains(found["store"].Text, "sqlite:///x") {
			t.Errorf("%s: %+v", path, found["store"])
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("what is left: %v, %v", left, err)
	}
}
