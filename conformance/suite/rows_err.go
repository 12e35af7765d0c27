package suite

import (
	"slices"
	"strconv"
	"strings"
)

var errRows = []Row{
	{ID: "ERR-1", Level: Must, section: "error-objects", overAll: true, Test: walk("ERR-1"),
		Requirement: "Errors are a top-level array of error objects."},
	{ID: "ERR-2", Level: Must, section: "error-objects", overAll: true, Test: walk("ERR-2"),
		Requirement: "An error object has at least one member of the specification and no others."},
	{ID: "ERR-3", Level: Should, section: "error-objects", overAll: true, Test: walk("ERR-3"),
		Requirement: "status is given, and that of the answer if there is one error."},
	{ID: "ERR-4", Level: Should, section: "errors-processing", overAll: true, Test: testERR4,
		Requirement: "Several errors are answered with the most generally applicable status."},
	{ID: "ERR-5", Level: Must, section: "error-objects", overAll: true, Test: walk("ERR-5"),
		Requirement: "status, code, title and detail are strings."},
	{ID: "ERR-6", Level: Should, section: "error-objects", overAll: true, Test: testERR6,
		Requirement: "title stays the same from occurrence to occurrence of a problem."},
	{ID: "ERR-7", Level: Should, section: "error-objects", overAll: true, Test: walk("ERR-7"),
		Requirement: "source has one of pointer, parameter and header, or is omitted."},
	{ID: "ERR-8", Level: Must, section: "error-objects", overAll: true, Test: walk("ERR-8"),
		Requirement: "A pointer resolves in the request document."},
	{ID: "ERR-9", Level: Must, section: "https://www.rfc-editor.org/rfc/rfc6901#section-4", overAll: true, Test: walk("ERR-9"),
		Requirement: "Array positions are path segments of the pointer."},
	{ID: "ERR-10", Level: Must, section: "https://www.rfc-editor.org/rfc/rfc6901#section-3", Test: testERR10,
		Requirement: "~ and / in the segments of a pointer are escaped."},
	{ID: "ERR-11", Level: Must, section: "error-objects", overAll: true, Test: walk("ERR-11"),
		Requirement: "parameter is the name of a query parameter."},
	{ID: "ERR-12", Level: Must, section: "error-objects", overAll: true, Test: walk("ERR-12"),
		Requirement: "header is the name of one request header."},
	{ID: "ERR-13", Level: Must, section: "error-objects", overAll: true, Test: testERR13,
		Requirement: "The links of an error are about and type, and no arrays."},
	{ID: "ERR-14", Level: Note, section: "error-objects", overAll: true, Test: testERR14,
		Requirement: "A body that cannot be parsed is answered without a pointer."},
	{ID: "ERR-15", Level: Pick, section: "errors-processing", Test: testERR15,
		Requirement: "Several problems are reported at once."},
	{ID: "ERR-16", Level: Pick, section: "fetching-resources-responses-other", overAll: true, Test: testERR16,
		Requirement: "An error that has a body is an error document, also one of the layers in front of the handlers."},
	{ID: "ERR-17", Level: Pick, section: "error-objects", overAll: true, Test: testERR17,
		Requirement: "No error leaks internals such as SQL or stack traces."},
	{ID: "ERR-18", Level: Must, section: "error-objects", overAll: true, Test: testERR18,
		Requirement: "Problems of relationships are pointed at in the relationships."},
}

func failed(ex *Exchange) bool { return ex.Status >= 400 && len(ex.errors()) > 0 }

func testERR4(t *T) {
	for _, ex := range t.answers(func(ex *Exchange) bool { return len(ex.errors()) > 1 }) {
		var statuses []string
		for _, e := range ex.errors() {
			if s := str(e["status"]); s != "" {
				statuses = append(statuses, s)
			}
		}
		slices.Sort(statuses)
		statuses = slices.Compact(statuses)
		answered := strconv.Itoa(ex.Status)
		switch len(statuses) {
		case 0:
		case 1:
			t.want(answered == statuses[0], ex, "status %s as in every error", statuses[0])
		default:
			class := answered[0] == statuses[0][0] || answered[0] == statuses[len(statuses)-1][0]
			t.want(class, ex, "a status of the class of the errors %v", statuses)
		}
	}
}

// testERR6 takes problems for the same if they have the same type. A code may stand for several.
func testERR6(t *T) {
	byType, byCode := map[string]string{}, map[string]string{}
	same := func(known map[string]string, key, title string) bool {
		if before, ok := known[key]; ok {
			return before == title
		}
		known[key] = title
		return true
	}
	for _, ex := range t.answers(failed) {
		for _, e := range ex.errors() {
			title, typ, code := str(e["title"]), href(at(e, "links", "type")), str(e["code"])
			if title != "" && typ != "" {
				t.want(same(byType, typ, title), ex, "the title %q of the type %s, got %q", byType[typ], typ, title)
			}
			if title != "" && code != "" && code != strconv.Itoa(ex.Status) { // a status is a class of problems
				t.pick(same(byCode, code, title), ex, "the title %q of the code %s, got %q", byCode[code], code, title)
			}
		}
	}
}

func testERR10(t *T) {
	res := t.full()
	body := t.body(res)
	setAttribute(body, "a/b~c", 1)
	ex := t.post(res.Path, body)
	for _, e := range ex.errors() {
		pointer := str(at(e, "source", "pointer"))
		if strings.HasPrefix(pointer, "/data/attributes/a") {
			t.want(pointer == "/data/attributes/a~1b~0c", ex, "the pointer /data/attributes/a~1b~0c")
		}
	}
}

// testERR13 also opens the pages that errors link to, as far as they are the server's own.
func testERR13(t *T) {
	t.walk("ERR-13")
	opened := map[string]bool{}
	for _, ex := range t.answers(failed) {
		for _, e := range ex.errors() {
			for _, name := range []string{"about", "type"} {
				page, _, _ := strings.Cut(href(at(e, "links", name)), "#")
				if _, err := t.run.client.resolve(page); page == "" || err != nil || opened[page] {
					continue
				}
				opened[page] = true
				answer := t.get(page, accept("text/html, */*;q=0.1"), foreign)
				t.pick(answer.Status == 200, answer, "a page to read behind links.%s", name)
			}
		}
	}
}

func testERR14(t *T) {
	t.walk("ERR-14")
	ex := t.post(t.full().Path, `{"data":`)
	t.want(refused(ex), ex, "a refusal, status 4xx")
	for _, e := range ex.errors() {
		t.want(!has(e["source"], "pointer"), ex, "no pointer")
	}
}

func testERR15(t *T) {
	res := t.updatable()
	body := t.body(res)
	places := []string{"/data/attributes/noSuchAttribute", "/data/attributes/alsoUnknown", "/data/attributes/" + res.Update.Attribute}
	setAttribute(body, "noSuchAttribute", 1)
	setAttribute(body, "alsoUnknown", 1)
	setAttribute(body, res.Update.Attribute, 5)
	ex := t.post(res.Path, body)
	for _, place := range places {
		t.want(hasSource(ex, "pointer", place), ex, "an error with source.pointer %s", place)
	}
}

// testERR16 leaves out answers without a body: error details are optional.
func testERR16(t *T) {
	for _, ex := range t.answers(func(ex *Exchange) bool { return ex.Status >= 400 && ex.hasBody() }) {
		t.want(len(ex.errors()) > 0, ex, "an error document with %d", ex.Status)
	}
}

// leaks are fragments no caller should read.
var leaks = []string{"SQLSTATE", "sql:", "pq:", "SQLITE_", "UNIQUE constraint failed", "violates unique constraint", "INSERT INTO",
	"SELECT ", "goroutine ", "panic:", "runtime error", ".go:", ".java:", ".py\"", "Traceback", "stack trace", "at java.", "NullPointer"}

func testERR17(t *T) {
	for _, ex := range t.answers(failed) {
		for _, leak := range leaks {
			t.want(!strings.Contains(string(ex.Body), leak), ex, "no %q in an error", leak)
		}
	}
}

func testERR18(t *T) {
	res, rel := t.toOne()
	body := t.body(res)
	setLinkage(body, rel.Name, identifier(rel.Target, ghost()))
	t.wantTowards(t.post(res.Path, body), "/data/relationships/"+rel.Name)
	t.wantTowards(t.patch(t.endpoint(t.make(res), rel.Name), Object{"data": identifier(rel.Target, ghost())}), "/data")
}

// wantTowards expects pointers to lead to a place, into it, or to what holds it.
func (t *T) wantTowards(ex *Exchange, place string) {
	for _, e := range ex.errors() {
		if pointer, ok := at(e, "source", "pointer").(string); ok {
			within := strings.HasPrefix(pointer+"/", place+"/") || strings.HasPrefix(place+"/", pointer+"/")
			t.want(within, ex, "a pointer towards %s, got %s", place, pointer)
		}
	}
}
