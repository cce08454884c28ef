package testenv

import (
	"path/filepath"
	"strings"
	"testing"
)

// Moto starts a moto server, which answers in the shapes of many AWS services at one URL. It refuses nobody, so it shows
// how ARNs and answers look, and nothing about security.
func Moto(t testing.TB) (url string) {
	t.Helper()
	needs(t, "a moto server")
	host, port, _ := strings.Cut(freeAddress(t), ":")
	p := launch(t, command{
		name: "moto", folder: temporaryFolder(t), path: filepath.Join(filepath.Dir(AWSPython(t)), "moto_server"),
		args: []string{"-H", host, "-p", port}, url: "http://" + host + ":" + port, health: "/moto-api/",
	})
	t.Cleanup(p.stop)
	return p.url
}
