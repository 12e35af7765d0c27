//go:build !race

package handlers_test

// largeList is how many rows are exported.
const largeList = 100_000
