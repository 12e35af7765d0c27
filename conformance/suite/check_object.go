package suite

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// resource checks a resource object.
func (c *checker) resource(o Object, at string) {
	c.only(o, "DOC-13", at, "type", "id", "lid", "attributes", "relationships", "links", "meta")
	typ, isString := o["type"].(string)
	c.object, c.objectAt = typ, at
	defer func() { c.object, c.objectAt = "", "" }()
	c.want(isString && typ != "", "DOC-12", at+"/type", "a type that is a string")
	id, isString := o["id"].(string)
	c.want(isString && id != "", "DOC-12", at+"/id", "an id that is a string")
	c.lid(o, at)
	c.want(memberName.MatchString(typ), "DOC-15", at+"/type", "a type that is a legal member name instead of %q", typ)
	attributes, relationships := c.fields(o, at)
	for name := range attributes {
		c.want(!has(relationships, name), "DOC-16", at, "%q as an attribute or a relationship, not both", name)
		for _, ending := range []string{"Id", "_id", "-id"} {
			if base, ok := strings.CutSuffix(name, ending); ok {
				c.want(!has(relationships, base), "DOC-18", at, "no foreign key %q beside the relationship %q", name, base)
			}
		}
	}
	c.seen["DOC-18"]++
	for name, rel := range relationships {
		c.name(name, at+"/relationships")
		c.relationship(typ, name, rel, at+"/relationships/"+name)
	}
	if has(o, "links") {
		c.links(o["links"], at+"/links")
	}
	if has(o, "meta") {
		c.meta(o["meta"], at+"/meta")
	}
}

// lid checks the local id of a resource object or an identifier, if it has one.
func (c *checker) lid(o Object, at string) {
	if lid, ok := o["lid"]; ok {
		_, isString := lid.(string)
		c.want(isString, "DOC-43", at+"/lid", "a lid that is a string")
	}
}

// fields returns the attributes and relationships of a resource object.
func (c *checker) fields(o Object, at string) (attributes, relationships Object) {
	if v, ok := o["attributes"]; ok {
		attributes, ok = v.(Object)
		c.want(ok, "DOC-17", at+"/attributes", "an object")
	}
	if v, ok := o["relationships"]; ok {
		relationships, ok = v.(Object)
		c.want(ok, "DOC-19", at+"/relationships", "an object")
	}
	for name := range attributes {
		c.name(name, at+"/attributes")
	}
	for _, fields := range []Object{attributes, relationships} {
		c.want(!has(fields, "type") && !has(fields, "id"), "DOC-16", at, "no field named type or id")
	}
	return attributes, relationships
}

func (c *checker) relationship(typ, name string, v any, at string) {
	rel, ok := v.(Object)
	if !c.want(ok, "DOC-19", at, "a relationship object") {
		return
	}
	links, _ := rel["links"].(Object)
	c.want(has(rel, "data") || has(rel, "meta") || has(links, "self") || has(links, "related") || hasExtension(rel) || hasExtension(links),
		"DOC-20", at, "links with self or related, data or meta")
	if has(rel, "links") {
		c.links(rel["links"], at+"/links")
	}
	if has(rel, "meta") {
		c.meta(rel["meta"], at+"/meta")
	}
	if has(rel, "data") {
		c.linkage(typ, name, rel["data"], at+"/data")
	}
}

func hasExtension(o Object) bool {
	for name := range o {
		if strings.Contains(name, ":") {
			return true
		}
	}
	return false
}

// linkage checks the shape of a relationship's data against its cardinality.
func (c *checker) linkage(typ, name string, v any, at string) {
	kind := ""
	if res := c.desc.resource(typ); res != nil {
		if rel := res.relationship(name); rel != nil {
			kind = rel.Kind
		}
	}
	switch linked := v.(type) {
	case nil:
		c.want(kind != "many", "DOC-24", at, "an array for a to-many relationship, not null")
	case Object:
		if c.want(kind != "many", "DOC-24", at, "an array for a to-many relationship") {
			c.identifier(linked, at)
		}
	case []any:
		c.want(kind != "one", "DOC-24", at, "an identifier or null for a to-one relationship")
		for i, e := range linked {
			o, _ := e.(Object)
			c.identifier(o, fmt.Sprintf("%s/%d", at, i))
		}
	default:
		c.want(false, "DOC-24", at, "null, an identifier or an array")
	}
}

func (c *checker) identifier(o Object, at string) {
	typ, isString := o["type"].(string)
	c.want(isString && typ != "", "DOC-26", at+"/type", "a type that is a string")
	id, isString := o["id"].(string)
	c.want(isString && id != "", "DOC-26", at+"/id", "an id that is a string")
	c.lid(o, at)
	c.only(o, "DOC-27", at, "type", "id", "lid", "meta")
	if has(o, "meta") {
		c.meta(o["meta"], at+"/meta")
	}
}

func (c *checker) meta(v any, at string) {
	_, ok := v.(Object)
	c.want(ok, "DOC-32", at, "meta that is an object")
}

func (c *checker) jsonapi(v any) {
	o, ok := v.(Object)
	if !c.want(ok, "DOC-41", "/jsonapi", "an object") {
		return
	}
	c.only(o, "DOC-41", "/jsonapi", "version", "ext", "profile", "meta")
	if version, ok := o["version"]; ok {
		_, isString := version.(string)
		c.want(isString, "DOC-41", "/jsonapi/version", "a string")
		c.want(version == "1.1", "DOC-41/pick", "/jsonapi/version", `"1.1"`)
	}
	for _, name := range []string{"ext", "profile"} {
		member, present := o[name]
		if !present {
			continue
		}
		var listed []string
		list, isArray := member.([]any)
		for _, e := range list {
			listed = append(listed, str(e))
		}
		applied := c.ex.applied(name)
		slices.Sort(listed)
		slices.Sort(applied)
		c.want(isArray && slices.Equal(listed, applied), "DOC-42", "/jsonapi/"+name, "the URIs in the Content-Type: %v", applied)
	}
}

var pagination = []string{"first", "last", "prev", "next"}

func (c *checker) topLinks(v any) {
	links, ok := v.(Object)
	if !ok {
		c.want(false, "DOC-33", "/links", "an object")
		return
	}
	c.only(links, "DOC-7", "/links", append([]string{"self", "related", "describedby"}, pagination...)...)
	for _, wrong := range []string{"previous", "nextPage", "prevPage", "begin", "end"} {
		c.want(!has(links, wrong), "FETCH-51", "/links", "no link named %q", wrong)
	}
	for _, name := range pagination {
		if link, ok := links[name]; ok && link != nil {
			c.want(href(link) != "", "FETCH-52", "/links/"+name, "a link or null")
		}
	}
	c.links(links, "/links")
}

func (c *checker) links(v any, at string) {
	links, ok := v.(Object)
	if !c.want(ok, "DOC-33", at, "an object") {
		return
	}
	for name, link := range links {
		if !strings.HasPrefix(name, "@") && !strings.Contains(name, ":") {
			c.name(name, at)
		}
		c.link(link, at+"/"+name)
	}
}

// uriCharacters are those that RFC 3986 allows in a URI reference; a bracket only around an address as host.
var uriCharacters = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*:)?(//[^/?#\[\]]*(\[[0-9A-Fa-f:.]+\])?[^/?#\[\]]*)?` +
	`([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(#([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$`)

func uriReference(s string) bool {
	_, err := url.Parse(s)
	return err == nil && uriCharacters.MatchString(s)
}

// link checks one link: null, a URI reference, or a link object.
func (c *checker) link(v any, at string) {
	switch link := v.(type) {
	case nil:
	case string:
		c.want(uriReference(link), "DOC-33", at, "a URI reference instead of %q", link)
		c.want(link != "", "DOC-33/pick", at, "null instead of an empty reference")
	case Object:
		c.only(link, "DOC-34", at, "href", "rel", "describedby", "title", "type", "hreflang", "meta")
		ref, ok := link["href"].(string)
		c.want(ok && ref != "" && uriReference(ref), "DOC-34", at+"/href", "a URI reference instead of %q", ref)
		c.linkHints(link, at)
	default:
		c.want(false, "DOC-33", at, "a string, a link object or null")
	}
}

var (
	relationType = regexp.MustCompile(`^[a-z][a-z0-9.-]*$`)
	languageTag  = regexp.MustCompile(`^[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*$`)
)

func (c *checker) linkHints(link Object, at string) {
	if rel, ok := link["rel"]; ok {
		u, err := url.Parse(str(rel))
		c.want(relationType.MatchString(str(rel)) || err == nil && u.IsAbs(), "DOC-35", at+"/rel", "a link relation type")
	}
	if lang, ok := link["hreflang"]; ok {
		tags := []any{lang}
		if list, ok := lang.([]any); ok {
			tags = list
		}
		for _, tag := range tags {
			c.want(languageTag.MatchString(str(tag)), "DOC-35", at+"/hreflang", "a language tag")
		}
	}
}

func (c *checker) errorList(v any) {
	list, ok := v.([]any)
	if !c.want(ok && len(list) > 0, "ERR-1", "/errors", "an array of at least one error object") {
		return
	}
	for i, e := range list {
		at := fmt.Sprintf("/errors/%d", i)
		o, ok := e.(Object)
		if c.want(ok, "ERR-1", at, "an error object") {
			c.errorObject(o, at, len(list) == 1)
		}
	}
}

func (c *checker) errorObject(o Object, at string, alone bool) {
	c.only(o, "ERR-2", at, "id", "links", "status", "code", "title", "detail", "source", "meta")
	c.want(len(o) > 0, "ERR-2", at, "at least one member")
	for name, value := range o {
		c.want(value != nil, "ERR-2/pick", at+"/"+name, "a value, not null")
	}
	for name, row := range map[string]string{"status": "ERR-5", "code": "ERR-5", "title": "ERR-5", "detail": "ERR-5", "id": "ERR-5/pick"} {
		if value := o[name]; value != nil {
			_, isString := value.(string)
			c.want(isString, row, at+"/"+name, "a string")
		}
	}
	if c.want(o["status"] != nil, "ERR-3", at, "a status") {
		if status, isString := o["status"].(string); isString && alone {
			c.want(status == strconv.Itoa(c.ex.Status), "ERR-3", at+"/status", "the status of the answer, %d", c.ex.Status)
		}
	}
	if has(o, "meta") {
		c.meta(o["meta"], at+"/meta")
	}
	if links, ok := o["links"]; ok {
		c.errorLinks(links, at+"/links")
	}
	if source, ok := o["source"]; ok {
		c.source(source, at+"/source")
	}
}

func (c *checker) errorLinks(v any, at string) {
	links, ok := v.(Object)
	if !c.want(ok, "ERR-13", at, "an object") {
		return
	}
	for name, link := range links {
		_, isArray := link.([]any)
		c.want((name == "about" || name == "type") && !isArray, "ERR-13", at+"/"+name, "links named about and type that are not arrays")
	}
}

func (c *checker) source(v any, at string) {
	source, ok := v.(Object)
	if !c.want(ok && (has(source, "pointer") || has(source, "parameter") || has(source, "header")),
		"ERR-7", at, "one of pointer, parameter and header") {
		return
	}
	c.only(source, "ERR-7", at, "pointer", "parameter", "header")
	if value, ok := source["pointer"]; ok {
		c.pointer(value, at+"/pointer")
	}
	if value, ok := source["parameter"]; ok {
		name, isString := value.(string)
		sent := isString && sentParameter(c.ex.URL.RawQuery, name)
		c.want(sent, "ERR-11", at+"/parameter", "the name of a parameter of the query, got %q", name)
	}
	if value, ok := source["header"]; ok {
		name, isString := value.(string)
		c.want(isString && headerName.MatchString(name), "ERR-12", at+"/header", "the name of one request header, got %q", name)
	}
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (c *checker) pointer(v any, at string) {
	pointer, isString := v.(string)
	sent, err := decodeJSON(c.ex.RequestBody)
	if err != nil {
		// Nothing can be pointed at in a body that is no JSON, and nothing in no body.
		c.want(false, "ERR-14", at, "no pointer into a body that cannot be parsed")
		return
	}
	found := isString && resolves(pointer, sent)
	c.want(found || !strings.Contains(pointer, "["), "ERR-9", at, "array positions as path segments in %q", pointer)
	c.want(found, "ERR-8", at, "a pointer that resolves in the request, got %q", pointer)
}

// sentParameter tells whether the query has a parameter of that name, as it was sent or decoded.
func sentParameter(rawQuery, name string) bool {
	for pair := range strings.FieldsFuncSeq(rawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		sent, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(sent); sent == name || err == nil && decoded == name {
			return true
		}
	}
	return false
}

// text returns a value as compact JSON for messages and comparisons.
func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
