//go:build !race

package handlers_test

const (
	// largeList is how many rows are exported.
	largeList = 100_000
	// largeText is how long a text in each of the rows is.
	largeText = 300
)
