//go:build race

package handlers_test

// An export of the same size as without the race detector, of fewer rows: the detector makes each of them ten times as dear, and finds no
// more in a hundred thousand.
const (
	// largeList is how many rows are exported.
	largeList = 20_000
	// largeText is how long a text in each of the rows is.
	largeText = 2_000
)
