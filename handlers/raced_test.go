//go:build race

package handlers_test

// largeList is how many rows are exported. The race detector makes them ten times as dear, and finds no more in a hundred thousand.
const largeList = 10_000
