package track

import (
	"net/http"
	"os"
	"sort"
	"time"

	"github.com/Iyalvan/mlops-track/internal/console"
	"github.com/Iyalvan/mlops-track/internal/environ"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// Host is the process edge as main hands it in.
type Host struct {
	Environ   []string // NAME=value
	Stdin     *os.File
	Stdout    *os.File
	Stderr    *os.File
	Signals   <-chan os.Signal // SIGINT, SIGTERM, SIGHUP
	Version   string
	PythonDir string        // folder of the Python hook; empty: none could be unpacked
	Access    store.Options // credentials and TLS for tracking servers
	HTTP      *http.Client  // for forges
	Console   *console.Console
	Secrets   *redact.Redactor // that the console knows, too; nil: none
	Now       func() time.Time
	TempDirs  []string // folders besides the workspace in which a result may lie
}

// Getenv returns a variable of the environment, empty if it is not set.
func (h Host) Getenv(name string) string { return environ.Get(h.Environ, name) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
