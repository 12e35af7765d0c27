package modelstest

import "testing"

// Sequential marks a test whose only client asks one thing after the other, very often. "go test -short" leaves it out, and so does the
// step of ".ci/run" with the race detector, which has nothing to find in it that other tests do not show it, and would need longer for
// these few than for all the rest.
func Sequential(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("one client, one request after the other: not with -short")
	}
}
