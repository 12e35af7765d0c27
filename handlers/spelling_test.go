package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

// TestAResourceHasOneSpelling: an id in upper case, or one that stands for none (RFC 9562 §5.9, §5.10), names nothing, wherever it is
// sent.
func TestAResourceHasOneSpelling(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		for _, wrong := range []string{strings.ToUpper(id), "00000000-0000-0000-0000-000000000000",
			"ffffffff-ffff-ffff-ffff-ffffffffffff"} {
			for _, path := range []string{managed + "/" + wrong, managed + "/" + wrong + "/children",
				managed + "/" + wrong + "/relationships/parent"} {
				if a := s.get(path).want(404); a.Header.Get("Location") != "" {
					t.Errorf("%s leads to %s", path, a.Header.Get("Location"))
				}
			}
			s.do("DELETE", managed+"/"+wrong, nil).want(404)
			for _, query := range []string{"filter[id]=" + wrong, "filter[id][]=" + wrong, "filter[parent]=" + wrong,
				"filter[id][eq]=" + wrong} {
				if total := s.get(managed+"?"+query).want(200).json("meta", "total"); total != 0.0 {
					t.Errorf("%s finds %v", query, total)
				}
			}
			if total := s.get("/public/v2/users?filter[organizationId]="+wrong).want(200).json("meta", "total"); total != 0.0 {
				t.Errorf("filter[organizationId]=%s finds %v", wrong, total)
			}
			body := resource("organizations", object{"name": "Child"}, "parent", ref("organizations", wrong))
			want := []errorObject{{"404", "related_not_found", "/data/relationships/parent/data", "", ""}}
			if diff := cmp.Diff(want, s.do("POST", managed, body).want(404).errors()); diff != "" {
				t.Errorf("linkage to %s (-want +got):\n%s", wrong, diff)
			}
			want = []errorObject{{"422", "invalid_value", "/data/id", "", ""}}
			if diff := cmp.Diff(want, s.do("POST", managed, withID(resource("organizations", object{"name": "New"}),
				wrong)).want(422).errors()); diff != "" {
				t.Errorf("an id chosen as %s (-want +got):\n%s", wrong, diff)
			}
			s.do("POST", "/public/v2/operations", object{"atomic:operations": []object{{"op": "remove", "ref": ref("organizations",
				wrong)}}},
				"Content-Type", operations, "Accept", operations).want(404)
		}
		s.get(managed + "/" + id).want(200)
	})
}

// TestWhatIsOnlyWrittenIsNoFieldToRead: a sparse fieldset names what a document has.
func TestWhatIsOnlyWrittenIsNoFieldToRead(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		want := []errorObject{{"400", "invalid_parameter", "", "fields[users]", ""}}
		for _, field := range []string{"password", "id", "type", "nope", "firstName,password", " firstName",
			"firstName,"} {
			if diff := cmp.Diff(want, s.send("GET", "/public/v2/users?fields[users]="+url.QueryEscape(field),
				nil).want(400).errors()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", field, diff)
			}
		}
	})
}

func TestAQueryParameterHasAName(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		for _, path := range []string{managed, managed + "/" + id, managed + "/" + id + "/children",
			managed + "/" + id + "/relationships/parent", "/public/v2/event-types"} {
			for _, query := range []string{"?=1", "?=", "?%00=1", "?+=1"} {
				if code := s.send("GET", path+query,
					nil).want(400).errors()[0].Code; code != "unknown_parameter" && code != "invalid_parameter" {
					t.Errorf("%s%s: %s", path, query, code)
				}
			}
			s.get(path + "?").want(200)
			s.get(path + "?&&").want(200)
		}
	})
}

// TestTheInstanceWithTheProfileIsServed: of two instances of the media type that are accepted alike, wherever it stands.
func TestTheInstanceWithTheProfileIsServed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for accept, applied := range map[string]bool{
			jsonapi.MediaType + ", " + cursorMedia:                true,
			cursorMedia + ", " + jsonapi.MediaType:                true,
			jsonapi.MediaType + ", " + cursorMedia + ";q=0.5":     false,
			cursorMedia + "; charset=utf-8, " + jsonapi.MediaType: false,
		} {
			a := s.get(managed, "Accept", accept).want(200)
			if got := strings.Contains(a.Header.Get("Content-Type"), jsonapi.CursorProfile); got != applied {
				t.Errorf("%s is answered with %s", accept, a.Header.Get("Content-Type"))
			}
		}
	})
}

// TestATimeIsKeptToTheMicrosecond: what is finer is cut off, on both databases alike, and not rounded.
func TestATimeIsKeptToTheMicrosecond(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		for sent, kept := range map[string]string{
			"2026-01-02T03:04:05.1234567Z":              "2026-01-02T03:04:05.123456+00:00",
			"2026-01-02T03:04:05.9999999Z":              "2026-01-02T03:04:05.999999+00:00",
			"2026-01-02T03:04:05.123456789+01:00":       "2026-01-02T02:04:05.123456+00:00",
			"2026-01-02T03:04:05.0000000Z":              "2026-01-02T03:04:05+00:00",
			"1969-12-31T23:59:59.99999999999999999999Z": "1969-12-31T23:59:59.999999+00:00",
		} {
			created := s.do("POST", managed, resource("organizations", object{"name": "Acme", "validFrom": sent})).want(201)
			path := created.text("data", "links", "self")
			for what, a := range map[string]*answer{"the answer": created, "a read": s.get(path)} {
				if got := a.text("data", "attributes", "validFrom"); got != kept {
					t.Errorf("%s is %s in %s, want %s", sent, got, what, kept)
				}
			}
			found := s.get(managed + "?filter[validFrom]=" + url.QueryEscape(sent)).want(200)
			if found.json("meta", "total") != 1.0 {
				t.Errorf("a filter by %s finds %v", sent, found.json("meta", "total"))
			}
			s.do("DELETE", path, nil).want(204)
		}
	})
}
