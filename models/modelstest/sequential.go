package modelstest

import (
	"testing"

	"roster/models/store"
)

// Sequential marks a test whose only client asks one thing after the other, very often, or runs commands one after the other.
// "go test -short" leaves it out, and so does the step of ".ci/run" with the race detector, which has nothing to find in it that other
// tests do not show it, and would need longer for these few than for all the rest.
func Sequential(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("one client, one thing after the other: not with -short")
	}
}

// Databases returns what Each runs a test on: both databases, and with -short one of them, since what is above the store is the same code
// on both. The name of the test and ROSTER_SEED choose it, so that it is the same one when a test is run again, and another one for about
// half of the tests on the next commit.
func Databases(t testing.TB) []store.Dialect {
	if !testing.Short() {
		return Dialects
	}
	return chosen(t, Dialects)
}
