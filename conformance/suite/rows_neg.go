package suite

import (
	"net/http"
	"slices"
	"strings"
)

var negRows = []Row{
	{ID: "NEG-1", Level: Must, section: "content-negotiation-all", overAll: true, Test: walk("NEG-1"),
		Requirement: "Every JSON:API payload is sent as application/vnd.api+json, errors of every layer included."},
	{ID: "NEG-2", Level: MustNot, section: "media-type-parameters", overAll: true, Test: walk("NEG-2"),
		Requirement: "No media type parameter besides ext and profile on responses."},
	{ID: "NEG-3", Level: Must, section: "content-negotiation-servers", Test: testNEG3,
		Requirement: "A response names the extensions applied to it in ext."},
	{ID: "NEG-4", Level: Must, section: "content-negotiation-servers", Test: testNEG4,
		Requirement: "A response names the profiles applied to it in profile."},
	{ID: "NEG-5", Level: Must, section: "media-type-parameters", overAll: true, Test: walk("NEG-5"),
		Requirement: "The value of ext and profile is a space-separated list of URIs."},
	{ID: "NEG-6", Level: Must, section: "content-negotiation-servers", Test: testNEG6,
		Requirement: "415 when the Content-Type carries a parameter other than ext and profile."},
	{ID: "NEG-7", Level: Must, section: "content-negotiation-servers", Test: testNEG7,
		Requirement: "415 when ext names an unsupported extension, alone or beside a supported one."},
	{ID: "NEG-8", Level: Must, section: "content-negotiation-servers", Test: testNEG8,
		Requirement: "Unknown profiles in the Content-Type are ignored."},
	{ID: "NEG-9", Level: Must, section: "content-negotiation-servers", Test: testNEG9,
		Requirement: "Instances of the media type with foreign parameters in Accept are ignored; 406 if there are no others."},
	{ID: "NEG-10", Level: Must, section: "content-negotiation-servers", Test: testNEG10,
		Requirement: "406 when every instance of the media type in Accept carries an unsupported extension."},
	{ID: "NEG-11", Level: HTTP, section: "https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2", Test: testNEG11,
		Requirement: "q in Accept is a weight, not a media type parameter."},
	{ID: "NEG-12", Level: Should, section: "content-negotiation-servers", Test: testNEG12,
		Requirement: "Known profiles that are asked for are applied."},
	{ID: "NEG-13", Level: Must, section: "profile-rules", Test: testNEG13,
		Requirement: "An unknown profile in Accept never fails the request."},
	{ID: "NEG-14", Level: Should, section: "content-negotiation-servers", overAll: true, Test: walk("NEG-14"),
		Requirement: "Vary lists Accept on every response, if the server supports an extension or a profile."},
	{ID: "NEG-15", Level: MustNot, section: "document-jsonapi-object", Test: testNEG15,
		Requirement: "The members ext and profile of a request's jsonapi object do not steer negotiation."},
	{ID: "NEG-16", Level: HTTP, section: "https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1", Test: testNEG16,
		Requirement: "An absent Accept, */* and application/* are satisfied."},
	{ID: "NEG-17", Level: Pick, section: "content-negotiation-servers", Test: testNEG17,
		Requirement: "A body with another Content-Type, or with none, is refused with 415."},
	{ID: "NEG-18", Level: HTTP, section: "https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1", Test: testNEG18,
		Requirement: "Type, subtype and parameter names compare without case, URIs exactly; whitespace and quoting are free."},
	{ID: "NEG-19", Level: Must, section: "content-negotiation-servers", Test: testNEG19,
		Requirement: "The rule for Content-Type applies whenever the header is present, body or not."},
	{ID: "NEG-20", Level: Pick, section: "content-negotiation-servers", Test: testNEG20,
		Requirement: "An Accept that neither names nor covers the media type is answered 406 with an error document."},
	{ID: "NEG-21", Level: Pick, section: "media-type-parameter-rules", Test: testNEG21,
		Requirement: "A malformed or repeated parameter is 415 or 406."},
	{ID: "NEG-22", Level: Should, section: "error-objects", Test: testNEG22,
		Requirement: "415 and 406 explain themselves."},
	{ID: "NEG-23", Level: Pick, section: "extension-rules", Test: testNEG23,
		Requirement: "A supported extension on an endpoint that does not use it is 415."},
}

func testNEG3(t *T) {
	plain := t.get(t.desc.Resources[0].Path)
	t.want(len(plain.applied("ext")) == 0, plain, "no ext on a plain answer")
	if t.desc.Atomic != nil {
		ex := t.atomic(t.addOperation(t.full()))
		t.needStatus(ex, 200)
		t.want(slices.Contains(ex.applied("ext"), atomicURI), ex, "ext with %s in the Content-Type", atomicURI)
	}
}

func testNEG4(t *T) {
	t.needCursor()
	ex := t.get(withQuery(t.listable().Path, "page[size]=1"), accept(cursorType))
	t.want(slices.Contains(ex.applied("profile"), cursorURI), ex, "profile with %s in the Content-Type", cursorURI)
	plain := t.get(t.listable().Path)
	t.pick(!slices.Contains(plain.applied("profile"), cursorURI), plain, "no profile on an answer to somebody who did not ask for it")
}

func testNEG6(t *T) {
	res := t.full()
	for _, parameter := range []string{"charset=utf-8", "version=1"} {
		t.wantStatus(t.post(res.Path, t.body(res), contentType(mediaType+"; "+parameter)), 415)
	}
	if a := t.desc.Atomic; a != nil {
		body := Object{"atomic:operations": []any{t.addOperation(res)}}
		t.wantStatus(t.post(a.Path, body, accept(atomicType), contentType(atomicType+"; x=1")), 415)
	}
}

func testNEG7(t *T) {
	res := t.full()
	t.wantStatus(t.post(res.Path, t.body(res), contentType(mediaType+`; ext="`+unknownURI+`"`)), 415)
	if a := t.desc.Atomic; a != nil {
		body := Object{"atomic:operations": []any{t.addOperation(res)}}
		mixed := mediaType + `; ext="` + atomicURI + " " + unknownURI + `"`
		t.wantStatus(t.post(a.Path, body, accept(atomicType), contentType(mixed)), 415)
	}
}

func testNEG8(t *T) {
	res := t.full()
	plain := t.post(res.Path, t.body(res))
	t.need(succeeded(plain), plain, "a new resource of type %s", res.Type)
	ex := t.post(res.Path, t.body(res), contentType(mediaType+`; profile="https://example.test/p"`))
	t.wantStatus(ex, plain.Status)
	t.want(!slices.Contains(ex.applied("profile"), "https://example.test/p"), ex, "the unknown profile not to be listed")
}

func testNEG9(t *T) {
	path := t.desc.Resources[0].Path
	t.wantStatus(t.get(path, accept(mediaType+"; charset=utf-8")), 406)
	t.wantStatus(t.get(path, accept(mediaType+"; charset=utf-8, "+mediaType)), 200)
	t.wantStatus(t.get(path, accept(mediaType+"; v=1, "+mediaType+"; charset=x")), 406)
}

func testNEG10(t *T) {
	path := t.desc.Resources[0].Path
	unsupported := mediaType + `; ext="` + unknownURI + `"`
	t.wantStatus(t.get(path, accept(unsupported)), 406)
	ex := t.get(path, accept(unsupported+", "+mediaType))
	t.wantStatus(ex, 200)
	t.want(len(ex.applied("ext")) == 0, ex, "no ext in the Content-Type")
	if t.desc.Atomic != nil {
		t.wantStatus(t.get(path, accept(mediaType+`; ext="`+atomicURI+" "+unknownURI+`"`)), 406)
	}
}

func testNEG11(t *T) {
	path := t.desc.Resources[0].Path
	t.wantStatus(t.get(path, accept(mediaType+";q=0.5")), 200)
	// RFC 9110 lets a server disregard Accept instead.
	ex := t.get(path, accept(mediaType+";q=0"))
	t.pick(ex.Status == 406, ex, "status 406 for a weight of 0")
	if t.desc.Atomic != nil {
		ex := t.get(path, accept(atomicType+";q=0.1, "+mediaType))
		t.wantStatus(ex, 200)
		t.want(len(ex.applied("ext")) == 0, ex, "no ext in the Content-Type of a list")
	}
}

func testNEG12(t *T) {
	t.needCursor()
	ex := t.get(withQuery(t.listable().Path, "page[size]=1"), accept(cursorType))
	t.wantStatus(ex, 200)
	t.want(slices.Contains(ex.applied("profile"), cursorURI), ex, "the profile in the Content-Type")
	listed, _ := at(ex.Document(), "jsonapi", "profile").([]any)
	t.pick(slices.Contains(listed, any(cursorURI)), ex, "the profile in jsonapi.profile")
}

func testNEG13(t *T) {
	ex := t.get(t.desc.Resources[0].Path, accept(mediaType+`; profile="https://example.test/p"`))
	t.wantStatus(ex, 200)
	t.want(!slices.Contains(ex.applied("profile"), "https://example.test/p"), ex, "the unknown profile not to be listed")
}

func testNEG15(t *T) {
	a := t.needAtomic()
	res := t.full()
	t.needStatus(t.atomic(t.addOperation(res)), 200) // with the extension in the header it works
	ex := t.post(a.Path, Object{
		"jsonapi":           Object{"version": "1.1", "ext": []any{atomicURI}},
		"atomic:operations": []any{t.addOperation(res)},
	}, accept(atomicType))
	t.want(refused(ex), ex, "a refusal, status 4xx")
	t.want(ex.top("atomic:results") == nil, ex, "no operation carried out")
}

// testNEG16 asks as browsers do. A server may have other representations to offer where the client names them or takes anything.
func testNEG16(t *T) {
	path := t.desc.Resources[0].Path
	for _, o := range []option{without("Accept"), accept("*/*"), accept("application/*"), accept("text/html, */*;q=0.1")} {
		ex := t.get(path, o)
		t.wantStatus(ex, 200)
		base, _, _ := ex.mediaType()
		t.pick(base == mediaType, ex, "the media type %s", mediaType)
	}
}

func testNEG17(t *T) {
	res := t.full()
	for _, o := range []option{contentType("application/json"), without("Content-Type")} {
		ex := t.post(res.Path, t.body(res), o)
		t.wantStatus(ex, 415)
		t.want(hasSource(ex, "header", "Content-Type"), ex, "source.header Content-Type")
	}
}

func testNEG18(t *T) {
	res := t.full()
	for _, spelling := range []string{"Application/Vnd.Api+Json", mediaType + ` ;PROFILE="https://example.test/p"`} {
		ex := t.post(res.Path, t.body(res), contentType(spelling))
		t.want(succeeded(ex), ex, "success as with the usual spelling")
	}
	t.wantStatus(t.get(t.desc.Resources[0].Path, accept("APPLICATION/vnd.api+JSON")), 200)
	a := t.desc.Atomic
	if a == nil {
		return
	}
	body := func() Object { return Object{"atomic:operations": []any{t.addOperation(res)}} }
	t.wantStatus(t.post(a.Path, body(), accept(atomicType), contentType(mediaType+` ;EXT="`+atomicURI+`"`)), 200)
	upper := mediaType + `; ext="` + strings.ToUpper(atomicURI) + `"`
	t.wantStatus(t.post(a.Path, body(), accept(atomicType), contentType(upper)), 415)
}

func testNEG19(t *T) {
	t.wantStatus(t.get(t.desc.Resources[0].Path, contentType(mediaType+"; charset=utf-8")), 415)
}

func testNEG20(t *T) {
	ex := t.get(t.desc.Resources[0].Path, accept("text/html"))
	t.wantStatus(ex, 406)
	t.want(len(ex.errors()) > 0, ex, "an error document")
}

func testNEG21(t *T) {
	res := t.full()
	for _, malformed := range []string{
		mediaType + `; profile="https://example.test/p`,
		mediaType + `; ext="` + unknownURI + `"; ext="` + unknownURI + `"`,
		mediaType + `; profile="https://example.test/p"; profile="https://example.test/q"`,
		mediaType + "; =",
	} {
		t.wantStatus(t.post(res.Path, t.body(res), contentType(malformed)), 415)
		t.wantStatus(t.get(res.Path, accept(malformed)), 406)
	}
}

func testNEG22(t *T) {
	res := t.full()
	refused := t.post(res.Path, t.body(res), contentType(mediaType+"; charset=utf-8"))
	unacceptable := t.get(t.desc.Resources[0].Path, accept(mediaType+"; charset=utf-8"))
	for name, ex := range map[string]*Exchange{"Content-Type": refused, "Accept": unacceptable} {
		if len(ex.errors()) > 0 { // error details are optional
			t.want(at(ex.Document(), "errors", 0, "status") != nil, ex, "an error with status")
		}
		t.pick(hasSource(ex, "header", name), ex, "an error with source.header %s", name)
	}
}

func testNEG23(t *T) {
	t.needAtomic()
	res := t.full()
	ex := t.do(http.MethodPost, res.Path, t.body(res), contentType(atomicType))
	t.wantStatus(ex, 415)
}
