package redact

import (
	"fmt"
	"strings"
	"testing"
)

// someSecrets are as many as a job has: tokens, keys and passwords.
func someSecrets() []string {
	secrets := []string{"eyJhbGciOiJSUzI1NiJ9." + strings.Repeat("eyJzdWIiOiJ0cmFpbiJ9", 40)}
	for i := range 19 {
		secrets = append(secrets, fmt.Sprintf("%c%cs3cr3t/%d+%x", 'a'+i, 'k'+i%10, i, i*7919))
	}
	return secrets
}

// BenchmarkNew is what a start of the program pays.
func BenchmarkNew(b *testing.B) {
	secrets := someSecrets()
	for b.Loop() {
		New(secrets...)
	}
}

// BenchmarkText is one text without secrets, such as the key of a metric.
func BenchmarkText(b *testing.B) {
	r := New(someSecrets()...)
	for b.Loop() {
		if r.Text("training_accuracy_score") == Mask {
			b.Fatal("a name is taken for a secret")
		}
	}
}

// BenchmarkShown is the end of a log, with colors.
func BenchmarkShown(b *testing.B) {
	r := New(someSecrets()...)
	text := strings.Repeat("\x1b[32mINFO\x1b[0m epoch=1 loss=0.25 val_auc=0.875\n", tailSize/48)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if strings.Contains(r.Shown(text), Mask) {
			b.Fatal("a log is taken for a secret")
		}
	}
}

// BenchmarkFind is the search of an environment, which every start does.
func BenchmarkFind(b *testing.B) {
	environ := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "MLFLOW_TRACKING_TOKEN=t0ken-of-mlflow-47"}
	for i := range 100 {
		environ = append(environ, fmt.Sprintf("GITHUB_VARIABLE_%d=https://api.github.com/repos/octo/cars/%d", i, i))
	}
	for b.Loop() {
		Find(environ, nil)
	}
}
