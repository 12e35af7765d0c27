package handlers_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
)

func TestIfMatchInMetaIsAPrecondition(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(_ *testing.T, s *service) {
		id, _ := s.organization("Acme")
		user := s.do("POST", "/public/v2/users", resource("users", object{"firstName": "Ada"})).want(201).text("data", "id")
		with := func(o object, tag string) object {
			o["meta"] = object{"ifMatch": tag}
			return o
		}
		join := func() object {
			return object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("organizations", id)}}
		}
		parent := func() object {
			return object{"op": "update", "ref": member("organizations", id, "parent"), "data": nil}
		}
		stale := errorObject{Status: "412", Code: "precondition_failed", Pointer: op(0, "/meta/ifMatch")}
		for _, tag := range []string{`"2-x"`, `W/"1-x"`, `"x"`, `"1"`, `"2-a", "3-b"`} {
			s.wantRefused(stale, with(change("organizations", id, object{"name": "x"}), tag))
			s.wantRefused(stale, with(drop(ref("organizations", id)), tag))
			s.wantRefused(stale, with(join(), tag))
			s.wantRefused(stale, with(parent(), tag))
		}
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/meta/ifMatch")},
			with(add("organizations", object{"name": "x"}), "*"))
		for _, tag := range []string{"", "1", `"`, `"1-x`, `*, "1-x"`, `1-x"`} {
			s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/meta/ifMatch")},
				with(drop(ref("organizations", id)), tag))
		}
		s.atomic(with(join(), `"1-x"`), with(parent(), `*`)).want(204)
		// The second operation sees what the first has done.
		s.wantRefused(errorObject{Status: "412", Code: "precondition_failed", Pointer: op(1, "/meta/ifMatch")},
			with(change("organizations", id, object{"name": "y"}), `"1-x"`),
			with(change("organizations", id, object{"name": "z"}), `"1-x"`))
		s.atomic(with(change("organizations", id, object{"name": "y"}), `"7-q", "1-x-gzip"`),
			with(change("organizations", id, object{"name": "z"}), `"2-x"`)).want(200)
		s.atomic(with(drop(ref("organizations", id)), `"3-x"`)).want(204)
	})
}

// together sends the bodies at the same time and returns the answers.
func (s *service) together(n int, body func(i int) any) []*answer {
	s.t.Helper()
	answers := make([]*answer, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i] = s.atomicRaw(body(i)) })
	}
	wg.Wait()
	for _, a := range answers {
		if a == nil { // its request failed, which ended only its goroutine
			s.t.FailNow()
		}
	}
	return answers
}

func TestATOM30ConcurrentRequestsDoNotInterleave(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		var ids []string
		for _, slug := range []string{"left", "right"} {
			ids = append(ids, s.do("POST", managed,
				resource("organizations", object{"name": "Acme", "slug": slug})).want(201).text("data", "id"))
		}
		// Each request moves both organizations through slugs of its own and leaves them crossed, in the order of its parity.
		answers := s.together(50, func(i int) any {
			a, b := ids[i%2], ids[1-i%2]
			return object{"atomic:operations": []any{
				change("organizations", a, object{"slug": fmt.Sprintf("hold-%d", i)}),
				change("organizations", b, object{"slug": "left"}),
				change("organizations", a, object{"slug": "right", "description": fmt.Sprint(i)}),
				change("organizations", b, object{"description": fmt.Sprint(i)}),
			}}
		})
		for i, a := range answers {
			if a.Status != http.StatusOK && a.Status != http.StatusConflict {
				t.Errorf("request %d: status %d: %s", i, a.Status, a.Body)
			}
		}
		left, right := s.get(managed+"/"+ids[0]).want(200), s.get(managed+"/"+ids[1]).want(200)
		slugs := sorted(left.text("data", "attributes", "slug"), right.text("data", "attributes", "slug"))
		if diff := cmp.Diff([]string{"left", "right"}, slugs); diff != "" {
			t.Errorf("slugs (-want +got):\n%s", diff)
		}
		if a, b := left.json("data", "attributes", "description"), right.json("data", "attributes", "description"); a != b {
			t.Errorf("two requests interleaved: %v and %v", a, b)
		}
	})
}

func TestRequestsThatCrossEachOtherAllSucceed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		root, _ := s.organization("Root")
		a, _ := s.organization("A", "parent", ref("organizations", root))
		b, _ := s.organization("B", "parent", ref("organizations", root))
		user := s.do("POST", "/public/v2/users",
			resource("users", object{"firstName": "Ada"}, "organizations", []any{ref("organizations", a)})).want(201).text("data", "id")
		answers := s.together(50, func(i int) any {
			ops := []any{
				change("organizations", a, object{"description": fmt.Sprint(i)}),
				change("users", user, object{"phone": fmt.Sprint(i)}),
				change("organizations", b, object{"description": fmt.Sprint(i)}),
				add("organizations", object{"name": "Child"}, "relationships", linkage("parent", ref("organizations", a))),
				object{"op": "add", "ref": member("users", user, "organizations"), "data": []any{ref("organizations", b)}},
				object{"op": "update", "ref": member("organizations", b, "parent"), "data": ref("organizations", root)},
			}
			if i%2 == 1 {
				for l, r := 0, len(ops)-1; l < r; l, r = l+1, r-1 {
					ops[l], ops[r] = ops[r], ops[l]
				}
			}
			return object{"atomic:operations": ops}
		})
		for i, answer := range answers {
			if answer.Status != http.StatusOK {
				t.Errorf("request %d: status %d: %s", i, answer.Status, answer.Body)
			}
		}
		if got := s.get(managed+"/"+a+"/children").want(200).json("meta", "total"); got != 50.0 {
			t.Errorf("%v children, want 50", got)
		}
		left := s.get(managed+"/"+a).want(200).json("data", "attributes", "description")
		right := s.get(managed+"/"+b).want(200).json("data", "attributes", "description")
		if left != right {
			t.Errorf("two requests interleaved: %v and %v", left, right)
		}
	})
}

func TestAnAtomicRequestThatIsSentAgainHappensOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		body := object{"atomic:operations": []any{
			add("organizations", object{"name": "Acme"}, "lid", "a"),
			add("users", object{"firstName": "Ada"}, "relationships", linkage("organizations", []any{lid("organizations", "a")})),
		}}
		first := s.atomicRaw(body, "Idempotency-Key", "once").want(200)
		before := s.state()
		second := s.atomicRaw(body, "Idempotency-Key", "once").want(200)
		if diff := cmp.Diff(string(first.Body), string(second.Body)); diff != "" || second.Header.Get("Content-Type") != atomicType {
			t.Errorf("the second answer is %s (-first +second):\n%s", second.Header.Get("Content-Type"), diff)
		}
		if diff := cmp.Diff(before, s.state()); diff != "" {
			t.Errorf("the second request changed something (-before +after):\n%s", diff)
		}
		// What fails leaves nothing, not even the key.
		failing := object{"atomic:operations": []any{add("organizations", object{"name": "Acme"}), drop(ref("users", ghost))}}
		s.atomicRaw(failing, "Idempotency-Key", "twice").want(404)
		if diff := cmp.Diff(before, s.state()); diff != "" {
			t.Errorf("the failed request changed something (-before +after):\n%s", diff)
		}
		s.atomicRaw(body, "Idempotency-Key", "twice").want(200)
		removal := object{"atomic:operations": []any{drop(ref("organizations", first.text("atomic:results", 0, "data", "id")))}}
		s.atomicRaw(removal, "Idempotency-Key", "removal").want(204)
		s.atomicRaw(removal, "Idempotency-Key", "removal").want(204)
	})
}

// TestNobodyWaitsWhilePasswordsAreHashed writes beside a request that has ten passwords hashed, which takes far longer than any write.
func TestNobodyWaitsWhilePasswordsAreHashed(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		id, _ := s.organization("Acme")
		var ops []any
		for range 10 {
			ops = append(ops, add("users", object{"firstName": "x", "password": "correct horse"}))
		}
		done := make(chan *answer)
		go func() {
			done <- s.send("POST", operations, object{"atomic:operations": ops}, "Content-Type", atomicType, "Idempotency-Key", "passwords")
		}()
		written := 0
		for {
			select {
			case a := <-done:
				a.want(200)
				// On SQLite, where writers come one after the other, a first few could have come before it.
				if written < 5 {
					t.Errorf("%d writes beside ten passwords", written)
				}
				return
			default:
				s.send("PATCH", managed+"/"+id, withID(resource("organizations", object{"description": fmt.Sprint(written)}), id)).want(200)
				written++
			}
		}
	})
}

// TestAMisspeltMemberOfAnOperationIsNotIgnored: the change would be made in spite of the version, or to the whole resource.
func TestAMisspeltMemberOfAnOperationIsNotIgnored(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(_ *testing.T, s *service) {
		id, _ := s.organization("Acme")
		with := func(name string, value any) object {
			o := change("organizations", id, object{"name": "changed"})
			o[name] = value
			return o
		}
		for _, name := range []string{"ifmatch", "IfMatch", "if-match", "if_match", "If-Match"} {
			s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/meta/"+name)},
				with("meta", object{name: `"0-0"`}))
		}
		for _, name := range []string{"Meta", "Ref", "HREF"} {
			s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/"+name)},
				with(name, object{"ifMatch": `"0-0"`}))
		}
		for _, name := range []string{"ifMatch", "If-Match"} {
			refused := func(pointer string, o object) {
				s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, pointer+name)}, o)
			}
			refused("/", with(name, `"0-0"`))
			refused("/ref/", object{"op": "remove", "ref": object{"type": "organizations", "id": id, name: `"0-0"`}})
			refused("/ref/meta/", object{"op": "remove", "ref": object{"type": "organizations", "id": id, "meta": object{name: `"0-0"`}}})
			in := change("organizations", id, object{"name": "changed"})
			in["data"].(object)["meta"] = object{name: `"0-0"`}
			refused("/data/meta/", in)
			in = change("organizations", id, object{"name": "changed"})
			in["data"].(object)["relationships"] = object{"parent": object{"data": nil, "meta": object{name: `"0-0"`}}}
			refused("/data/relationships/parent/meta/", in)
			refused("/data/0/meta/", object{"op": "add", "ref": member("organizations", id, "users"), "data": []any{
				object{"type": "users", "id": id, "meta": object{name: `"0-0"`}},
			}})
		}
		to := member("organizations", id, "parent")
		to["relationShip"] = "parent"
		s.wantRefused(errorObject{Status: "400", Code: "invalid_document", Pointer: op(0, "/ref/relationShip")},
			object{"op": "update", "ref": to, "data": nil})
		s.atomic(with("meta", object{"comment": "ours", "match": 1})).want(200)
	})
}
