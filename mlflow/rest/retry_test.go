package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// spoiled returns a client of a real server behind a proxy with these rules.
func spoiled(t *testing.T, rules ...mlflowtest.Rule) (*rest.Client, *mlflowtest.Proxy) {
	t.Helper()
	proxy := mlflowtest.New(t, testenv.Server(t, 3))
	for _, r := range rules {
		proxy.Spoil(r)
	}
	return client(t, proxy.URL, func(o *rest.Options) { o.Timeout = 5 * time.Second }), proxy
}

func experiment(t *testing.T, c *rest.Client) mlflow.Experiment {
	t.Helper()
	e, err := c.EnsureExperiment(t.Context(), fmt.Sprintf("%s-%d", t.Name(), time.Now().UnixNano()))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newRun(t *testing.T, c *rest.Client) mlflow.Run {
	t.Helper()
	r, err := c.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: experiment(t, c).ID, Start: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatPassesLaterIsRepeated(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]mlflowtest.Rule{
		"429":             {Status: http.StatusTooManyRequests, RetryAfter: "1"},
		"408":             {Status: http.StatusRequestTimeout},
		"500":             {Status: http.StatusInternalServerError, Body: `{"error_code":"INTERNAL_ERROR","message":"oops"}`},
		"502 with HTML":   {Status: http.StatusBadGateway, Body: "<html><body>Bad Gateway</body></html>"},
		"503 by a lock":   {Status: http.StatusServiceUnavailable, Body: `{"error_code":"TEMPORARILY_UNAVAILABLE","message":"locked"}`},
		"504":             {Status: http.StatusGatewayTimeout},
		"connection lost": {Refuse: true},
		"answer lost":     {Lose: true},
		"answer cut":      {Cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, proxy := spoiled(t)
			run := newRun(t, c)
			for _, path := range []string{"runs/log-batch", "runs/update", "runs/get"} {
				rule.Path, rule.Times = path, 2
				proxy.Spoil(rule)
			}
			b := mlflow.Batch{Metrics: []mlflow.Metric{{Key: "loss", Value: 1, Timestamp: 1}}}
			if err := c.LogBatch(t.Context(), run.ID, b); err != nil {
				t.Errorf("log batch: %v", err)
			}
			if err := c.UpdateRun(t.Context(), run.ID, mlflow.RunUpdate{Status: mlflow.Finished}); err != nil {
				t.Errorf("update run: %v", err)
			}
			if got, err := c.GetRun(t.Context(), run.ID); err != nil || got.Status != mlflow.Finished || len(got.Metrics) != 1 {
				t.Errorf("run is %+v, %v", got, err)
			}
			if n := proxy.Calls("runs/log-batch"); n < 2 || n > 3 { // net/http repeats a GET on its own
				t.Errorf("log-batch was sent %d times, want 3", n)
			}
		})
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	c, _ := spoiled(t, mlflowtest.Rule{Path: "runs/get", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "2"})
	run := newRun(t, c)
	begin := time.Now()
	if _, err := c.GetRun(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 2*time.Second {
		t.Errorf("it was repeated after %s, the server asked for 2 s", took)
	}
}

// Nothing is waited for that the context does not allow.
func TestRetryAfterLongerThanTheContext(t *testing.T) {
	t.Parallel()
	c, proxy := spoiled(t, mlflowtest.Rule{Path: "runs/get", Status: http.StatusServiceUnavailable, RetryAfter: "3600"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := c.GetRun(ctx, "x")
	away, ok := errors.AsType[*mlflow.UnreachableError](err)
	if !ok || !strings.Contains(err.Error(), "503") || away.URI != proxy.URL || ctx.Err() != nil {
		t.Errorf("%v", err)
	}
}

func TestInternalErrorIsRepeatedAFewTimes(t *testing.T) {
	t.Parallel()
	c, proxy := spoiled(t, mlflowtest.Rule{Path: "runs/get", Status: http.StatusInternalServerError})
	_, err := c.GetRun(t.Context(), "x")
	if _, ok := errors.AsType[*mlflow.UnreachableError](err); !ok {
		t.Errorf("%v, want an UnreachableError", err)
	}
	if n := proxy.Calls("runs/get"); n != 4 {
		t.Errorf("it was sent %d times, want 4", n)
	}
}

// A run is created once, whatever became of the answer.
func TestOneRunAfterALostAnswer(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]mlflowtest.Rule{
		"answer lost":            {Lose: true},
		"answer cut":             {Cut: true},
		"request lost":           {Refuse: true},
		"gateway gave up":        {Status: http.StatusGatewayTimeout},
		"turned away":            {Status: http.StatusTooManyRequests},
		"lost, then search lost": {Lose: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, proxy := spoiled(t)
			e := experiment(t, c)
			rule.Path, rule.Times = "runs/create", 1
			proxy.Spoil(rule)
			if strings.Contains(name, "search") {
				proxy.Spoil(mlflowtest.Rule{Path: "runs/search", Times: 2, Status: http.StatusBadGateway})
			}
			job := mlflow.Tag{Key: mlflow.JobIDTag, Value: "job " + name}
			created, err := c.CreateRun(t.Context(), mlflow.NewRun{
				ExperimentID: e.ID, Name: "only", Start: time.Now(), Tags: []mlflow.Tag{job},
			})
			if err != nil {
				t.Fatal(err)
			}
			runs, err := c.SearchRuns(t.Context(), mlflow.RunSearch{ExperimentID: e.ID, Tags: []mlflow.Tag{job}})
			if err != nil || len(runs) != 1 || runs[0].ID != created.ID || created.ArtifactURI == "" {
				t.Errorf("%d runs are there, %v; created: %+v", len(runs), err, created)
			}
		})
	}
}

func TestRunWithoutJobIDIsNotRepeated(t *testing.T) {
	t.Parallel()
	c, proxy := spoiled(t)
	e := experiment(t, c)
	proxy.Spoil(mlflowtest.Rule{Path: "runs/create", Times: 1, Lose: true})
	_, err := c.CreateRun(t.Context(), mlflow.NewRun{ExperimentID: e.ID, Start: time.Now()})
	if _, ok := errors.AsType[*mlflow.UnreachableError](err); !ok || proxy.Calls("runs/create") != 1 {
		t.Errorf("%d requests, %v", proxy.Calls("runs/create"), err)
	}
}

func TestOneModelVersionAfterALostAnswer(t *testing.T) {
	t.Parallel()
	c, proxy := spoiled(t)
	run := newRun(t, c)
	version := mlflow.NewModelVersion{
		Name: fmt.Sprintf("it's %d", time.Now().UnixNano()), Source: run.ArtifactURI + "/model", RunID: run.ID,
	}
	for _, path := range []string{"registered-models/create", "model-versions/create"} {
		proxy.Spoil(mlflowtest.Rule{Path: path, Times: 1, Lose: true})
	}
	for _, want := range []string{"1", "2"} {
		if got, err := c.CreateModelVersion(t.Context(), version); err != nil || got.Version != want {
			t.Errorf("version is %+v, %v; want %s", got, err, want)
		}
	}
}

func TestExperimentAfterALostAnswer(t *testing.T) {
	t.Parallel()
	c, proxy := spoiled(t, mlflowtest.Rule{Path: "experiments/create", Times: 1, Lose: true})
	if e := experiment(t, c); e.ID == "" || proxy.Calls("experiments/create") != 2 {
		t.Errorf("experiment is %+v after %d requests", e, proxy.Calls("experiments/create"))
	}
}

// An unreachable server is told within the time that the caller has.
func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused.Close()
	_, hangs := spoiled(t, mlflowtest.Rule{Hang: true})
	for name, uri := range map[string]string{
		"refuses":  "http://ci:s3cret@" + refused.Addr().String(),
		"hangs":    hangs.URL,
		"unknown":  "http://mlflow.invalid",
		"502 only": spoiledURL(t, mlflowtest.Rule{Status: http.StatusBadGateway}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			_, err := client(t, uri).EnsureExperiment(ctx, "x")
			away, ok := errors.AsType[*mlflow.UnreachableError](err)
			if !ok {
				t.Fatalf("%v, want an UnreachableError", err)
			}
			if strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), away.URI) {
				t.Errorf("the error reads %q", err)
			}
		})
	}
}

func spoiledURL(t *testing.T, rules ...mlflowtest.Rule) string {
	_, proxy := spoiled(t, rules...)
	return proxy.URL
}

func TestHangingServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	_, proxy := spoiled(t)
	c := client(t, proxy.URL, func(o *rest.Options) { o.Timeout = time.Second })
	e := experiment(t, client(t, proxy.URL))
	proxy.Spoil(mlflowtest.Rule{Path: "runs/search", Times: 1, Hang: true})
	if _, err := c.SearchRuns(t.Context(), mlflow.RunSearch{ExperimentID: e.ID}); err != nil {
		t.Error(err)
	}
}

// A token that ends in the middle of a run is told at once, with what to do.
func TestExpiredToken(t *testing.T) {
	t.Parallel()
	_, proxy := spoiled(t)
	c := client(t, proxy.URL, func(o *rest.Options) { o.Token = "s3cret" })
	run := newRun(t, c)
	proxy.Spoil(mlflowtest.Rule{Status: http.StatusUnauthorized, Body: "Token expired"})
	err := c.LogBatch(t.Context(), run.ID, mlflow.Batch{Tags: []mlflow.Tag{{Key: "k", Value: "v"}}})
	rejected, ok := errors.AsType[*mlflow.RejectedError](err)
	if !ok || !rejected.Lasting() || rejected.Message != "Token expired" || !strings.Contains(hint.Of(err), "MLFLOW_TRACKING_TOKEN") {
		t.Errorf("%#v", err)
	}
	if proxy.Calls("runs/log-batch") != 1 || strings.Contains(fmt.Sprint(err, hint.Of(err)), "s3cret") {
		t.Errorf("%d requests, %v", proxy.Calls("runs/log-batch"), err)
	}
}
