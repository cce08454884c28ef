// Package artifact uploads files to a run's artifact location: a folder of this machine, the artifact proxy of a tracking
// server, or a bucket of S3. Files are streamed, so memory does not grow with their size.
//
// It uploads and reads; it removes nothing but the parts of a failed upload into a bucket. There it
// names and describes files as MLflow's own client does (mlflow/store/artifact/s3_artifact_repo.py), sends only what is not
// there yet, and writes a manifest. Without AWS credentials a bucket is used through presigned URLs if the tracking server
// issues them (MLflow 3.12 and newer). Other kinds of locations go through the tracking server.
//
// The environment is not read here, except by the SDK's configuration that the caller passes.
package artifact
