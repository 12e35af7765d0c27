package handlers

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheETagOfACompressedAnswerComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	answer, body := b.do(t, "GET", "/long/1", "", "Accept-Encoding", "gzip")
	plain, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		t.Fatalf("answer with %v is not gzip: %v", answer.Header, err)
	}
	if text, err := io.ReadAll(plain); err != nil || string(text) != longText {
		t.Errorf("decompressed to %d bytes, %v", len(text), err)
	}
	tag := answer.Header.Get("ETag")
	if tag != `"v1-gzip"` {
		t.Errorf("ETag %s, want one that differs from the plain form", tag)
	}
	for _, encoding := range []string{"gzip", "identity"} {
		answer, _ = b.do(t, "GET", "/long/1", "", "Accept-Encoding", encoding, "If-None-Match", tag)
		if answer.StatusCode != http.StatusNotModified || answer.Header.Get("ETag") != tag {
			t.Errorf("%s: %d with ETag %s", encoding, answer.StatusCode, answer.Header.Get("ETag"))
		}
	}
	if answer, _ = b.do(t, "POST", "/body", "", "If-Match", tag); answer.StatusCode != http.StatusNoContent {
		t.Errorf("If-Match with it: %d", answer.StatusCode)
	}
	if answer, _ = b.do(t, "GET", "/faults", "", "Accept-Encoding", "gzip"); answer.Header.Get("Content-Encoding") != "" {
		t.Error("an answer of a few bytes was compressed")
	}
	if answer, _ = b.do(t, "GET", "/long/1", "", "Accept-Encoding", "gzip;q=0, zstd"); answer.Header.Get("Content-Encoding") != "" {
		t.Error("an encoding was used that the client refused")
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header               string
		notModified, matches bool
	}{
		{`"v1"`, true, true},
		{`"v1-gzip"`, true, true},
		{`W/"v1"`, true, false}, // weak tags are good enough for a cache and not for a write
		{`*`, true, true},
		{`"v2"`, false, false},
		{`"a,b", "v1"`, true, true},
		{`"v2","v3" , W/"v4"`, false, false},
		{`v1`, false, false},
		{`"v1`, false, false},
		{`,`, false, false},
		{``, false, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Header.Set("If-None-Match", test.header)
		r.Header.Set("If-Match", test.header)
		if got := NotModified(httptest.NewRecorder(), r, testETag); got != test.notModified {
			t.Errorf("If-None-Match: %s gives %v", test.header, got)
		}
		if got := IfMatch(r, testETag) == nil; got != test.matches {
			t.Errorf("If-Match: %s gives %v", test.header, got)
		}
	}
	if err := IfMatch(httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), testETag); err != nil {
		t.Errorf("without a condition: %v", err)
	}
}

func TestEntityTags(t *testing.T) {
	t.Parallel()
	got := entityTags([]string{` "a" ,W/"b,c"`, `, *,d`, `"e"`, `"unfinished`})
	if diff := cmp.Diff([]string{`"a"`, `W/"b,c"`, `*`, `d`, `"e"`}, got); diff != "" {
		t.Error(diff)
	}
}
