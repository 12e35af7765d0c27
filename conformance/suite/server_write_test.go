package suite

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// lids maps "type lid" to ids that exist already in this request.
type lids map[string]string

// resourceObject checks the shape of a resource object of a request.
func (s *server) resourceObject(v any, place string) (Object, []apiError) {
	o, ok := v.(Object)
	if !ok {
		return nil, []apiError{at400("data must be one resource object.").at(place)}
	}
	if typ, present := o["type"]; !present {
		return nil, []apiError{at400("type is missing.").at(place)}
	} else if str(typ) == "" {
		return nil, []apiError{at400("type must be a string.").at(place + "/type")}
	}
	for _, name := range []string{"attributes", "relationships", "meta"} {
		if v, present := o[name]; present {
			if _, ok := v.(Object); !ok {
				return nil, []apiError{at400(name + " must be an object.").at(place + "/" + name)}
			}
		}
	}
	if id, present := o["id"]; present && str(id) == "" {
		return nil, []apiError{at400("id must be a string.").at(place + "/id")}
	}
	if lid, present := o["lid"]; present && str(lid) == "" {
		return nil, []apiError{at400("lid must be a string.").at(place + "/lid")}
	}
	if has(o, "id") && has(o, "lid") {
		return nil, []apiError{at400("id and lid exclude each other.").at(place + "/lid")}
	}
	return o, nil
}

func (s *server) post(c *call, typ string) answer {
	doc, errs := s.decode(c.body)
	if errs != nil {
		return refuse(errs...)
	}
	if !has(doc, "data") {
		return refuse(at400("data is missing.").at(""))
	}
	r, errs := s.create(typ, doc["data"], "/data", lids{})
	if errs != nil {
		return refuse(errs...)
	}
	a := s.single(c, r)
	a.doc["links"].(Object)["self"] = r.path()
	a.status, a.header = 201, map[string]string{"Location": r.path()}
	if s.breaks("CRUD-11") {
		a.header["Location"] = r.path() + "/"
	}
	return a
}

// create makes a record out of a resource object, or reports every error.
func (s *server) create(typ string, v any, place string, known lids) (*record, []apiError) {
	o, errs := s.resourceObject(v, place)
	if errs != nil {
		return nil, errs
	}
	if o["type"] != typ {
		return nil, []apiError{errorf(409, "These are %s.", typ).at(place + "/type")}
	}
	r := &record{typ: typ, id: newUUID(), attrs: Object{}, one: map[string]string{}, many: map[string][]string{}}
	if id, given := o["id"]; given {
		switch {
		case !kinds[typ].clientIDs:
			if !s.breaks("CRUD-6") {
				return nil, []apiError{errorf(403, "The id is not yours to choose.").at(place + "/id")}
			}
		case !uuid.MatchString(str(id)):
			return nil, []apiError{errorf(422, "The id must be a UUID.").at(place + "/id")}
		case s.store.records[typ+" "+str(id)] != nil && !s.breaks("CRUD-8"):
			return nil, []apiError{errorf(409, "That id is taken.").at(place + "/id")}
		default:
			r.id = str(id)
		}
	}
	if lid := str(o["lid"]); lid != "" {
		if known[typ+" "+lid] != "" {
			return nil, []apiError{at400("That lid is taken.").at(place + "/lid")}
		}
		known[typ+" "+lid] = r.id
	}
	if errs := s.apply(r, o, place, known, true); errs != nil {
		if s.breaks("CRUD-1") && place == "/data" {
			r.attrs["title"] = at(o, "attributes", "title")
			s.insert(r)
		}
		return nil, errs
	}
	s.insert(r)
	r.attrs["number"] = r.seq
	s.touch(r)
	return r, nil
}

func (s *server) touch(r *record) {
	s.clock = s.clock.Add(time.Second)
	if _, ok := kinds[r.typ].attrs["updatedAt"]; ok {
		r.attrs["updatedAt"] = s.clock.Format(time.RFC3339)
	}
}

// apply writes attributes and relationships into a record, or reports every error and writes nothing.
func (s *server) apply(r *record, o Object, place string, known lids, creating bool) []apiError {
	var errs []apiError
	attrs, one, many := maps.Clone(r.attrs), maps.Clone(r.one), maps.Clone(r.many)
	given, _ := o["attributes"].(Object)
	rels, _ := o["relationships"].(Object)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if strings.HasPrefix(name, "@") {
			if s.breaks("DOC-39") {
				errs = append(errs, errorf(422, "That attribute is unknown.").at(place+"/attributes/"+name))
			}
			continue
		}
		if lower := strings.ToLower(name); s.breaks("DOC-37") && lower != name && kinds[r.typ].attrs[lower] != (attribute{}) {
			attrs[lower] = given[name]
			continue
		}
		if f, ok := s.attribute(r, name, given[name]); !ok {
			errs = append(errs, f.at(place+"/attributes/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name)))
			continue
		}
		if _, writable := kinds[r.typ].attrs[name]; writable {
			attrs[name] = given[name]
		}
	}
	for name, a := range kinds[r.typ].attrs {
		if v, present := attrs[name]; creating && !present {
			if a.required {
				errs = append(errs, errorf(422, "%s is required.", name).at(place))
			}
			attrs[name] = nil
		} else if s.breaksFor("CRUD-22", r.typ) && !creating && name == "body" && v != nil && !has(given, name) {
			attrs[name] = nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rels)) {
		keys, f := s.newLinkage(r.typ, name, rels[name], place+"/relationships/"+name, known)
		if f != nil {
			errs = append(errs, f...)
			continue
		}
		if kinds[r.typ].rels[name].many {
			many[name] = keys
		} else {
			one[name] = strings.Join(keys, "")
		}
	}
	if len(errs) > 0 {
		return errs
	}
	r.attrs, r.one, r.many = attrs, one, many
	return nil
}

func (s *server) attribute(r *record, name string, value any) (apiError, bool) {
	a, ok := kinds[r.typ].attrs[name]
	if !ok {
		return errorf(422, "That attribute is unknown."), s.breaks("CRUD-34")
	}
	if a.readOnly {
		return errorf(403, "%s is read-only.", name), text(r.attrs[name]) == text(value) || s.breaks("CRUD-29")
	}
	if value == nil {
		return errorf(422, "%s is required.", name), !a.required
	}
	if _, isString := value.(string); !isString {
		return errorf(422, "%s must be a string.", name), s.breaks("CRUD-39")
	}
	if a.unique && !s.breaks("CRUD-33") {
		for _, other := range s.all(r.typ) {
			if other.id != r.id && other.attrs[name] == value {
				return errorf(409, "That %s is taken.", name), false
			}
		}
	}
	return apiError{}, true
}

// newLinkage reads a relationship object of a request.
func (s *server) newLinkage(typ, name string, v any, place string, known lids) ([]string, []apiError) {
	rel, ok := kinds[typ].rels[name]
	if !ok {
		return nil, []apiError{errorf(422, "That relationship is unknown.").at(place)}
	}
	o, ok := v.(Object)
	if !ok {
		return nil, []apiError{at400("A relationship is an object.").at(place)}
	}
	if !has(o, "data") && !s.breaks("CRUD-4") {
		return nil, []apiError{at400("data is missing.").at(place)}
	}
	if !rel.writable {
		return nil, []apiError{errorf(403, "%s is read-only.", name).at(place)}
	}
	return s.identifiers(rel, o["data"], place+"/data", known)
}

// identifiers reads linkage and checks that everything in it exists.
func (s *server) identifiers(rel relation, v any, place string, known lids) ([]string, []apiError) {
	list, isArray := v.([]any)
	if isArray != rel.many {
		return nil, []apiError{at400("The shape does not fit the relationship.").at(place)}
	}
	if !isArray {
		if v == nil {
			return nil, nil
		}
		list = []any{v}
	}
	keys := []string{}
	var errs []apiError
	for i, e := range list {
		at := place
		if isArray {
			at = fmt.Sprintf("%s/%d", place, i)
		}
		key, f := s.identifier(rel, e, at, known)
		if f != nil {
			errs = append(errs, *f)
		} else if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys, errs
}

func (s *server) identifier(rel relation, v any, place string, known lids) (string, *apiError) {
	bad := func(f apiError) (string, *apiError) { return "", &f }
	o, ok := v.(Object)
	if !ok {
		return bad(at400("That is no identifier.").at(place))
	}
	for _, name := range []string{"type", "id", "lid"} {
		if v, present := o[name]; present && str(v) == "" {
			return bad(at400(name + " must be a string.").at(place + "/" + name))
		}
	}
	if !has(o, "type") || has(o, "id") == has(o, "lid") {
		return bad(at400("An identifier has type and id.").at(place))
	}
	if o["type"] != rel.target {
		return bad(errorf(409, "These are %s.", rel.target).at(place + "/type"))
	}
	id := str(o["id"])
	if lid := str(o["lid"]); lid != "" {
		if id = known[rel.target+" "+lid]; id == "" {
			return bad(at400("That lid is unknown.").at(place + "/lid"))
		}
	}
	key := rel.target + " " + id
	if s.store.records[key] == nil {
		if s.breaks("CRUD-16") && strings.HasPrefix(place, "/data/relationships") {
			return bad(errorf(422, "There is no such resource.").at(place))
		}
		return bad(errorf(404, "There is no such resource.").at(place + "/id"))
	}
	return key, nil
}

func (s *server) patchOne(c *call, r *record) answer {
	doc, errs := s.decode(c.body)
	if errs != nil {
		return refuse(errs...)
	}
	if !has(doc, "data") {
		return refuse(at400("data is missing.").at(""))
	}
	if errs := s.update(r, doc["data"], "/data", lids{}); errs != nil {
		return refuse(errs...)
	}
	if s.breaks("CRUD-26") {
		return answer{status: 204}
	}
	return s.single(c, r)
}

func (s *server) update(r *record, v any, place string, known lids) []apiError {
	o, errs := s.resourceObject(v, place)
	if errs != nil {
		return errs
	}
	id := str(o["id"])
	if lid := str(o["lid"]); lid != "" {
		id = known[r.typ+" "+lid]
	}
	if id == "" {
		return []apiError{at400("id is missing.").at(place)}
	}
	if o["type"] != r.typ && !s.breaksFor("CRUD-32", r.typ) {
		return []apiError{errorf(409, "The type does not match.").at(place + "/type")}
	}
	if id != r.id {
		return []apiError{errorf(409, "The id does not match.").at(place + "/id")}
	}
	before := text(r.attrs) + text(r.one) + text(r.many)
	if errs := s.apply(r, o, place, known, false); errs != nil {
		return errs
	}
	if text(r.attrs)+text(r.one)+text(r.many) != before {
		s.touch(r)
	}
	return nil
}

func (s *server) remove(r *record) (apiError, bool) {
	for _, other := range s.store.records {
		for name, rel := range kinds[other.typ].rels {
			if rel.required && other.one[name] == r.key() {
				return errorf(409, "Others need this resource."), false
			}
		}
	}
	for _, other := range s.store.records {
		for name, key := range other.one {
			if key == r.key() {
				other.one[name] = ""
			}
		}
		for name := range other.many {
			other.many[name] = slices.DeleteFunc(other.many[name], func(k string) bool { return k == r.key() })
		}
	}
	delete(s.store.records, r.key())
	return apiError{}, true
}

func (s *server) relationship(c *call, r *record, name string) answer {
	if c.method != "GET" {
		doc, errs := s.decode(c.body)
		if errs != nil {
			return refuse(errs...)
		}
		if !has(doc, "data") && !s.breaks("REL-2") {
			return refuse(at400("data is missing.").at(""))
		}
		if f := s.relate(r, name, c.method, doc["data"], "/data", lids{}); f != nil {
			return refuse(f...)
		}
	}
	var list []*record
	for _, key := range s.linked(r, name) {
		list = append(list, s.store.records[key])
	}
	links := Object{"self": s.self(c), "related": r.path() + "/" + name}
	doc := Object{"data": s.linkage(r, name), "links": links}
	if c.query.included {
		doc["included"] = []any{}
		for _, one := range list {
			doc["included"] = append(doc["included"].([]any), s.object(one, &c.query))
		}
	}
	return answer{status: 200, doc: doc}
}

// relate changes a relationship the way a method does.
func (s *server) relate(r *record, name, method string, v any, place string, known lids) []apiError {
	rel := kinds[r.typ].rels[name]
	if !rel.writable || method != "PATCH" && (!rel.many || s.takes("members change by PATCH only")) {
		return []apiError{errorf(403, "%s cannot be changed that way.", name)}
	}
	if rel.required && v == nil {
		return []apiError{errorf(403, "%s is required.", name).at(place)}
	}
	keys, errs := s.identifiers(rel, v, place, known)
	if errs != nil {
		if s.breaks("REL-17") && rel.many && method == "POST" {
			r.many[name] = append(r.many[name], keys...)
		}
		return errs
	}
	switch {
	case !rel.many:
		r.one[name] = strings.Join(keys, "")
	case method == "PATCH":
		r.many[name] = keys
	case method == "POST":
		for _, key := range keys {
			if !slices.Contains(r.many[name], key) || s.breaks("REL-7") {
				r.many[name] = append(slices.Clone(r.many[name]), key)
			}
		}
	default:
		for _, key := range keys {
			if s.breaks("REL-10") && !slices.Contains(r.many[name], key) {
				return []apiError{errorf(404, "That is no member.")}
			}
		}
		r.many[name] = slices.DeleteFunc(slices.Clone(r.many[name]), func(k string) bool { return slices.Contains(keys, k) })
	}
	s.touch(r)
	return nil
}
