package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// Server says which tracking server to check.
type Server struct {
	Display string // its URI, without secrets
	// Offline is true if a run is stored offline where the server is unreachable.
	Offline bool
	// Connect opens the store of the tracking URI.
	Connect func(context.Context) (*rest.Client, error)
	// Experiment is the name of the experiment; it is not created.
	Experiment string
	// Artifacts opens the artifact location of an experiment.
	Artifacts func(ctx context.Context, location string) (Artifacts, error)
}

// Checks returns those of the server, of the permission to read, and of the artifact location. They depend on the named ones.
func (s Server) Checks(after ...string) []Check {
	var client *rest.Client
	var location string
	return []Check{
		{Name: "server", After: after, Look: func(ctx context.Context) (f Finding) {
			client, f = s.connect(ctx)
			return f
		}},
		{Name: "auth", After: []string{"server"}, Look: func(ctx context.Context) (f Finding) {
			location, f = s.auth(ctx, client)
			return f
		}},
		{Name: "artifacts", After: []string{"auth"}, Look: func(ctx context.Context) Finding { return s.artifacts(ctx, location) }},
	}
}

func (s Server) connect(ctx context.Context) (*rest.Client, Finding) {
	client, err := s.Connect(ctx)
	if err != nil {
		return nil, s.failed(err)
	}
	version, err := client.Version(ctx)
	var rejected *mlflow.RejectedError
	switch {
	case errors.As(err, &rejected) && (rejected.Status == 401 || rejected.Status == 403 || rejected.Status == 404):
		return client, ok("%s, MLflow version unknown", s.Display) // the next check says what the status means
	case err != nil:
		return client, s.failed(err)
	}
	return client, ok("%s, MLflow %s", s.Display, version)
}

// auth makes a call that requires permission, and finds the artifact location.
func (s Server) auth(ctx context.Context, client *rest.Client) (location string, f Finding) {
	e, err := client.FindExperiment(ctx, s.Experiment)
	if err == nil {
		return e.ArtifactLocation, ok("may read experiment %q (id %s)", s.Experiment, e.ID)
	}
	if !errors.Is(err, mlflow.ErrNotFound) {
		return "", s.failed(err)
	}
	text := fmt.Sprintf("may read; experiment %q does not exist yet, a run creates it", s.Experiment)
	if e, err = client.SampleExperiment(ctx); err == nil { // the new one will be beside it
		location = strings.TrimSuffix(e.ArtifactLocation, e.ID)
	}
	return location, ok("%s", text)
}

func (s Server) artifacts(ctx context.Context, location string) Finding {
	if location == "" {
		return warn("", "not checked: the location is unknown until experiment %q exists", s.Experiment)
	}
	place, err := s.Artifacts(ctx, location)
	if err != nil {
		return s.failed(err)
	}
	return place.look(ctx, location)
}

// failed returns the finding for an error of the server. If it is unreachable and the run would be stored offline, it is a warning.
func (s Server) failed(err error) Finding {
	f := failed(err, "")
	if unreachable, ok := errors.AsType[*mlflow.UnreachableError](err); ok {
		f.Fix = "check that the server runs and this machine can reach it: tracking-uri, proxy, firewall"
		f.Text = unreachable.Error()
		if s.Offline {
			f.Level, f.blocks = Warn, true
			f.Fix += "; while it is unreachable, runs are stored offline (on-tracking-error)"
		}
	}
	return f
}

// Artifacts is an artifact location with the methods that a probe needs. The probe is a small file in a folder of its own.
type Artifacts struct {
	List   func(context.Context) error // reports whether the location can be read
	Put    func(ctx context.Context, name, file string) error
	Read   func(ctx context.Context, name string) (io.ReadCloser, error)
	Remove func(ctx context.Context, name string) error // the file and its folder; nil: the store cannot remove
	Name   string                                       // folder/file of the probe, different each time
	Dir    string                                       // empty local folder for the probe
}

const probe = "mlops-track doctor was here\n"

func (a Artifacts) look(ctx context.Context, location string) Finding {
	location = mlflow.RedactURI(location)
	if a.Remove == nil {
		if err := a.List(ctx); err != nil {
			return failed(fmt.Errorf("list %s: %w", location, err), "")
		}
		return ok("%s is readable; writing is not checked, because the probe could not be removed", location)
	}
	if err := a.put(ctx); err != nil {
		return failed(fmt.Errorf("write to %s: %w", location, err), "")
	}
	readErr := a.compare(ctx)
	removeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Limit/2)
	defer cancel()
	if err := a.Remove(removeCtx, a.Name); err != nil {
		return warn("remove it by hand; runs need no permission to remove", "%s is writable, but the probe %q was not removed: %v", location, a.Name, err)
	}
	if readErr != nil {
		return failed(fmt.Errorf("read the probe from %s: %w", location, readErr), "")
	}
	return ok("wrote, read and removed a probe at %s", location)
}

func (a Artifacts) put(ctx context.Context) error {
	file := filepath.Join(a.Dir, "probe")
	if err := os.WriteFile(file, []byte(probe), 0o600); err != nil {
		return err
	}
	return errors.Join(a.Put(ctx, a.Name, file), os.Remove(file))
}

func (a Artifacts) compare(ctx context.Context) error {
	body, err := a.Read(ctx, a.Name)
	if err != nil {
		return err
	}
	defer body.Close()
	got, err := io.ReadAll(io.LimitReader(body, 2*int64(len(probe))))
	if err == nil && string(got) != probe {
		err = fmt.Errorf("it contains %q instead of what was written", got)
	}
	return err
}
