package store

import "github.com/Iyalvan/mlops-track/mlflow/rest"

// Server is the client of the tracking server, for what only servers have; nil for a store that this program writes itself.
func (o *Opened) Server() *rest.Client { return o.client }

// NeedsAWS reports whether requests to the store must be signed for AWS.
func (o Options) NeedsAWS() bool {
	target, err := Describe(o)
	return err == nil && (target.kind == sageMaker || target.kind == trackingServer && o.SigV4)
}

// IsDatabase reports whether the store is opened by starting an mlflow server.
func (t Target) IsDatabase() bool { return t.kind == database }
