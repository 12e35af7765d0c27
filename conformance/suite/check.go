package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// violation is a place in a response that breaks a row.
type violation struct {
	row, at, message string
	// typ and within name the place inside a resource object: its type, and a pointer that begins there.
	typ, within string
}

func (v violation) String() string {
	if v.at == "" {
		return v.message
	}
	return v.message + " at " + v.at
}

// checker is a strict reader of JSON:API documents. It attributes what it finds to
// rows and counts how often it had occasion to look.
type checker struct {
	desc       *Description
	ex         *Exchange
	seen       map[string]int
	violations []violation
	// object is the resource object that is being checked, and where it is.
	object, objectAt string
}

// checkExchange checks one response: its headers, then its document.
func checkExchange(d *Description, ex *Exchange) *checker {
	c := &checker{desc: d, ex: ex, seen: map[string]int{}}
	c.headers()
	if !ex.hasBody() || !c.payload() {
		return c
	}
	c.mediaType()
	root, isObject := ex.Document().(Object)
	c.want(ex.parseErr == nil, "DOC-45", "", "a response that is valid JSON")
	c.want(uniqueNames(ex.Body) == nil, "DOC-45", "", "a response without duplicate member names")
	c.want(isObject, "DOC-1", "", "a response whose root is an object")
	if isObject {
		c.topLevel(root)
	}
	return c
}

// hasBody tells whether there is anything to read in an answer.
func (ex *Exchange) hasBody() bool {
	return ex.Method != http.MethodHead && len(bytes.TrimSpace(ex.Body)) > 0
}

// payload tells whether a body is meant to be a JSON:API document: that of a success is, and one of the media type. An error may
// also have a page or a body of another kind, since error details are optional, but error objects have their place in a document.
func (c *checker) payload() bool {
	base, _, err := c.ex.mediaType()
	return err == nil && base == mediaType || succeeded(c.ex) || len(c.ex.errors()) > 0
}

func (c *checker) want(ok bool, row, at, format string, args ...any) bool {
	c.seen[row]++
	if !ok {
		v := violation{row: row, at: at, message: fmt.Sprintf(format, args...)}
		if within, inside := strings.CutPrefix(at, c.objectAt); inside && c.object != "" {
			v.typ, v.within = c.object, within
		}
		c.violations = append(c.violations, v)
	}
	return ok
}

func (c *checker) headers() {
	ex := c.ex
	if c.desc.Atomic != nil || c.desc.Paging.Cursor {
		c.want(varies(ex.Header), "NEG-14", "", "Vary with Accept on an answer of %d", ex.Status)
	}
	if ex.Status == http.StatusNoContent || ex.Status == http.StatusNotModified {
		c.want(len(ex.Body) == 0, "CRUD-38", "", "no body with %d", ex.Status)
		c.want(ex.Status != http.StatusNoContent || ex.Header.Get("Content-Type") == "", "CRUD-38/pick", "", "no Content-Type with 204")
	}
	switch ex.Status {
	case http.StatusMethodNotAllowed:
		c.want(ex.Header.Get("Allow") != "", "CRUD-38", "", "Allow with 405")
	case http.StatusUnauthorized:
		c.want(ex.Header.Get("WWW-Authenticate") != "", "CRUD-38", "", "WWW-Authenticate with 401")
	}
	c.want(ex.Status < 500 || ex.Status == http.StatusNotImplemented, "ROB-1", "", "an answer below 500")
}

// mediaType checks the Content-Type of a document.
func (c *checker) mediaType() {
	base, params, err := c.ex.mediaType()
	if !c.want(err == nil && base == mediaType, "NEG-1", "", "Content-Type %s, got %q", mediaType, c.ex.Header.Get("Content-Type")) {
		return
	}
	for name := range params {
		c.want(name == "ext" || name == "profile", "NEG-2", "", "no media type parameter %q", name)
	}
	c.seen["NEG-2"]++
	for _, name := range []string{"ext", "profile"} {
		if value, ok := params[name]; ok {
			for uri := range strings.SplitSeq(value, " ") {
				u, err := url.Parse(uri)
				c.want(err == nil && u.IsAbs(), "NEG-5", "", "absolute URIs with one space between in %s=%q", name, value)
			}
		}
	}
}

// varies tells whether Vary lists Accept itself, not only a header that begins alike.
func varies(h http.Header) bool {
	for _, line := range h.Values("Vary") {
		for name := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "Accept") {
				return true
			}
		}
	}
	return false
}

// uniqueNames reports the first member name that occurs twice in an object.
func uniqueNames(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	type level struct {
		names map[string]bool // nil in an array
		key   bool            // the next token is a member name
	}
	var stack []level
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return nil // not this function's business
		}
		top := len(stack) - 1
		if name, ok := token.(string); ok && top >= 0 && stack[top].key {
			if stack[top].names[name] {
				return fmt.Errorf("duplicate member %q", name)
			}
			stack[top].names[name], stack[top].key = true, false
			continue
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, level{names: map[string]bool{}, key: true})
			continue
		case json.Delim('['):
			stack = append(stack, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		}
		if top = len(stack) - 1; top >= 0 && stack[top].names != nil {
			stack[top].key = true
		}
	}
}

// only checks that an object has no members besides the named ones, @-members and members of applied extensions.
func (c *checker) only(o Object, row, at string, names ...string) {
	c.seen[row]++
	for name := range o {
		if slices.Contains(names, name) || strings.HasPrefix(name, "@") {
			continue
		}
		if prefix, _, ok := strings.Cut(name, ":"); ok {
			c.want(c.extends(prefix), "DOC-40", at, "members of applied extensions only, got %q", name)
			continue
		}
		c.want(false, row, at, "no member %q", name)
	}
}

// extends tells whether a namespace can be that of an applied extension. Which one another extension than ours has, nobody can tell.
func (c *checker) extends(namespace string) bool {
	applied := c.ex.applied("ext")
	if namespace == "atomic" {
		return slices.Contains(applied, atomicURI)
	}
	return slices.ContainsFunc(applied, func(uri string) bool { return uri != atomicURI })
}

func (c *checker) topLevel(root Object) {
	c.only(root, "DOC-5", "", "data", "errors", "meta", "jsonapi", "links", "included")
	c.want(has(root, "data") || has(root, "errors") || has(root, "meta") || hasExtension(root),
		"DOC-2", "", "one of data, errors, meta or an extension member")
	c.want(!has(root, "data") || !has(root, "errors"), "DOC-3", "", "not both data and errors")
	c.want(!has(root, "included") || has(root, "data"), "DOC-4", "", "no included without data")
	if has(root, "meta") {
		c.meta(root["meta"], "/meta")
	}
	if has(root, "jsonapi") {
		c.jsonapi(root["jsonapi"])
	}
	if has(root, "links") {
		c.topLinks(root["links"])
	}
	if has(root, "errors") {
		c.errorList(root["errors"])
	}
	c.want(c.ex.Status >= 400 || !has(root, "errors"), "ERR-1", "", "no errors in an answer below 400")
	if has(root, "data") {
		c.primary(root)
	}
	for i, result := range objects(root["atomic:results"]) {
		at := fmt.Sprintf("/atomic:results/%d", i)
		c.only(result, "ATOM-12", at, "data", "meta")
		if o, ok := result["data"].(Object); ok {
			c.resource(o, at+"/data")
		}
	}
}

// identifiersOnly tells whether the answered URL is a relationship endpoint.
func (c *checker) identifiersOnly() bool { return strings.Contains(c.ex.URL.Path, "/relationships/") }

func (c *checker) primary(root Object) {
	switch primary := root["data"].(type) {
	case nil:
	case Object:
		c.primaryItem(primary, "/data")
	case []any:
		for i, e := range primary {
			at := fmt.Sprintf("/data/%d", i)
			o, ok := e.(Object)
			if c.want(ok, "FETCH-3", at, "an object in the primary data") {
				c.primaryItem(o, at)
			}
		}
	default:
		c.want(false, "DOC-10", "/data", "an object, an array or null")
	}
	c.seen["DOC-10"]++
	included, present := root["included"]
	if !present {
		return
	}
	list, isArray := included.([]any)
	if !c.want(isArray, "DOC-28", "/included", "an array") {
		return
	}
	for i, e := range list {
		at := fmt.Sprintf("/included/%d", i)
		if o, ok := e.(Object); c.want(ok, "DOC-28", at, "a resource object") {
			c.resource(o, at)
		}
	}
	c.compound(root)
}

func (c *checker) primaryItem(o Object, at string) {
	if c.identifiersOnly() {
		c.identifier(o, at)
		return
	}
	c.resource(o, at)
}

// described tells whether the answered URL is that of a collection or a resource of the description.
func (c *checker) described() bool {
	answered := strings.TrimSuffix(strings.TrimPrefix(c.ex.URL.Path, c.ex.base), "/")
	return slices.ContainsFunc(c.desc.Resources, func(r *Resource) bool {
		collection := strings.TrimSuffix(r.Path, "/")
		return answered == collection || path.Dir(answered) == collection
	})
}

// bare tells whether primary data has no more than types and ids in it, as that of a relationship, whatever its URL looks like.
func bare(primary []Object) bool {
	return !slices.ContainsFunc(primary, func(o Object) bool { return has(o, "attributes") || has(o, "relationships") || has(o, "links") })
}

// compound checks uniqueness and full linkage over the whole document.
func (c *checker) compound(root Object) {
	primary := objects(root["data"])
	if o, ok := root["data"].(Object); ok {
		primary = []Object{o}
	}
	included := objects(root["included"])
	byKey, count := map[string]Object{}, map[string]int{}
	all := included
	if !c.identifiersOnly() && (c.described() || !bare(primary)) {
		all = slices.Concat(primary, included)
	}
	for _, o := range all {
		byKey[key(o)] = o
		count[key(o)]++
	}
	for k, n := range count {
		c.want(n == 1, "DOC-31", "", "one resource object for %s in the document, not %d", k, n)
	}
	if strings.Contains(c.ex.URL.RawQuery, "fields") {
		return // sparse fieldsets may hide the linkage
	}
	reached := map[string]bool{}
	var visit func(string)
	visit = func(k string) {
		if reached[k] {
			return
		}
		reached[k] = true
		for _, linked := range linkage(byKey[k]) {
			visit(linked)
		}
	}
	for _, o := range primary {
		visit(key(o))
	}
	for i, o := range included {
		c.want(reached[key(o)], "DOC-29", fmt.Sprintf("/included/%d", i), "%s linked from the primary data", key(o))
	}
}

// key names a resource within a document.
func key(o Object) string { return str(o["type"]) + " " + str(o["id"]) }

// linkage returns the keys of everything a resource object links to.
func linkage(o Object) []string {
	relationships, _ := o["relationships"].(Object)
	var keys []string
	for _, rel := range relationships {
		switch linked := at(rel, "data").(type) {
		case Object:
			keys = append(keys, key(linked))
		case []any:
			for _, e := range objects(linked) {
				keys = append(keys, key(e))
			}
		}
	}
	return keys
}

var (
	memberName = regexp.MustCompile(`^[a-zA-Z0-9\x{80}-\x{10FFFF}]([a-zA-Z0-9\x{80}-\x{10FFFF}_ -]*[a-zA-Z0-9\x{80}-\x{10FFFF}])?$`)
	urlSafe    = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$`)
)

func (c *checker) name(name, at string) {
	c.want(memberName.MatchString(name), "DOC-36", at, "a legal member name instead of %q", name)
	c.want(urlSafe.MatchString(name), "DOC-38", at, "a member name of URL-safe characters instead of %q", name)
}

// resolves tells whether a JSON Pointer (RFC 6901) names a value of the document.
func resolves(pointer string, document any) bool {
	if pointer == "" {
		return true
	}
	if pointer[0] != '/' {
		return false
	}
	for segment := range strings.SplitSeq(pointer[1:], "/") {
		name := strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		switch v := document.(type) {
		case Object:
			value, ok := v[name]
			if !ok {
				return false
			}
			document = value
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != name {
				return false
			}
			document = v[i]
		default:
			return false
		}
	}
	return true
}
