package jsonapitest_test

import (
	"testing"

	"roster/jsonapi/jsonapitest"
)

func TestPointersOfTheRFC(t *testing.T) {
	t.Parallel()
	const document = `{"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7, "n": 1e400, "deep": [{"x": null}]}` // after RFC 6901 §5
	for pointer, want := range map[string]bool{
		"": true, "/": true, "/foo": true, "/foo/0": true, "/a~1b": true, "/m~0n": true, "/ ": true, "/n": true, "/deep/0/x": true,
		"foo": false, "/foo/2": false, "/foo/-": false, "/foo/01": false, "/foo/-1": false, "/a/b": false, "/m~n/x": false, "/n/x": false,
		"/deep/0/x/y": false, "//": false,
	} {
		if got := jsonapitest.Resolves(document, pointer); got != want {
			t.Errorf("%q resolves: %v", pointer, got)
		}
	}
	if jsonapitest.Resolves(`{`, "") {
		t.Error("something resolves in what is no document")
	}
}
