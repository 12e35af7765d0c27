package server

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models"
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
	if answer, _ = b.do(t, "GET", "/refused", "", "Accept-Encoding", "gzip"); answer.Header.Get("Content-Encoding") != "" {
		t.Error("an answer of a few bytes was compressed")
	}
	if answer, _ = b.do(t, "GET", "/long/1", "", "Accept-Encoding", "gzip;q=0, zstd"); answer.Header.Get("Content-Encoding") != "" {
		t.Error("an encoding was used that the client refused")
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	tag := EntityTag(1, 7, []byte("{}"))
	opaque := strings.Trim(tag, `"`)
	none, weak := &models.Versions{}, &models.Versions{Weak: true}
	of := func(versions ...int64) *models.Versions { return &models.Versions{Listed: versions} }
	for _, test := range []struct {
		header      string
		notModified bool
		versions    *models.Versions // nil for any
		unreadable  bool
	}{
		{header: tag, notModified: true, versions: of(7)},
		{header: `"` + opaque + `-gzip"`, notModified: true, versions: of(7)},
		{header: `W/` + tag, notModified: true, versions: weak}, // weak tags are good enough for a cache and not for a write
		{header: `*`, notModified: true},
		{header: `"7-0123456789abcdef01234567"`, versions: of(7)}, // another representation of the same version
		{header: `"a,b", ` + tag, notModified: true, versions: of(7)},
		{header: `"2-x","3-y" , W/"4-z"`, versions: &models.Versions{Listed: []int64{2, 3}, Weak: true}},
		{header: `"abcdef", "-1-x", "0-x", "7", "7x-y", "99999999999999999999-x"`, versions: none},
		{header: `,`, versions: none},
		{header: ``, versions: none},
		{header: opaque, unreadable: true},
		{header: `"` + opaque, unreadable: true},
		{header: `w/` + tag, unreadable: true},
		{header: tag + ` ` + tag, unreadable: true},
		{header: `*, ` + tag, unreadable: true},
		{header: `"a b"`, unreadable: true},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Header.Set("If-None-Match", test.header)
		if got, err := NotModified(httptest.NewRecorder(), r, tag); got != test.notModified || err != nil {
			t.Errorf("If-None-Match: %s gives %v %v", test.header, got, err)
		}
		r.Header.Set("If-Match", test.header)
		got, err := IfVersions(r.Header)
		if diff := cmp.Diff(test.versions, got); diff != "" || (err != nil) != test.unreadable {
			t.Errorf("If-Match: %s gives %v %v", test.header, got, err)
		}
	}
	if got, err := IfVersions(http.Header{}); got != nil || err != nil {
		t.Errorf("without a condition: %v %v", got, err)
	}
}

func TestEntityTags(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tag := range []string{
		EntityTag(1, 0, []byte("{}")), EntityTag(2, 0, []byte("{}")), EntityTag(1, 0, []byte("[]")), EntityTag(1, 7, []byte("{}")),
		EntityTag(1, 8, []byte("{}")), EntityTag(1, 0, nil),
	} {
		if seen[tag] || !isStrong(tag) {
			t.Errorf("the tag %s is that of another answer", tag)
		}
		seen[tag] = true
	}
	if again := EntityTag(1, 7, []byte("{}")); !seen[again] {
		t.Errorf("an answer has another tag, %s", again)
	}
	got, _, ok := entityTags([]string{` "a" ,W/"b,c"`, `, ,`, `"e"`})
	if diff := cmp.Diff([]string{`"a"`, `W/"b,c"`, `"e"`}, got); diff != "" || !ok {
		t.Error(diff)
	}
}
