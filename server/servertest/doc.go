// Package servertest has what tests share that look at a service from outside: what it prints, what it answers. It imports nothing of
// ours, so that the tests of every package can import it.
package servertest
