package suite

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var queryRows = []Row{
	{ID: "QUERY-1", Level: Must, section: "query-parameters-families", Test: testQUERY1,
		Requirement: "A base name and all its bracketed groups are one parameter."},
	{ID: "QUERY-2", Level: Must, section: "query-parameters-custom", Test: testQUERY2,
		Requirement: "The base name of a custom parameter is a legal member name with a character outside a-z."},
	{ID: "QUERY-3", Level: Must, section: "query-parameters-custom", Test: testQUERY3,
		Requirement: "400 for a parameter outside the naming rules or that cannot be processed."},
	{ID: "QUERY-4", Level: Pick, section: "query-parameters-custom", Test: testQUERY4,
		Requirement: "An unknown parameter with a legal custom name is 400, too."},
	{ID: "QUERY-5", Level: Must, section: "query-parameters-custom", Test: testQUERY5,
		Requirement: "This holds for all methods, and a refused request has no effect."},
	{ID: "QUERY-6", Level: Must, section: "appendix-query-details-parsing", Test: testQUERY6,
		Requirement: "The query is parsed as application/x-www-form-urlencoded."},
	{ID: "QUERY-7", Level: Must, section: "appendix-query-details-square-brackets", Test: testQUERY7,
		Requirement: "Unencoded brackets, if they are accepted, mean what encoded ones do."},
	{ID: "QUERY-8", Level: Must, section: "extension-query-parameters", Test: testQUERY8,
		Requirement: "A parameter of an extension that does not define it is 400."},
	{ID: "QUERY-9", Level: Pick, section: "appendix-query-details-parsing", Test: testQUERY9,
		Requirement: "A repeated single-valued parameter is 400."},
	{ID: "QUERY-10", Level: Pick, section: "appendix-query-details-parsing", Test: testQUERY10,
		Requirement: "A badly encoded query is 400."},
	{ID: "QUERY-11", Level: Must, section: "query-parameters-families", Test: testQUERY11,
		Requirement: "The groups of filter are legal member names or dot-separated paths."},
}

func testQUERY1(t *T) {
	for _, name := range []string{"filter[noSuchField.name]", "filter[noSuchField][noSuchOperator]"} {
		ex := t.get(withQuery(t.listable().Path, name+"=x"))
		t.wantStatus(ex, 400)
		t.wantParameter(ex, name)
	}
}

var standardParameters = []string{"include", "sort", "fields", "filter", "page"}

var allLower = regexp.MustCompile(`^[a-z]+$`)

func testQUERY2(t *T) {
	parameters := slices.Clone(t.desc.QueryParameters)
	if t.desc.OpenAPI != "" {
		ex := t.get(t.desc.OpenAPI, accept("*/*"), foreign)
		t.needStatus(ex, 200)
		parameters = append(parameters, openAPIParameters(ex.Document())...)
	}
	slices.Sort(parameters)
	for _, name := range slices.Compact(parameters) {
		base, _, _ := strings.Cut(name, "[")
		ok := slices.Contains(standardParameters, base) || strings.Contains(base, ":") ||
			memberName.MatchString(base) && !allLower.MatchString(base)
		t.want(ok, nil, "the parameter %q to be of a standard family or to have a character outside a-z", name)
	}
}

// openAPIParameters finds the names of the query parameters in an OpenAPI document, of operations that answer with JSON:API. What answers
// with something else, such as the bytes of a picture, is none of the specification's business.
func openAPIParameters(document any) (found []string) {
	resolved := func(v any) Object {
		object, _ := v.(Object)
		if ref := str(object["$ref"]); ref != "" {
			target := document
			for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				target = at(target, step)
			}
			object, _ = target.(Object)
		}
		return object
	}
	paths, _ := at(document, "paths").(Object)
	for path := range paths {
		item, _ := paths[path].(Object)
		for method := range item {
			operation, _ := item[method].(Object)
			if operation == nil || answersOtherwise(operation, resolved) {
				continue
			}
			parameters, _ := operation["parameters"].([]any)
			for _, v := range parameters {
				if p := resolved(v); p["in"] == "query" {
					found = append(found, str(p["name"]))
				}
			}
		}
	}
	return found
}

// answersOtherwise tells whether an operation answers with content, and never with JSON:API.
func answersOtherwise(operation Object, resolved func(any) Object) bool {
	responses, _ := operation["responses"].(Object)
	otherwise := false
	for status, response := range responses {
		content, _ := resolved(response)["content"].(Object)
		for media := range content {
			switch {
			case !strings.HasPrefix(status, "2"):
			case strings.HasPrefix(media, mediaType):
				return false
			default:
				otherwise = true
			}
		}
	}
	return otherwise
}

func testQUERY3(t *T) {
	for query, name := range map[string]string{
		"foo=1": "foo", "pages[size]=1": "pages[size]", "include[]=x": "include[]", "sort[x]=1": "sort[x]",
		"fields[a][b]=c": "fields[a][b]",
	} {
		ex := t.get(withQuery(t.listable().Path, query))
		t.wantStatus(ex, 400)
		t.wantParameter(ex, name)
	}
}

func testQUERY4(t *T) {
	ex := t.get(withQuery(t.listable().Path, "noSuchParameter=1"))
	t.wantStatus(ex, 400)
	t.want(hasSource(ex, "parameter", "noSuchParameter"), ex, "an error with source.parameter noSuchParameter")
}

func testQUERY5(t *T) {
	res := t.updatable()
	one := t.make(res)
	name := res.Update.Attribute
	t.wantStatus(t.post(withQuery(res.Path, "foo=1"), t.body(res)), 400)
	t.wantStatus(t.get(withQuery(one.path(), "foo=1")), 400)
	t.wantStatus(t.patch(withQuery(one.path(), "foo=1"), patchBody(one, Object{name: t.sample(res.Update)})), 400)
	t.wantStatus(t.del(withQuery(one.path(), "foo=1"), nil), 400)
	after := t.get(one.path())
	t.want(after.Status == 200 && one.kept(one.object, after.data()), after, "the resource as it was before the refused requests")
	if a := t.desc.Atomic; a != nil {
		body := Object{"atomic:operations": []any{t.addOperation(res)}}
		t.wantStatus(t.post(withQuery(a.Path, "foo=1"), body, accept(atomicType), contentType(atomicType)), 400)
	}
}

// testQUERY6 compares two spellings of one query. What the filter finds is not its business: FETCH-60 looks at that.
func testQUERY6(t *T) {
	res := t.resource("filter on an attribute whose sample holds a space", func(r *Resource) bool {
		return r.findable() && strings.Contains(str(r.Create.Attributes[r.Filter.Attribute]), " ")
	})
	one := t.make(res)
	value := url.QueryEscape(str(at(one.object, "attributes", res.Filter.Attribute)))
	spaces := t.get(withQuery(res.Path, res.Filter.Parameter+"="+strings.ReplaceAll(value, "+", "%20")))
	if !slices.Contains(ids(spaces.list()), one.id) {
		t.skip("the filter %s does not find a resource by a value with spaces as %%20", res.Filter.Parameter)
	}
	pluses := t.get(withQuery(res.Path, res.Filter.Parameter+"="+value))
	t.want(slices.Contains(ids(pluses.list()), one.id), pluses, "+ read as a space")
	var paths []string
	for _, rel := range res.Relationships {
		if rel.mayBeIncluded() {
			paths = append(paths, rel.Name)
		}
	}
	if len(paths) > 1 {
		plain := t.get(withQuery(one.path(), "include="+paths[0]+","+paths[1]))
		encoded := t.get(withQuery(one.path(), "include="+paths[0]+"%2C"+paths[1]))
		t.want(encoded.Status == plain.Status && slices.Equal(ids(encoded.included()), ids(plain.included())), encoded,
			"%%2C read as a comma")
	}
}

func testQUERY7(t *T) {
	res := t.updatable()
	one := t.make(res)
	encoded := t.sparse(withQuery(one.path(), "fields%5B"+res.Type+"%5D="+res.Update.Attribute))
	raw := t.get(withQuery(one.path(), "fields["+res.Type+"]="+res.Update.Attribute))
	t.pick(raw.Status == 200, raw, "unencoded brackets to be accepted")
	if raw.Status == 200 {
		t.want(text(raw.top("data")) == text(encoded.top("data")), raw, "the same data for encoded brackets")
	}
}

func testQUERY8(t *T) {
	t.wantStatus(t.get(withQuery(t.listable().Path, "atomic:x=1")), 400)
	t.wantStatus(t.get(withQuery(t.listable().Path, "nope:x=1")), 400)
}

func testQUERY9(t *T) {
	res := t.sortable()
	queries := []string{"sort=" + res.Sort.Attribute + "&sort=-" + res.Sort.Attribute}
	if t.desc.Paging.Style != "" {
		queries = append(queries, t.sized(1)+"&"+t.sized(2))
	}
	for _, query := range queries {
		t.wantStatus(t.get(withQuery(res.Path, query)), 400)
	}
}

func testQUERY10(t *T) {
	res := t.filterable()
	name := res.Filter.Parameter
	for _, query := range []string{name + "=%zz", name + "=%ff%fe", name + "=a;sort=" + res.Filter.Attribute} {
		t.wantStatus(t.get(withQuery(res.Path, query)), 400)
	}
}

func testQUERY11(t *T) {
	path := t.listable().Path
	for _, name := range []string{"filter[-a]", "filter[a..b]", "filter[a", "filter[a]b"} {
		t.wantStatus(t.get(withQuery(path, name+"=1")), 400)
	}
	ex := t.get(withQuery(path, "filter[]=1")) // a legal name, which a server may have a meaning for
	t.pick(ex.Status == 400, ex, "status 400 for an empty group")
}
