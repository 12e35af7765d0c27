package suite

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const maxOperations = 10

func (s *server) operations(c *call) answer {
	doc, errs := s.decode(c.body)
	if errs != nil {
		return refuse(errs...)
	}
	list, ok := doc["atomic:operations"].([]any)
	if !ok || len(list) == 0 || has(doc, "data") || has(doc, "included") || has(doc, "atomic:results") {
		return refuse(at400("The document must have operations and nothing else.").at(""))
	}
	if len(list) > maxOperations {
		return refuse(errorf(413, "At most %d operations.", maxOperations))
	}
	before := s.store.clone()
	known := lids{}
	results := []any{}
	for i, op := range list {
		place := fmt.Sprintf("/atomic:operations/%d", i)
		result, errs := s.operation(op, place, known)
		if errs != nil {
			if !s.breaks("ATOM-11") {
				s.store = before
			}
			for i := range errs {
				errs[i].operation = true
				errs[i].hasPointer = errs[i].hasPointer && !s.breaks("ATOM-14")
			}
			return refuse(errs...)
		}
		results = append(results, result)
	}
	if s.breaks("ATOM-12") {
		results = slices.DeleteFunc(results, func(r any) bool { return len(r.(Object)) == 0 })
	}
	return answer{status: 200, doc: Object{"atomic:results": results}}
}

func (s *server) operation(v any, place string, known lids) (Object, []apiError) {
	o, ok := v.(Object)
	if !ok {
		return nil, []apiError{at400("An operation is an object.").at(place)}
	}
	op := str(o["op"])
	if !slices.Contains([]string{"add", "update", "remove"}, op) {
		f := at400("op is add, update or remove.").at(place)
		if has(o, "op") {
			f = f.at(place + "/op")
		}
		return nil, []apiError{f}
	}
	if has(o, "ref") && has(o, "href") {
		return nil, []apiError{at400("ref and href exclude each other.").at(place)}
	}
	ref := target{}
	if has(o, "ref") || has(o, "href") {
		var f *apiError
		if ref, f = s.operationTarget(o, place, known); f != nil {
			return nil, []apiError{*f}
		}
	}
	if ref.relationship != "" {
		return s.relationshipOperation(op, ref, o, place, known)
	}
	switch op {
	case "add":
		data, errs := s.resourceObject(o["data"], place+"/data")
		if !has(o, "data") {
			errs = []apiError{at400("data is missing.").at(place)}
		}
		if errs != nil {
			return nil, errs
		}
		typ := str(data["type"])
		if _, ok := kinds[typ]; !ok || ref.typ != "" && ref.typ != typ {
			return nil, []apiError{errorf(409, "The type does not fit.").at(place + "/data/type")}
		}
		r, errs := s.create(typ, data, place+"/data", known)
		if errs != nil {
			return nil, errs
		}
		return Object{"data": s.object(r, &query{})}, nil
	case "update":
		if ref.typ == "" {
			var f *apiError
			if ref, f = s.resolveRef(o["data"], place+"/data", known); f != nil {
				return nil, []apiError{*f}
			}
		}
		r := s.store.records[ref.typ+" "+ref.id]
		if r == nil {
			return nil, []apiError{errorf(404, "There is no such resource.").at(place)}
		}
		if errs := s.update(r, o["data"], place+"/data", known); errs != nil {
			return nil, errs
		}
		return Object{"data": s.object(r, &query{})}, nil
	}
	if ref.typ == "" {
		return nil, []apiError{at400("ref is missing.").at(place)}
	}
	r := s.store.records[ref.typ+" "+ref.id]
	if r == nil {
		return nil, []apiError{errorf(404, "There is no such resource.").at(place)}
	}
	if f, ok := s.remove(r); !ok {
		return nil, []apiError{f.at(place)}
	}
	return Object{}, nil
}

type target struct{ typ, id, relationship string }

func (s *server) operationTarget(o Object, place string, known lids) (target, *apiError) {
	if has(o, "ref") {
		return s.resolveRef(o["ref"], place+"/ref", known)
	}
	bad := at400("That href leads nowhere.").at(place + "/href")
	u, err := url.Parse(str(o["href"]))
	if err != nil || u.Host != "" && !strings.HasPrefix(u.Host, "127.0.0.1") {
		return target{}, &bad
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if _, ok := kinds[segments[0]]; !ok || len(segments) > 2 {
		return target{}, &bad
	}
	t := target{typ: segments[0]}
	if len(segments) == 2 {
		t.id = segments[1]
	}
	return t, nil
}

func (s *server) resolveRef(v any, place string, known lids) (target, *apiError) {
	o, ok := v.(Object)
	bad := at400("A target has a type and an id.").at(place)
	if !ok || str(o["type"]) == "" || has(o, "id") == has(o, "lid") || has(o, "id") && str(o["id"]) == "" {
		return target{}, &bad
	}
	t := target{typ: str(o["type"]), id: str(o["id"]), relationship: str(o["relationship"])}
	if lid := str(o["lid"]); lid != "" {
		if t.id = known[t.typ+" "+lid]; t.id == "" {
			bad := at400("That lid is unknown.").at(place + "/lid")
			return target{}, &bad
		}
	}
	return t, nil
}

func (s *server) relationshipOperation(op string, ref target, o Object, place string, known lids) (Object, []apiError) {
	r := s.store.records[ref.typ+" "+ref.id]
	if r == nil {
		return nil, []apiError{errorf(404, "There is no such resource.").at(place + "/ref")}
	}
	if _, ok := kinds[ref.typ].rels[ref.relationship]; !ok {
		return nil, []apiError{errorf(404, "There is no such relationship.").at(place + "/ref/relationship")}
	}
	if !has(o, "data") {
		return nil, []apiError{at400("data is missing.").at(place)}
	}
	method := map[string]string{"add": "POST", "update": "PATCH", "remove": "DELETE"}[op]
	if errs := s.relate(r, ref.relationship, method, o["data"], place+"/data", known); errs != nil {
		return nil, errs
	}
	return Object{}, nil
}
