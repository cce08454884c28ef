package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/notice"
	"github.com/Iyalvan/mlops-track/internal/process"
	"github.com/Iyalvan/mlops-track/mlflow/store"
)

// uiGrace is how long the MLflow UI may take to stop.
const uiGrace = 5 * time.Second

func (a *app) uiCommand() *cobra.Command {
	f := newFlags()
	var host string
	var port int
	cmd := &cobra.Command{
		Use:   "ui",
		Short: "Open the embedded store in the MLflow UI",
		Long: "Open the embedded store in the MLflow UI with the settings that the installed MLflow needs. MLflow is found on\n" +
			"PATH, else in python3. For a tracking server its address is printed.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.parse(f.sources(cmd, "ui"), "mlops-track ui")
			if err != nil {
				return err
			}
			return a.ui(cmd.Context(), s.Store.TrackingURI, host, port)
		},
	}
	f.register(cmd, "tracking-uri")
	cmd.Flags().StringVar(&host, "host", "127.0.0.1", "address to listen on")
	cmd.Flags().IntVar(&port, "port", 5000, "port to listen on")
	return cmd
}

func (a *app) ui(ctx context.Context, uri, host string, port int) error {
	target, err := store.Describe(store.Options{URI: uri, Dir: a.Dir})
	if err != nil {
		return err
	}
	backend := target.ChildEnv["MLFLOW_TRACKING_URI"]
	if strings.HasPrefix(backend, "http") {
		_, err := fmt.Fprintln(a.Stdout, target.Display)
		return err
	}
	if target.Path != "" {
		if _, err := os.Stat(target.Path); err != nil {
			return hint.With(fmt.Errorf("there is no store yet: %w", err), "track a run first: mlops-track run -- python train.py")
		}
		a.mend(ctx, uri)
	}
	mlflow, err := findMLflow(ctx, a.forPrograms())
	if err != nil {
		return err
	}
	env := a.forPrograms()
	for name, value := range target.ChildEnv {
		env = append(env, name+"="+value)
	}
	// The URI goes by the environment: a database URI holds a password, and arguments can be read by everybody.
	env = append(env, "MLFLOW_BACKEND_STORE_URI="+backend, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
	a.console.Say("MLflow UI on http://%s:%d (Ctrl-C ends it)", host, port)
	a.watcher.enter(running)
	res := process.Run(process.Command{
		Args: append(mlflow, "ui", "--host", host, "--port", strconv.Itoa(port), "--workers", "1"),
		Dir:  target.Dir, Env: env, Stdin: a.Stdin, Stdout: a.Stdout, Stderr: a.Stderr, Grace: uiGrace,
	}, a.watcher.forward, func(os.Signal) {})
	a.code = res.ExitCode
	if res.Interrupt != nil {
		a.code = exitOK // stopped as requested
	}
	return res.NotRun
}

// mend opens and closes an embedded store: one that was moved is mended, and runs of killed jobs are closed. The UI can show it without.
func (a *app) mend(ctx context.Context, uri string) {
	st, err := store.Open(ctx, store.Options{URI: uri, Dir: a.Dir})
	if err == nil {
		a.console.Tell(closeLost(ctx, st)...)
		err = st.Close(ctx)
	}
	a.console.Tell(notice.FromError(err)...)
}

// findMLflow returns the words that start the installed MLflow.
func findMLflow(ctx context.Context, environ []string) ([]string, error) {
	if path, err := exec.LookPath("mlflow"); err == nil {
		return []string{path}, nil
	}
	for _, python := range []string{"python", "python3"} {
		path, err := exec.LookPath(python)
		if err != nil {
			continue
		}
		probe := exec.CommandContext(ctx, path, "-c", "import mlflow.version") //nolint:gosec // the user's own Python
		probe.Env = environ
		if probe.Run() == nil {
			return []string{path, "-m", "mlflow"}, nil
		}
	}
	return nil, hint.With(errors.New("mlflow is not installed here"), "pip install mlflow, or activate the environment that has it")
}
