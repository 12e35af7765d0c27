package jsonapi_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/jsonapi/jsonapitest"
)

// TestEveryPointerResolves sends documents that a generator has broken at random places.
func TestEveryPointerResolves(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 3000 {
		body, err := json.Marshal(object(r, 0, []string{"data", "meta", "links", "included", "@x", "foo"}))
		if err != nil {
			t.Fatal(err)
		}
		for _, purpose := range []jsonapi.Purpose{jsonapi.Create, jsonapi.Update} {
			in, err := jsonapi.DecodeResource(body, things, purpose, idA)
			checkPointers(t, body, err)
			if err != nil {
				refused++
				continue
			}
			for _, field := range append(things.FieldNames(), "id", "nope") {
				if p := in.PointerTo(field); !jsonapitest.Resolves(string(body), p) {
					t.Errorf("PointerTo(%q) is %q, which does not resolve in %s", field, p, body)
				}
			}
			for name, linkage := range in.Relationships {
				for i := range linkage.Refs {
					if p := in.PointerToRef(name, i); !jsonapitest.Resolves(string(body), p) {
						t.Errorf("PointerToRef(%q, %d) is %q, which does not resolve in %s", name, i, p, body)
					}
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	if refused < 300 {
		t.Errorf("only %d documents were refused: the generator breaks too little", refused)
	}
}

// TestEveryPointerIntoOperationsResolves does the same with operations, and makes sure that those that are taken can be carried out.
func TestEveryPointerIntoOperationsResolves(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(good ...any) any {
		if r.IntN(6) == 0 {
			return value(r, len(members), "")
		}
		return good[r.IntN(len(good))]
	}
	refused, taken := 0, 0
	for range 20_000 {
		operation := map[string]any{"op": pick("add", "update", "remove")}
		for name, make := range map[string]func() any{
			"ref": func() any {
				return pick(map[string]any{"type": pick("things"), "id": pick("a")},
					map[string]any{"type": "things", "id": "a", "relationship": pick("fans", "owner", "watchers")})
			},
			"href": func() any { return pick("/v1/things", "/v1/things/a", "/v1/things/a/relationships/fans") },
			"data": func() any {
				return pick(object(r, 1, members[0]), map[string]any{"type": "things", "id": "a"}, []any{}, nil,
					map[string]any{"type": "people", "id": "p"})
			},
			"meta": func() any { return pick(map[string]any{"ifMatch": pick("*", "*, *")}, map[string]any{}) },
		} {
			if r.IntN(2) == 0 {
				operation[name] = make()
			}
		}
		body, err := json.Marshal(map[string]any{"atomic:operations": []any{operation}})
		if err != nil {
			t.Fatal(err)
		}
		ops, err := jsonapi.DecodeOperations(body, api)
		checkPointers(t, body, err)
		if err != nil {
			refused++
			continue
		}
		taken++
		checkOperation(t, ops[0], map[jsonapi.Ref]string{})
	}
	if refused < 1000 || taken < 1000 {
		t.Errorf("%d documents were refused and %d taken: the generator breaks too little or too much", refused, taken)
	}
}

// members are the names that can stand at each level of a generated document; what is a value stands at the last.
var members = [][]string{
	{"type", "id", "lid", "attributes", "relationships", "meta", "links", "@x", "foo"},
	append(things.FieldNames(), "a/b", "~", "", "@x", "links"),
	{"data", "links", "meta", "foo"},
	{"type", "id", "lid", "meta", "foo"},
}

func object(r *rand.Rand, level int, names []string) map[string]any {
	out := map[string]any{}
	for range 1 + r.IntN(4) {
		name := names[r.IntN(len(names))]
		if level == 0 {
			name = names[min(r.IntN(20), len(names)-1)%len(names)]
			if r.IntN(4) > 0 {
				name = "data"
			}
		}
		out[name] = value(r, level, name)
	}
	if level == 1 && r.IntN(8) > 0 {
		out["type"] = "things"
	}
	if level == 1 && r.IntN(2) > 0 {
		out["attributes"] = object(r, level+1, members[level])
	}
	return out
}

func value(r *rand.Rand, level int, name string) any {
	switch {
	case name == "type" && r.IntN(3) > 0:
		return []string{"things", "people"}[r.IntN(2)]
	case name == "id" && r.IntN(3) > 0:
		return idA
	case level < len(members) && r.IntN(5) > 0:
		return object(r, level+1, members[level])
	}
	switch r.IntN(9) {
	case 0:
		return nil
	case 1:
		return r.IntN(100)
	case 2:
		return 1.5
	case 3:
		return true
	case 4:
		array := []any{}
		for range r.IntN(3) {
			array = append(array, value(r, min(level+1, len(members)), ""))
		}
		return array
	case 5:
		return map[string]any{"type": "people", "id": "p"}
	case 6:
		return map[string]any{"data": []any{map[string]any{"type": "people", "id": "p"}, value(r, len(members), "")}}
	default:
		return []string{"", "a", "big", "\x00", "2026-01-02T03:04:05Z", strings.Repeat("x", 50)}[r.IntN(6)]
	}
}
