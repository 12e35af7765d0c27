package suite

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// addOperation returns an operation that creates a resource.
func (t *T) addOperation(res *Resource) Object {
	return Object{"op": "add", "data": data(t.body(res))}
}

// result returns the data of one result.
func result(ex *Exchange, i int) Object {
	o, _ := at(ex.Document(), "atomic:results", i, "data").(Object)
	return o
}

func testATOM1(t *T) {
	a := t.needAtomic()
	res := t.full()
	ex := t.atomic(t.addOperation(res))
	t.wantStatus(ex, 200)
	t.want(slices.Contains(ex.applied("ext"), atomicURI), ex, "ext in the response's Content-Type")
	plain := t.post(a.Path, Object{"atomic:operations": []any{t.addOperation(res)}}, accept(atomicType))
	t.wantRefused(plain, 415, 400)
	t.want(plain.top("atomic:results") == nil, plain, "no operation carried out")
}

func testATOM2(t *T) {
	t.needAtomic()
	res := t.full()
	body := func() Object { return Object{"atomic:operations": []any{t.addOperation(res)}} }
	t.wantStatus(t.atomicRaw(body(), without("Accept")), 200)
	t.wantStatus(t.atomicRaw(body(), accept("*/*")), 200)
	t.wantStatus(t.atomicRaw(body(), accept(mediaType)), 406)
}

func testATOM3(t *T) {
	t.needAtomic()
	res := t.full()
	for _, name := range []string{"data", "included"} {
		body := Object{"atomic:operations": []any{t.addOperation(res)}, name: []any{}}
		t.wantRefused(t.atomicRaw(body), 400)
	}
	ex := t.atomic(t.addOperation(res))
	t.want(!has(ex.Document(), "data") && !has(ex.Document(), "included"), ex, "neither data nor included in the answer")
}

func testATOM4(t *T) {
	t.needAtomic()
	for _, operations := range []any{[]any{}, Object{}, nil, "add"} {
		t.wantRefused(t.atomicRaw(Object{"atomic:operations": operations}), 400)
	}
	t.wantRefused(t.atomicRaw(Object{"meta": Object{}}), 400)
	both := Object{"atomic:operations": []any{t.addOperation(t.full())}, "atomic:results": []any{Object{}}}
	t.wantRefused(t.atomicRaw(both), 400)
}

func testATOM5(t *T) {
	t.needAtomic()
	res := t.full()
	t.needStatus(t.atomic(t.addOperation(res)), 200)
	ex := t.atomic(t.addOperation(res), Object{"op": "remove", "ref": identifier(res.Type, ghost())})
	t.want(ex.Status >= 400, ex, "a failure")
	o, _ := ex.Document().(Object)
	for name := range o {
		t.want(!strings.HasPrefix(name, "atomic:"), ex, "no %s beside errors", name)
	}
}

func testATOM6(t *T) {
	t.needAtomic()
	res := t.full()
	ex := t.atomic(nil)
	t.wantStatus(ex, 400)
	t.wantPointer(ex, "/atomic:operations/0")
	for _, op := range []any{nil, "ADD", "replace", 1} {
		operation := t.addOperation(res)
		operation["op"] = op
		ex := t.atomic(operation)
		t.wantStatus(ex, 400)
		t.wantPointer(ex, "/atomic:operations/0/op", "/atomic:operations/0")
	}
	operation := t.addOperation(res)
	delete(operation, "op")
	ex = t.atomic(operation)
	t.wantStatus(ex, 400)
	t.wantPointer(ex, "/atomic:operations/0")
}

func testATOM7(t *T) {
	t.needAtomic()
	one := t.make(t.full())
	ex := t.atomic(Object{"op": "remove", "ref": one.identifier(), "href": one.path()})
	t.wantStatus(ex, 400)
}

func testATOM8(t *T) {
	t.needAtomic()
	res := t.full()
	one := t.make(res)
	for _, ref := range []Object{
		{"id": one.id},
		{"type": res.Type},
		{"type": res.Type, "id": one.id, "lid": "a"},
		{"type": res.Type, "id": 7},
	} {
		ex := t.atomic(Object{"op": "remove", "ref": ref})
		t.wantStatus(ex, 400)
		pointer := str(at(ex.Document(), "errors", 0, "source", "pointer"))
		t.pick(strings.HasPrefix(pointer, "/atomic:operations/0"), ex, "a pointer into the operation")
	}
	ref := Object{"type": res.Type, "id": one.id, "relationship": "noSuchRelationship"}
	t.wantRefused(t.atomic(Object{"op": "update", "ref": ref, "data": nil}), 400, 404)
}

func testATOM9(t *T) {
	a := t.needAtomic()
	for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodPut} {
		t.wantRefused(t.do(method, a.Path, nil, accept(atomicType)), 405)
	}
}

func testATOM12(t *T) {
	t.needAtomic()
	t.walk("ATOM-12")
	res := t.updatable()
	one := t.make(res)
	value := t.sample(res.Update)
	ex := t.atomic(
		t.addOperation(res),
		Object{"op": "update", "data": Object{"type": res.Type, "id": one.id, "attributes": Object{res.Update.Attribute: value}}},
		Object{"op": "remove", "ref": t.make(res).identifier()},
	)
	t.needStatus(ex, 200)
	results, _ := ex.top("atomic:results").([]any)
	t.need(len(results) == 3, ex, "three results")
	t.want(result(ex, 0)["type"] == res.Type, ex, "the created resource as the first result")
	if second := result(ex, 1); second != nil {
		t.want(second["id"] == one.id, ex, "the updated resource as the second result")
	}
	t.want(result(ex, 2) == nil, ex, "no data in the result of remove")
}

func testATOM13(t *T) {
	t.needAtomic()
	res := t.full()
	ex := t.atomic(Object{"op": "remove", "ref": t.make(res).identifier()})
	t.wantStatus(ex, 204, 200)
	t.want(ex.Status != 204 || len(ex.Body) == 0, ex, "no body with 204")
	t.wantStatus(t.atomic(Object{"op": "remove", "ref": t.make(res).identifier()}, t.addOperation(res)), 200)
}

func testATOM14(t *T) {
	t.needAtomic()
	res := t.updatable()
	bad := t.addOperation(res)
	part(bad["data"].(Object), "attributes")[res.Update.Attribute] = 5
	ex := t.atomic(t.addOperation(res), bad)
	t.need(ex.Status >= 400, ex, "a failure")
	place := "/atomic:operations/1"
	t.want(slices.ContainsFunc(ex.errors(), func(e Object) bool {
		return strings.HasPrefix(str(at(e, "source", "pointer")), place)
	}), ex, "a pointer into %s", place)
	t.wantPointer(ex, place+"/data/attributes/"+res.Update.Attribute)
}

func testATOM15(t *T) {
	t.needAtomic()
	res := t.full()
	t.wantStatus(t.atomic(Object{"op": "add"}), 400)
	for _, operation := range []Object{
		{"op": "remove", "ref": identifier(res.Type, ghost())},
		{"op": "update", "ref": identifier(res.Type, ghost()), "data": Object{"type": res.Type}, "meta": []any{}},
	} {
		ex := t.atomic(operation)
		t.want(refused(ex), ex, "a refusal, status 4xx")
	}
}

func testATOM26(t *T) {
	a := t.needAtomic()
	if a.MaxOperations == 0 {
		t.skip("the description has no atomic.maxOperations")
	}
	res := t.full()
	operations := make([]any, a.MaxOperations+1)
	for i := range operations {
		operations[i] = Object{"op": "remove", "ref": identifier(res.Type, ghost())}
	}
	ex := t.atomic(operations...)
	t.wantStatus(ex, 400, 413)
	t.want(strings.Contains(string(ex.Body), fmt.Sprint(a.MaxOperations)), ex, "the limit %d in the answer", a.MaxOperations)
}

func testATOM27(t *T) {
	a := t.needAtomic()
	res := t.full()
	for _, query := range []string{"sort=id", "page[size]=1", fieldsOf(res.Type), "filter[id]=1", "include=x"} {
		body := Object{"atomic:operations": []any{t.addOperation(res)}}
		t.wantStatus(t.post(withQuery(a.Path, query), body, accept(atomicType), contentType(atomicType)), 400)
	}
}

// testATOM30 lets two requests claim one unique value.
func testATOM30(t *T) {
	t.needAtomic()
	res := t.resource("unique attribute", func(r *Resource) bool { return r.Unique != nil && r.can("create", "update") })
	value := t.sample(res.Unique)
	bodies := make([][]byte, 2)
	for i := range bodies {
		first, second := t.addOperation(res), t.addOperation(res)
		part(first["data"].(Object), "attributes")[res.Unique.Attribute] = value
		bodies[i] = []byte(text(Object{"atomic:operations": []any{first, second}}))
	}
	answers := make([]*Exchange, len(bodies))
	var wg sync.WaitGroup
	for i, body := range bodies {
		wg.Go(func() { answers[i] = t.aside(body) })
	}
	wg.Wait()
	won := 0
	for _, ex := range answers {
		if ex == nil {
			t.need(false, nil, "an answer to each of two concurrent requests")
		}
		t.run.client.record = append(t.run.client.record, ex)
		t.run.remember(ex)
		if succeeded(ex) {
			won++
		} else {
			t.wantStatus(ex, 409, 422)
		}
	}
	t.want(won == 1, answers[0], "one of two requests with the same %s to succeed, not %d", res.Unique.Attribute, won)
}

// aside sends an atomic request without touching the record, for use from goroutines.
func (t *T) aside(body []byte) *Exchange {
	u, err := t.run.client.resolve(t.desc.Atomic.Path)
	if err != nil {
		return nil
	}
	ex, err := t.run.client.once(t.ctx, u, request{
		row: t.row, method: http.MethodPost, body: body,
		header: http.Header{"Accept": {atomicType}, "Content-Type": {atomicType}},
	})
	if err != nil {
		return nil
	}
	return ex
}
