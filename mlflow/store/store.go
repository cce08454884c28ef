package store

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/artifact"
	"github.com/Iyalvan/mlops-track/mlflow/filestore"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
	"github.com/Iyalvan/mlops-track/mlflow/server"
	"github.com/Iyalvan/mlops-track/mlflow/sqlite"
)

// Options say what to open and how. The fields after Environ concern tracking servers and are those of rest.Options.
type Options struct {
	URI     string   // any MLflow tracking URI
	Dir     string   // absolute folder that relative paths start from
	Environ []string // NAME=value, for the mlflow server of a database

	Username, Password string
	Token              string
	CACertPath         string
	ClientCertPath     string
	InsecureTLS        bool
	Workspace          string
	UserAgent          string
	Proxy              func(*url.URL) (*url.URL, error)
	RequestTimeout     time.Duration // for one request; 0: the usual time

	// S3 says how artifacts in buckets are reached without the server.
	S3 artifact.S3

	// AWS returns credentials and region for servers that require signed requests; nil: none.
	AWS AWSConfig
	// SigV4 signs what is sent to a tracking server for API Gateway, instead of all other credentials.
	SigV4 bool
	// SageMakerEndpoint replaces the address of MLflow in SageMaker; empty: AWS's.
	SageMakerEndpoint string
}

// AWSConfig returns a configuration of the SDK. It is called when one is needed.
type AWSConfig func(context.Context) (aws.Config, error)

// Opened is an open store. Close must be called.
type Opened struct {
	mlflow.Store
	Target

	client *rest.Client // nil for an embedded store
	s3     artifact.S3
	close  func(context.Context) error

	closeLost func(ctx context.Context, gone func(tags map[string]string) bool) ([]string, error) // nil for servers
}

// Open opens the store, and creates an embedded one. It sends no request to a tracking server; the first call does.
func Open(ctx context.Context, opts Options) (*Opened, error) {
	target, err := Describe(opts)
	if err != nil {
		return nil, err
	}
	o := &Opened{Target: target, s3: opts.S3}
	switch target.kind {
	case trackingServer:
		err = o.connect(ctx, opts, opts.URI)
	case sageMaker:
		err = o.connectManaged(ctx, opts)
	case file:
		err = o.openFile(ctx)
	case folder:
		err = o.openFolder(ctx)
	case database:
		err = o.serve(ctx, server.Options{URI: opts.URI, Dir: opts.Dir, Environ: opts.Environ}, opts.UserAgent)
	}
	if err != nil {
		return nil, err
	}
	o.Store = valid{o.Store}
	return o, nil
}

// RunURL returns the web page of a run; empty if there is none. A page of SageMaker needs an address that is valid for one
// person and 5 minutes.
func (o *Opened) RunURL(experimentID, runID string) string {
	if o.kind != trackingServer {
		return ""
	}
	return o.client.RunURL(experimentID, runID)
}

// Artifacts opens an artifact location of this store.
func (o *Opened) Artifacts(location string) (artifact.Repo, error) {
	return artifact.Open(mlflow.AbsoluteLocation(location, o.Dir), o.client, o.s3)
}

// Upload uploads files to an artifact location of this store.
func (o *Opened) Upload(ctx context.Context, location string, files []artifact.File, opts artifact.Options) artifact.Result {
	repo, err := o.Artifacts(location)
	if err != nil {
		return artifact.AllFailed(files, err)
	}
	return artifact.Upload(ctx, repo, files, opts)
}

// List returns what is directly in a folder of an artifact location of this store.
func (o *Opened) List(ctx context.Context, location, folder string) ([]artifact.Entry, error) {
	repo, err := o.Artifacts(location)
	if err != nil {
		return nil, err
	}
	return repo.List(ctx, folder)
}

// Close makes the artifact locations of an embedded store relative, if it was named by a relative path, and ends the
// server of a database. It is best not called with a context that is over.
func (o *Opened) Close(ctx context.Context) error { return o.close(ctx) }

func (o *Opened) connect(ctx context.Context, opts Options, uri string) error {
	sign, err := opts.signing(ctx)
	if err != nil {
		return err
	}
	return o.connectTo(opts, uri, nil, sign)
}

func (o *Opened) connectTo(opts Options, uri string, header http.Header, sign rest.Signing) error {
	client, err := rest.New(rest.Options{
		Header: header, Sign: sign,
		URI: uri, Username: opts.Username, Password: opts.Password, Token: opts.Token, Workspace: opts.Workspace,
		TLS:       rest.TLS{CACertPath: opts.CACertPath, ClientCertPath: opts.ClientCertPath, Insecure: opts.InsecureTLS},
		UserAgent: opts.UserAgent, Proxy: opts.Proxy, Timeout: opts.RequestTimeout,
	})
	if err != nil {
		return err
	}
	o.Store, o.client = client, client
	o.close = func(context.Context) error { client.Close(); return nil }
	return nil
}

func (o *Opened) openFile(ctx context.Context) error {
	s, err := sqlite.Open(ctx, o.Path, sqlite.Options{
		ArtifactRoot: filepath.Join(filepath.Dir(o.Path), artifactFolder), RelativeTo: o.relativeTo(),
	})
	if err != nil {
		return fmt.Errorf("open %s: %w", o.Display, err)
	}
	o.Store, o.close, o.closeLost = s, s.Close, s.CloseLost
	return nil
}

func (o *Opened) openFolder(ctx context.Context) error {
	s, err := filestore.Open(ctx, o.Path, filestore.Options{RelativeTo: o.relativeTo()})
	if err != nil {
		return fmt.Errorf("open %s: %w", o.Display, err)
	}
	o.Store, o.close, o.closeLost = s, s.Close, s.CloseLost
	return nil
}

// serve starts the user's own mlflow server for a database, and connects to it.
func (o *Opened) serve(ctx context.Context, of server.Options, userAgent string) error {
	s, err := server.Start(ctx, of)
	if err != nil {
		return err
	}
	if err := o.connect(ctx, Options{UserAgent: userAgent}, s.URL()); err != nil {
		s.Stop()
		return err
	}
	o.ChildEnv = s.ChildEnv()
	o.close = func(context.Context) error { o.client.Close(); s.Stop(); return nil }
	return nil
}
