package mlflowtest

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Files returns what lies below an artifact location of this server, by path.
func (m *Memory) Files(location string) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	root := strings.TrimPrefix(location, "mlflow-artifacts:/") + "/"
	out := map[string]string{}
	for path, content := range m.files {
		if name, ok := strings.CutPrefix(path, root); ok {
			out[name] = string(content)
		}
	}
	return out
}

// artifacts is the artifact proxy.
func (m *Memory) artifacts(w http.ResponseWriter, r *http.Request, path string) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch content, there := m.files[path]; {
	case r.Method == http.MethodPut:
		m.files[path] = body
		answerJSON(w, struct{}{}, nil)
	case path == "":
		answerJSON(w, map[string]any{"files": m.folder(strings.Trim(r.URL.Query().Get("path"), "/"))}, nil)
	case there:
		_, _ = w.Write(content)
	default:
		answerJSON(w, nil, notFound("No such artifact: %s", path))
	}
}

type listed struct {
	Path string `json:"path"`
	Dir  bool   `json:"is_dir"`
	Size int    `json:"file_size,omitempty"`
}

// folder is what lies directly in a folder.
func (m *Memory) folder(dir string) []listed {
	seen := map[string]listed{}
	for path, content := range m.files {
		below, ok := strings.CutPrefix(path, dir+"/")
		if !ok {
			continue
		}
		name, _, deeper := strings.Cut(below, "/")
		one := listed{Path: name, Dir: deeper}
		if !deeper {
			one.Size = len(content)
		}
		seen[name] = one
	}
	out := []listed{}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, seen[name])
	}
	return out
}

func millis(ms int64) time.Time { return time.UnixMilli(ms) }
