package testenv

import "testing"

// needs skips the test under go test -short, as make test-unit runs it: without Python, servers and containers.
func needs(t testing.TB, what string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs %s; run it without -short", what)
	}
}
