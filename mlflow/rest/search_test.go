package rest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// The last of many runs is asked for in one request, whose answer holds that one run.
func TestSearchAsksForNoMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	var asked []int // one request at a time
	proxy := mlflowtest.Handler(t, testenv.Server(t, 3))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var search struct {
			Results int `json:"max_results"`
		}
		if json.Unmarshal(body, &search) == nil && search.Results > 0 {
			asked = append(asked, search.Results)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c := client(t, server.URL)
	e := experiment(t, c)
	var last mlflow.Run
	for i := range 5 {
		var err error
		last, err = c.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.Now().Add(time.Duration(i) * time.Second)})
		if err != nil {
			t.Fatal(err)
		}
	}
	found, err := c.SearchRuns(t.Context(), mlflow.RunSearch{ExperimentID: e.ID, Newest: true, Limit: 1})
	if err != nil || len(found) != 1 || found[0].ID != last.ID {
		t.Errorf("%+v, %v", found, err)
	}
	if len(asked) != 1 || asked[0] != 1 {
		t.Errorf("the searches asked for %d runs", asked)
	}
}
