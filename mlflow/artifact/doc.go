// Package artifact moves files to where a run's artifacts lie: a folder of this machine, or the artifact proxy of a
// tracking server. Files are streamed, so memory does not grow with their size.
//
// It uploads and reads; it never removes anything. A location of another kind, such as a bucket, is reached only as far
// as the tracking server hands out presigned addresses for it (MLflow 3.12 and newer).
package artifact
