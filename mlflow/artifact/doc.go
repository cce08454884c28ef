// Package artifact moves files to where a run's artifacts lie: a folder of this machine, the artifact proxy of a tracking
// server, or a bucket of S3. Files are streamed, so memory does not grow with their size.
//
// It uploads and reads; of its own accord it removes nothing but the parts of an upload into a bucket that failed. There it
// names and describes files as MLflow's own client does (mlflow/store/artifact/s3_artifact_repo.py), sends only what is not
// there yet, and leaves a manifest. Without AWS credentials a bucket is reached as far as the tracking server hands out
// presigned addresses for it (MLflow 3.12 and newer). Locations of other kinds are left to the tracking server.
//
// The environment is not read here, other than by the SDK's configuration that is handed in.
package artifact
