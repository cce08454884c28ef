package testenv_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

func TestS3(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]struct {
		shared func(testing.TB) testenv.S3
		start  func(testing.TB, testenv.S3Options) (testenv.S3, func())
	}{
		"MinIO":   {testenv.MinIO, testenv.StartMinIO},
		"Versity": {testenv.Versity, testenv.StartVersity},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if again := kind.shared(t); again != kind.shared(t) {
				t.Error("the shared server is another one each time")
			}
			private, stop := kind.start(t, testenv.S3Options{Region: "eu-west-1"})
			for _, server := range []testenv.S3{kind.shared(t), private} {
				bucket := server.Bucket(t)
				in := &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("a"), Body: strings.NewReader("content")}
				if _, err := server.Client().PutObject(t.Context(), in); err != nil {
					t.Fatal(err)
				}
				out, err := server.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("a")})
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(out.Body)
				if string(text) != "content" {
					t.Errorf("%q, %v", text, err)
				}
			}
			stop()
			if resp, err := http.Get(private.URL); err == nil {
				resp.Body.Close()
				t.Error("a stopped server answers")
			}
		})
	}
}

func TestToxiproxy(t *testing.T) {
	t.Parallel()
	server := testenv.Versity(t)
	link := testenv.Toxiproxy(t, server.URL)
	get := func() (time.Duration, error) {
		start := time.Now()
		resp, err := http.Get(link.URL + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return time.Since(start), err
	}
	if _, err := get(); err != nil {
		t.Fatal(err)
	}
	link.SetLatency(200 * time.Millisecond)
	if took, err := get(); err != nil || took < 200*time.Millisecond {
		t.Errorf("a slow link answers in %s, %v", took, err)
	}
	link.SetUp(false)
	if _, err := get(); err == nil {
		t.Error("a link that is down answers")
	}
}
