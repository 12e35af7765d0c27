// Package plain has what those front doors have in common whose answers are JSON of their own, and whose errors are a status and one
// sentence. It knows no path, no format and no rule.
package plain
