package artifact_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// Attempts that come to nothing are no progress: who waits for progress would wait for ever, as a server that answers 503 to
// each of them showed.
func TestRepeatedAttemptsAreNoProgress(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const size, attempts = 50_000, 5
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if requests++; requests == attempts {
			cancel()
		}
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	client, err := rest.New(rest.Options{URI: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := artifact.Open("mlflow-artifacts:/7/run/artifacts", client, artifact.S3{})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "model.bin")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	var told []int64
	got := artifact.Upload(ctx, repo, []artifact.File{{Path: name, Target: "model.bin"}}, artifact.Options{
		Progress: func(p artifact.Progress) { told = append(told, p.Bytes) },
	})
	if len(got.Failed) != 1 || requests < attempts {
		t.Fatalf("%+v after %d requests", got, requests)
	}
	for i, bytes := range told {
		if i > 0 && bytes <= told[i-1] || bytes > size {
			t.Fatalf("progress was told as %v", told)
		}
	}
}
