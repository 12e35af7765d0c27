package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// T is what a row's test works with: requests, checks, and the resources it makes.
type T struct {
	ctx     context.Context
	run     *run
	desc    *Description
	row     string
	rule    verdict // of the row itself
	expect  verdict // of the expectations beside it
	skipped string
	// A test runs in turns: once for each of the resources or relationships that it chooses from.
	turn, turns int
}

// choose returns the candidate whose turn it is. So a row is tried on every resource that fits, and a fault of the second type is found.
func choose[E any](t *T, candidates []E) E {
	t.turns = max(t.turns, len(candidates))
	return candidates[t.turn%len(candidates)]
}

// verdict counts the checks of one result and keeps those that failed.
type verdict struct {
	checks   int
	failures []Failure
}

// Failure is a check that did not hold.
type Failure struct {
	Expected string
	// at is where in the document the checker found it, typ and within where in a resource object; empty for everything else.
	at, typ, within string
	// Exchange is nil if the failure is not about one answer.
	Exchange *Exchange
}

// stop leaves a test early; the recover in run.test swallows it.
type stop struct{}

// want checks a rule; the test goes on either way. The format says what was expected.
func (t *T) want(ok bool, ex *Exchange, format string, args ...any) bool {
	return t.rule.check(ok, ex, format, args...)
}

// need is for what the rest of the test builds on: if it does not hold, it fails the row and
// ends the test, but holding is no check of the row.
func (t *T) need(ok bool, ex *Exchange, format string, args ...any) {
	if !ok {
		t.want(false, ex, format, args...)
		panic(stop{})
	}
}

// pick checks an expectation the specification does not demand.
func (t *T) pick(ok bool, ex *Exchange, format string, args ...any) bool {
	return t.expect.check(ok, ex, format, args...)
}

func (v *verdict) check(ok bool, ex *Exchange, format string, args ...any) bool {
	v.checks++
	if !ok {
		v.failures = append(v.failures, Failure{Expected: fmt.Sprintf(format, args...), Exchange: ex})
	}
	return ok
}

// skip ends the turn because the server does not offer what the row is about. The first reason is that of the row.
func (t *T) skip(format string, args ...any) {
	if t.skipped == "" {
		t.skipped = fmt.Sprintf(format, args...)
	}
	panic(stop{})
}

func (t *T) wantStatus(ex *Exchange, codes ...int) bool {
	return t.want(slices.Contains(codes, ex.Status), ex, "status %s", orList(codes))
}

// wantRefused checks that a request was refused. The specification names no status for it, so that every 4xx is right; the
// recommended ones are an expectation.
func (t *T) wantRefused(ex *Exchange, recommended ...int) bool {
	if !t.want(refused(ex), ex, "a refusal, status 4xx") {
		return false
	}
	t.pick(slices.Contains(recommended, ex.Status), ex, "status %s", orList(recommended))
	return true
}

func refused(ex *Exchange) bool   { return ex.Status >= 400 && ex.Status < 500 }
func succeeded(ex *Exchange) bool { return ex.Status >= 200 && ex.Status < 300 }

// needStatus is need for a status.
func (t *T) needStatus(ex *Exchange, codes ...int) {
	t.need(slices.Contains(codes, ex.Status), ex, "status %s", orList(codes))
}

// wantPointer expects one of the errors to point at one of the places. The member is
// optional in the specification, so this is an expectation; that a pointer resolves is ERR-8.
func (t *T) wantPointer(ex *Exchange, pointers ...string) {
	t.pick(slices.ContainsFunc(ex.errors(), func(e Object) bool {
		p, ok := at(e, "source", "pointer").(string)
		return ok && slices.Contains(pointers, p)
	}), ex, "an error with source.pointer %s", quoteList(pointers))
}

// wantParameter expects one of the errors to name the query parameter.
func (t *T) wantParameter(ex *Exchange, name string) {
	t.pick(hasSource(ex, "parameter", name), ex, "an error with source.parameter %q", name)
}

func hasSource(ex *Exchange, member, value string) bool {
	return slices.ContainsFunc(ex.errors(), func(e Object) bool { return str(at(e, "source", member)) == value })
}

func orList(codes []int) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = fmt.Sprint(c)
	}
	return strings.Join(words, " or ")
}

func quoteList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(quoted, " or ")
}

// option changes a request before it is sent.
type option func(*request)

func accept(v string) option      { return header("Accept", v) }
func contentType(v string) option { return header("Content-Type", v) }
func foreign(r *request)          { r.foreign = true }

func header(name, value string) option {
	return func(r *request) { r.header.Set(name, value) }
}

func without(name string) option {
	return func(r *request) { r.header.Del(name) }
}

// do sends a request. A body of type string or []byte goes out as it is, anything else as JSON.
func (t *T) do(method, ref string, body any, options ...option) *Exchange {
	r := request{row: t.row, method: method, ref: ref, header: http.Header{}}
	r.header.Set("Accept", mediaType)
	switch b := body.(type) {
	case nil:
	case string:
		r.body = []byte(b)
	case []byte:
		r.body = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			panic(fmt.Errorf("encode request body: %w", err))
		}
		r.body = raw
	}
	if body != nil {
		r.header.Set("Content-Type", mediaType)
	}
	for _, o := range options {
		o(&r)
	}
	ex, err := t.run.client.do(t.ctx, r)
	if err != nil {
		t.need(false, nil, "an answer to %s %s, got: %v", method, ref, err)
	}
	return ex
}

func (t *T) get(ref string, options ...option) *Exchange {
	return t.do(http.MethodGet, ref, nil, options...)
}

func (t *T) post(ref string, body any, options ...option) *Exchange {
	return t.do(http.MethodPost, ref, body, options...)
}

func (t *T) patch(ref string, body any, options ...option) *Exchange {
	return t.do(http.MethodPatch, ref, body, options...)
}

func (t *T) del(ref string, body any, options ...option) *Exchange {
	return t.do(http.MethodDelete, ref, body, options...)
}

// atomic sends operations to the atomic endpoint.
func (t *T) atomic(operations ...any) *Exchange {
	if operations == nil {
		operations = []any{}
	}
	return t.atomicRaw(Object{"atomic:operations": operations})
}

func (t *T) atomicRaw(body any, options ...option) *Exchange {
	options = append([]option{accept(atomicType), contentType(atomicType)}, options...)
	return t.post(t.needAtomic().Path, body, options...)
}

func (t *T) needAtomic() *Atomic {
	if t.desc.Atomic == nil {
		t.skip("the description has no atomic endpoint")
	}
	return t.desc.Atomic
}

func (t *T) needCursor() {
	if !t.desc.Paging.Cursor {
		t.skip("the description does not offer the cursor profile (paging.cursor)")
	}
}

// optional is a GET with a query that the server need not support: 400 says that it does not, and skips the turn.
func (t *T) optional(what, ref string, options ...option) *Exchange {
	ex := t.get(ref, options...)
	if ex.Status == http.StatusBadRequest {
		t.skip("the server does not support %s: it answers 400", what)
	}
	t.needStatus(ex, http.StatusOK)
	return ex
}

// including is a GET with an include. A server that cannot include the relationship must answer 400, and may unless its description
// promises more.
func (t *T) including(rel *Relationship, ref string) *Exchange {
	if rel.Include == nil {
		return t.optional("include="+rel.Name, ref)
	}
	ex := t.get(ref)
	t.needStatus(ex, http.StatusOK)
	return ex
}

// withQuery appends to a reference that may have a query already.
func withQuery(ref string, query ...string) string {
	for _, q := range query {
		if q == "" {
			continue
		}
		separator := "?"
		if strings.Contains(ref, "?") {
			separator = "&"
		}
		ref += separator + q
	}
	return ref
}
