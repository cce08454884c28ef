// Package filestore writes an MLflow tracking store that is a folder, for file: tracking URIs, without Python.
//
// The layout is that of mlflow/store/tracking/file_store.py and mlflow/store/model_registry/file_store.py in 2.9.2 and
// 3.17.2: a folder an experiment, in it a folder a run, in it a file a param, tag and metric. Since MLflow reads any
// file it finds there, none is ever seen half written: temporary files lie outside params, tags and metrics, a run's
// meta.yaml is written last, and points are added to a metric in one write.
//
// MLflow itself takes no lock, so another process of the same run may write at any time. The lock here
// (.mlops-track.lock) keeps only our own processes apart. MLflow 3.13 and later refuse such a store unless
// MLFLOW_ALLOW_FILE_STORE=true is in their environment.
package filestore
