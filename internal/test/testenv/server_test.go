package testenv_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/testenv"
)

func TestServers(t *testing.T) {
	for _, line := range []int{3, 2} {
		t.Run(fmt.Sprint(line), func(t *testing.T) {
			t.Parallel()
			checkServers(t, line)
		})
	}
}

func checkServers(t *testing.T, line int) {
	t.Helper()
	url := testenv.Server(t, line)
	if again := testenv.Server(t, line); again != url {
		t.Errorf("the shared MLflow %d server is at %s and %s", line, url, again)
	}
	private, stop := testenv.Start(t, line, testenv.Options{})
	if get(t, url+"/version")[0] != byte('0'+line) || get(t, private+"/version")[0] != byte('0'+line) {
		t.Errorf("the servers of line %d have another version", line)
	}
	stop()
	if resp, err := http.Get(private + "/version"); err == nil {
		resp.Body.Close()
		t.Errorf("a stopped MLflow %d server answers", line)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || len(body) == 0 {
		t.Fatalf("get %s: %q, %v", url, body, err)
	}
	return string(body)
}
