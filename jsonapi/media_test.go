package jsonapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

const mt = jsonapi.MediaType

func TestNegotiateContentType(t *testing.T) {
	t.Parallel()
	atomic := []string{jsonapi.AtomicExt}
	for _, c := range []struct {
		values  []string
		hasBody bool
		ext     []string
		ok      bool
	}{
		{[]string{mt}, true, nil, true},
		{[]string{"Application/Vnd.Api+JSON"}, true, nil, true},
		{[]string{mt + " "}, true, nil, true},
		{[]string{mt + `; profile="https://example.com/a https://example.com/b"`}, true, nil, true},
		{[]string{mt + `; PROFILE="https://example.com/a"`}, true, nil, true},
		{[]string{mt + `; ext=""`}, true, nil, true},
		{[]string{mt + ";"}, true, nil, true},
		{[]string{mt + ` ; ;; profile="a;b";`}, true, nil, true},
		{[]string{mt + "; charset=utf-8"}, true, nil, false},
		{[]string{mt + "; version=1"}, true, nil, false},
		{[]string{mt + `; ext="https://example.com/unknown"`}, true, nil, false},
		{[]string{mt + `; ext="` + jsonapi.AtomicExt + `"`}, true, nil, false}, // known, and not used by this path
		{[]string{mt + `; profile="a"; profile="b"`}, true, nil, false},
		{[]string{mt + `; ext="unfinished`}, true, nil, false},
		{[]string{"application/json"}, true, nil, false},
		{[]string{"text/plain"}, true, nil, false},
		{[]string{"*/*"}, true, nil, false},
		{[]string{"nonsense"}, true, nil, false},
		{[]string{"/"}, true, nil, false},
		{[]string{mt + ", " + mt}, true, nil, false},
		{[]string{mt, mt}, true, nil, false},
		{[]string{""}, true, nil, false},
		{nil, true, nil, false},
		{nil, false, nil, true},
		{[]string{""}, false, nil, true},
		{[]string{mt}, false, nil, true},
		{[]string{"application/json"}, false, nil, true}, // some clients send one with every GET
		{[]string{"application/x-www-form-urlencoded"}, false, nil, true},
		{[]string{mt + "; charset=utf-8"}, false, nil, false},
		{[]string{mt + `; ext="` + jsonapi.AtomicExt + `"`}, true, atomic, true},
		{[]string{mt + `; ext=" ` + jsonapi.AtomicExt + ` "`}, true, atomic, true},
		{[]string{mt + `; ext="` + jsonapi.AtomicExt + ` ` + jsonapi.AtomicExt + `"`}, true, atomic, true},
		{[]string{mt + `; ext="` + jsonapi.AtomicExt + ` https://example.com/x"`}, true, atomic, false},
		{[]string{mt}, true, atomic, false},
	} {
		_, err := jsonapi.Negotiate(http.Header{"Content-Type": c.values}, c.hasBody, c.ext)
		if (err == nil) != c.ok {
			t.Errorf("%q, body %v, extensions %v: %v", c.values, c.hasBody, c.ext, err)
		}
		if err != nil {
			want := []found{{Code: jsonapi.UnsupportedMediaType, Pointer: none, Header: "Content-Type"}}
			if diff := cmp.Diff(want, errorsOf(t, err)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", c.values, diff)
			}
		}
	}
}

func TestNegotiateAccept(t *testing.T) {
	t.Parallel()
	cursor, atomic := []string{jsonapi.CursorProfile}, []string{jsonapi.AtomicExt}
	withCursor, withAtomic := mt+`; profile="`+jsonapi.CursorProfile+`"`, mt+`; ext="`+jsonapi.AtomicExt+`"`
	for _, c := range []struct {
		values   []string
		ext      []string
		ok       bool
		profiles []string
	}{
		{nil, nil, true, nil},
		{[]string{""}, nil, true, nil},
		{[]string{","}, nil, true, nil},
		{[]string{"*/*"}, nil, true, nil},
		{[]string{"application/*"}, nil, true, nil},
		{[]string{mt}, nil, true, nil},
		{[]string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, nil, true, nil}, // a browser
		{[]string{"application/json, " + mt}, nil, true, nil},
		{[]string{"application/json", mt + ";q=0.1"}, nil, true, nil},
		{[]string{mt + "; charset=utf-8, " + mt}, nil, true, nil},
		{[]string{mt + `; ext="https://example.com/unknown", ` + mt}, nil, true, nil},
		{[]string{withCursor}, nil, true, cursor},
		{[]string{mt + `; profile="https://example.com/x ` + jsonapi.CursorProfile + `"`}, nil, true, cursor},
		{[]string{mt + `; profile="` + jsonapi.CursorProfile + `/"`}, nil, true, cursor},
		{[]string{mt + `; profile="` + jsonapi.CursorProfile + `//"`}, nil, true, nil},
		{[]string{mt + `; profile="https://example.com/x"`}, nil, true, nil},
		{[]string{mt + `; profile="a,b;c"`}, nil, true, nil}, // a comma inside quotes ends nothing
		{[]string{mt + ";q=0.5, " + withCursor + ";q=0.9"}, nil, true, cursor},
		{[]string{mt + ";q=0.9, " + withCursor + ";q=0.5"}, nil, true, nil},
		{[]string{mt + ", " + withCursor}, nil, true, cursor}, // of equal ones the profile that was asked for, wherever it stands
		{[]string{withCursor + ", " + mt}, nil, true, cursor},
		{[]string{mt, withCursor}, nil, true, cursor},
		{[]string{mt + `; profile="https://example.com/x", ` + withCursor}, nil, true, cursor},
		{[]string{withCursor + `; charset=utf-8, ` + mt}, nil, true, nil},
		{[]string{withAtomic + ", " + mt}, nil, true, nil},
		{[]string{withAtomic}, atomic, true, nil},
		{[]string{withAtomic + ", " + mt}, atomic, true, nil},
		{[]string{"*/*"}, atomic, true, nil},
		{[]string{mt}, atomic, false, nil},
		{[]string{withAtomic}, nil, false, nil},
		{[]string{mt + "; charset=utf-8"}, nil, false, nil},
		{[]string{mt + "; charset=utf-8, */*"}, nil, false, nil}, // by the letter of the specification
		{[]string{mt + `; ext="https://example.com/unknown"`}, nil, false, nil},
		{[]string{mt + ";q=0"}, nil, false, nil},
		{[]string{mt + ";q=0, */*"}, nil, false, nil},
		{[]string{mt + ";q=2"}, nil, false, nil},
		{[]string{mt + ";q=NaN"}, nil, false, nil},
		{[]string{mt + ";q=x"}, nil, false, nil},
		{[]string{"*/*;q=0"}, nil, false, nil},
		{[]string{"*/*, application/*;q=0"}, nil, false, nil}, // the more specific range decides
		{[]string{"application/*;q=0, */*;q=1"}, nil, false, nil},
		{[]string{"application/*;q=0.1, */*;q=0"}, nil, true, nil},
		{[]string{mt + "; ;q=0.5"}, nil, true, nil},
		{[]string{"text/html"}, nil, false, nil},
		{[]string{"application/json"}, nil, false, nil},
		{[]string{"text/*"}, nil, false, nil},
		{[]string{"nonsense"}, nil, false, nil},
		{[]string{mt + `; profile="unfinished`}, nil, false, nil},
		{[]string{strings.Repeat("text/html,", 101) + mt}, nil, false, nil},
		{[]string{`"` + strings.Repeat(`\`, 100)}, nil, false, nil},
	} {
		got, err := jsonapi.Negotiate(http.Header{"Accept": c.values}, false, c.ext)
		if (err == nil) != c.ok {
			t.Errorf("%.100q, extensions %v: %v", c.values, c.ext, err)
		}
		if err != nil {
			want := []found{{Code: jsonapi.NotAcceptable, Pointer: none, Header: "Accept"}}
			if diff := cmp.Diff(want, errorsOf(t, err)); diff != "" {
				t.Errorf("%.100q (-want +got):\n%s", c.values, diff)
			}
		}
		if diff := cmp.Diff(c.profiles, got.Profiles); err == nil && diff != "" {
			t.Errorf("%.100q: profiles (-want +got):\n%s", c.values, diff)
		}
		if got.Wants(jsonapi.CursorProfile) != (len(c.profiles) > 0) {
			t.Errorf("%.100q: wants the cursor profile: %v", c.values, got.Wants(jsonapi.CursorProfile))
		}
	}
}

func TestContentTypeNamesWhatWasApplied(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ext, profiles []string
		want          string
	}{
		{nil, nil, mt},
		{[]string{"e"}, nil, mt + `; ext="e"`},
		{[]string{"e", "f"}, []string{"p"}, mt + `; ext="e f"; profile="p"`},
	} {
		if got := jsonapi.ContentType(c.ext, c.profiles); got != c.want {
			t.Errorf("%v, %v: %s, want %s", c.ext, c.profiles, got, c.want)
		}
	}
}
