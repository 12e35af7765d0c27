package handlers_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"roster/jsonapi"
	"roster/mail/mailtest"
	"roster/models"
	"roster/server/servertest"
)

// heldBody is the body of a request that is sent once the server asks for it, which is when the caller is admitted; and after something
// else has happened.
type heldBody struct {
	io.Reader
	happens func()
}

// Read implements io.Reader.
func (b *heldBody) Read(p []byte) (int, error) {
	if b.happens != nil {
		b.happens()
		b.happens = nil
	}
	return b.Reader.Read(p)
}

// held sends a request whose body is sent after something has happened.
func (s *service) held(method, path string, body any, happens func(), headers ...string) *answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path,
		&heldBody{bytes.NewReader(sentBytes(s.t, body)), happens})
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Expect", "100-continue")
	req.Header.Set("Content-Type", jsonapi.MediaType)
	if s.key != "" {
		req.Header.Set("Authorization", s.key)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	through := &http.Transport{ExpectContinueTimeout: soon, DisableKeepAlives: true}
	res, err := through.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return &answer{s.t, res.StatusCode, res.Header, read}
}

// TestWhatEndsWhileABodyIsAwaitedChangesNothing: a request is admitted by its header, and is done if what admitted it still works then.
func TestWhatEndsWhileABodyIsAwaitedChangesNothing(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		key := func(kind string, of ...any) (id string, as *service) {
			a := s.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": kind, "kind": kind, "scopes": []string{"*"}},
				of...)).
				want(201)
			return a.text("data", "id"), s.as(a.text("data", "attributes", "key"))
		}
		rename := object{"data": object{"type": "organizations", "id": f.branch, "attributes": object{"name": "Renamed"}}}
		another := func(kind string, of ...any) object {
			return resource("apiKeys", object{"name": "Another", "kind": kind, "scopes": []string{"*"}}, of...)
		}
		check := func(what string, a *answer, want int) {
			t.Helper()
			if a.Status != want {
				t.Errorf("%s: %d %s, want %d", what, a.Status, a.Body, want)
			}
		}
		keys := len(s.get("/public/v2/apiKeys?page[size]=200").want(200).list())
		for kind, of := range map[string][]any{"management": nil, "organization": {"organization", ref("organizations", f.branch)}} {
			for what, request := range map[string]func(*service, func()) *answer{
				"a change": func(as *service, happens func()) *answer {
					return as.held("PATCH", "/public/v2/organizations/"+f.branch, rename, happens)
				},
				"another key": func(as *service, happens func()) *answer {
					return as.held("POST", "/public/v2/apiKeys", another(kind, of...), happens)
				},
			} {
				id, as := key(kind, of...)
				check(kind+", "+what, request(as, func() { s.do("DELETE", "/public/v2/apiKeys/"+id, nil).want(204) }), 401)
			}
		}
		id, narrowed := key("organization", "organization", ref("organizations", f.branch))
		check("a key of less scopes", narrowed.held("PATCH", "/public/v2/organizations/"+f.branch, rename, func() {
			s.do("PATCH", "/public/v2/apiKeys/"+id, object{"data": object{"type": "apiKeys", "id": id,
				"attributes": object{"scopes": []string{"organizations:read"}}}}).want(200)
		}), 403)
		s.do("DELETE", "/public/v2/apiKeys/"+id, nil).want(204)

		renew := "/public/v2/management/refresh-token/" + f.branch
		token := s.as(s.do("POST", renew, nil).want(200).text("data", "attributes", "token"))
		check("a token", token.held("POST", "/public/v2/apiKeys", another("organization", "organization", ref("organizations", f.branch)),
			func() { s.do("POST", renew, nil).want(200) }), 401)

		ada := s.account("ada@example.com", f.branch, models.RoleAdmin)
		b := s.browser()
		b.signIn("ada@example.com")
		check("a session", b.service.held("POST", "/public/v2/apiKeys", another("user"),
			func() { s.do("DELETE", "/public/v2/users/"+ada+"/sessions", nil).want(204) }, b.headers(nil)...), 401)
		b.signIn("ada@example.com")
		check("a session that goes on", b.service.held("PATCH", "/public/v2/organizations/"+f.branch, rename, func() {},
			b.headers(nil)...), 200)
		check("the keys that there are", s.get("/public/v2/apiKeys?page[size]=200"), 200)
		if n := len(s.get("/public/v2/apiKeys?page[size]=200").list()); n != keys {
			t.Errorf("there are %d keys, want %d", n, keys)
		}
	})
}

// TestAKeyThatIsMadeWhileAnAddressIsProvenEndsWithTheOthers: the body of the request comes after the owner of the address has.
func TestAKeyThatIsMadeWhileAnAddressIsProvenEndsWithTheOthers(t *testing.T) {
	eachPost(t, func(t *testing.T, s *service, receiver *mailtest.Receiver, _ *servertest.Output) {
		id := s.account("eve@example.com", "")
		eve := s.browser()
		eve.signIn("eve@example.com")
		first := s.as(eve.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "Mine", "kind": "user", "scopes": []string{"*"}})).
			want(201).text("data", "attributes", "key"))
		eve.do("PATCH", "/public/v2/users/"+id, object{"data": object{"type": "users", "id": id, "attributes": object{
			"email": "ada@example.com"}}, "meta": object{"currentPassword": passwordOf("eve@example.com")}}).want(200)
		more := resource("apiKeys", object{"name": "More", "kind": "user", "scopes": []string{"*"}})
		proven := func() {
			s.as("").askForReset("ada@example.com").want(202)
			s.as("").do("POST", passwordResets+"/confirm", object{"meta": object{"token": receiver.Next(t, 1).Token(t),
				"password": passwordOf("ada@example.com")}}).want(204)
		}
		first.held("POST", "/public/v2/apiKeys", more, proven).want(401)
		if keys := s.get("/public/v2/apiKeys?filter[userId]=" + id).want(200).list(); len(keys) != 0 {
			t.Errorf("who held the account has %d keys", len(keys))
		}
	})
}
