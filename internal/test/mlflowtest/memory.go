package mlflowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Memory is a tracking server in memory: experiments, runs, artifacts behind its proxy, and the model registry.
type Memory struct {
	URL string

	mu          sync.Mutex
	experiments []*experiment
	runs        []*Run
	files       map[string][]byte // by path below the artifact proxy
	models      map[string][]Version
	logged      map[string][]LoggedModel // by run
}

type experiment struct {
	ID               string `json:"experiment_id"`
	Name             string `json:"name"`
	ArtifactLocation string `json:"artifact_location"`
	Stage            string `json:"lifecycle_stage"`
}

// Version is a version of a registered model.
type Version struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Source  string `json:"source"`
	RunID   string `json:"run_id"`
	ModelID string `json:"model_id,omitempty"`
}

// LoggedModel is a model that an MLflow 3 client logged.
type LoggedModel struct {
	ID          string `json:"model_id"`
	Name        string `json:"name"`
	ArtifactURI string `json:"artifact_uri"`
}

// StartMemory starts a server that ends with the test.
func StartMemory(t testing.TB) *Memory {
	t.Helper()
	m := &Memory{files: map[string][]byte{}, models: map[string][]Version{}, logged: map[string][]LoggedModel{}}
	m.experiments = []*experiment{{ID: "0", Name: "Default", ArtifactLocation: "mlflow-artifacts:/0", Stage: "active"}}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.URL = server.URL
	return m
}

// Versions returns the versions of a registered model.
func (m *Memory) Versions(name string) []Version {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Version(nil), m.models[name]...)
}

// LogModel adds a logged model to a run.
func (m *Memory) LogModel(runID string, model LoggedModel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logged[runID] = append(m.logged[runID], model)
}

// refusal is a response with an error.
type refusal struct {
	status  int
	code    string
	message string
}

func notFound(format string, args ...any) *refusal {
	return &refusal{http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", fmt.Sprintf(format, args...)}
}

func exists(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "INVALID_PARAMETER_VALUE", fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler.
func (m *Memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/api/2.0/mlflow-artifacts/artifacts"); ok {
		m.artifacts(w, r, strings.Trim(path, "/"))
		return
	}
	calls := map[string]func(*http.Request) (any, *refusal){
		"GET experiments/get-by-name":   m.experimentByName,
		"POST experiments/create":       m.createExperiment,
		"POST runs/create":              m.createRun,
		"GET runs/get":                  m.getRun,
		"POST runs/update":              m.updateRun,
		"POST runs/log-batch":           m.logBatch,
		"POST runs/search":              m.searchRuns,
		"GET metrics/get-history":       m.history,
		"POST registered-models/create": m.createModel,
		"POST model-versions/create":    m.createVersion,
		"GET model-versions/search":     m.searchVersions,
		"POST logged-models/search":     m.searchLogged,
	}
	call, ok := calls[r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/2.0/mlflow/")]
	if !ok {
		http.Error(w, "<!doctype html><title>404 Not Found</title><h1>Not Found</h1>", http.StatusNotFound)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	answer, no := call(r)
	answerJSON(w, answer, no)
}

func answerJSON(w http.ResponseWriter, answer any, no *refusal) {
	w.Header().Set("Content-Type", "application/json")
	if no != nil {
		w.WriteHeader(no.status)
		answer = map[string]string{"error_code": no.code, "message": no.message}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// read decodes the body of a request.
func read[T any](r *http.Request) (in T, no *refusal) {
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return in, &refusal{http.StatusBadRequest, "MALFORMED_REQUEST", err.Error()}
	}
	return in, nil
}

func (m *Memory) experimentByName(r *http.Request) (any, *refusal) {
	name := r.URL.Query().Get("experiment_name")
	for _, e := range m.experiments {
		if e.Name == name {
			return map[string]any{"experiment": e}, nil
		}
	}
	return nil, notFound("Could not find experiment with name '%s'", name)
}

func (m *Memory) createExperiment(r *http.Request) (any, *refusal) {
	in, no := read[experiment](r)
	if no != nil {
		return nil, no
	}
	if in.Name == "" {
		return nil, invalid("Invalid experiment name: ''")
	}
	for _, e := range m.experiments {
		if e.Name == in.Name {
			return nil, exists("Experiment(name=%s) already exists.", in.Name)
		}
	}
	id := strconv.Itoa(len(m.experiments))
	m.experiments = append(m.experiments, &experiment{
		ID: id, Name: in.Name, ArtifactLocation: "mlflow-artifacts:/" + id, Stage: "active",
	})
	return map[string]string{"experiment_id": id}, nil
}

func (m *Memory) createModel(r *http.Request) (any, *refusal) {
	in, no := read[Version](r)
	if no != nil {
		return nil, no
	}
	if _, there := m.models[in.Name]; there {
		return nil, exists("Registered Model (name=%s) already exists.", in.Name)
	}
	m.models[in.Name] = []Version{}
	return map[string]any{"registered_model": map[string]string{"name": in.Name}}, nil
}

func (m *Memory) createVersion(r *http.Request) (any, *refusal) {
	v, no := read[Version](r)
	if no != nil {
		return nil, no
	}
	versions, there := m.models[v.Name]
	if !there {
		return nil, notFound("Registered Model with name=%s not found", v.Name)
	}
	v.Version = strconv.Itoa(len(versions) + 1)
	m.models[v.Name] = append(versions, v)
	return map[string]any{"model_version": v}, nil
}

func (m *Memory) searchVersions(r *http.Request) (any, *refusal) {
	var found []Version
	for _, versions := range m.models {
		for _, v := range versions {
			if r.URL.Query().Get("filter") == "run_id = '"+v.RunID+"'" {
				found = append([]Version{v}, found...)
			}
		}
	}
	return map[string]any{"model_versions": found}, nil
}

func (m *Memory) searchLogged(r *http.Request) (any, *refusal) {
	in, no := read[struct{ Filter string }](r)
	if no != nil {
		return nil, no
	}
	models := []map[string]any{}
	for run, logged := range m.logged {
		for _, l := range logged {
			if in.Filter == "source_run_id = '"+run+"'" {
				models = append(models, map[string]any{"info": l})
			}
		}
	}
	return map[string]any{"models": models}, nil
}
