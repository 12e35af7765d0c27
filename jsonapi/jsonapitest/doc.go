// Package jsonapitest holds what tests of documents share. It is imported by tests only.
package jsonapitest
