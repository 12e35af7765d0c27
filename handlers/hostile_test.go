package handlers_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"roster/handlers"
	"roster/jsonapi"
	"roster/jsonapi/jsonapitest"
	"roster/models"
	"roster/models/modelstest"
)

// wellBehaved fails the test unless the answer is one that a client can rely on whatever it sent: never a 5xx, every header, a JSON:API
// document, and pointers that lead somewhere in the body that was sent.
func (a *answer) wellBehaved(method, what, sent string) {
	a.t.Helper()
	fail := func(format string, args ...any) {
		a.t.Helper()
		a.t.Errorf("%.200s: %d: "+format+"\n%.500s", append(append([]any{what, a.Status}, args...), a.Body)...)
	}
	if a.Status >= 500 || a.Status < 200 || a.Status >= 300 && a.Status < 400 {
		fail("a status that nobody expects")
	}
	for _, h := range []string{"X-Request-Id", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "X-Robots-Tag",
		"Tdm-Reservation", "Vary", "Cache-Control"} {
		if a.Header.Get(h) == "" {
			fail("the header %s is missing", h)
		}
	}
	if a.Status == 204 || method == "HEAD" {
		if len(a.Body) > 0 {
			fail("a body where there is none")
		}
		return
	}
	base, parameters, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || base != jsonapi.MediaType || parameters["charset"] != "" {
		fail("the media type %q", a.Header.Get("Content-Type"))
		return
	}
	var doc struct {
		Data, Errors, Meta json.RawMessage
		JSONAPI            struct{ Version string }
		Results            json.RawMessage `json:"atomic:results"`
	}
	if err := json.Unmarshal(a.Body, &doc); err != nil || doc.JSONAPI.Version != "1.1" || (doc.Errors != nil) != (a.Status >= 400) ||
		doc.Errors == nil && doc.Data == nil && doc.Meta == nil && doc.Results == nil {
		fail("no JSON:API document: %v", err)
		return
	}
	if a.Status < 400 {
		return
	}
	if len(a.Body) > 200_000 {
		fail("an answer of %d bytes", len(a.Body))
	}
	a.checkErrors(doc.Errors, sent, fail)
}

func (a *answer) checkErrors(raw json.RawMessage, sent string, fail func(string, ...any)) {
	a.t.Helper()
	var errs []struct {
		Status, Code, Title, Detail string
		Source                      map[string]string
	}
	if err := json.Unmarshal(raw, &errs); err != nil || len(errs) == 0 || len(errs) > 100 {
		fail("errors that are none: %v", err)
		return
	}
	for _, e := range errs {
		status, err := strconv.Atoi(e.Status)
		if err != nil || status < 400 || status > 499 || len(errs) == 1 && status != a.Status || e.Code == "" ||
			e.Title == "" || e.Detail == "" {
			fail("an error without what it needs: %+v", e)
		}
		for _, leak := range []string{"SQL", "SQLSTATE", "pgx", "gorm", "goroutine", ".go:", "roster_m_", "roster_o_", "%!"} {
			if strings.Contains(e.Detail, leak) && !strings.Contains(sent, leak) {
				fail("a detail that tells of the inside: %s", e.Detail)
			}
		}
		if e.Source != nil && len(e.Source) != 1 {
			fail("a source with %d members", len(e.Source))
		}
		if pointer, ok := e.Source["pointer"]; ok && !jsonapitest.Resolves(sent, pointer) {
			fail("the pointer %q does not resolve in %.300s", pointer, sent)
		}
	}
}

// stillServes fails the test unless the service answers as before.
func (s *service) stillServes() {
	s.t.Helper()
	s.get(managed).want(200)
}

const missingID = "01912f6a-8c00-7abc-8def-0123456789ab"

// wrongValues are JSON texts that fit few attributes.
var wrongValues = []string{
	`null`, `true`, `7`, `-1.5`, `1e400`, `99999999999999999999`, `""`, `" "`, `"\u0000"`, `"a\u0000b"`, `"\u0007"`, `"x"`, `[]`, `{}`,
	`[[]]`, `[null]`, `["a","a"]`, `[{"a":1}]`,
	`"😀"`, `"\ud83d\ude00"`, `"\ud800"`, `"2026-01-02"`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999Z"`, `"javascript:alert(1)"`,
	`"http://[::1"`, `"../../etc"`,
	`"'; DROP TABLE users; --"`, `"` + strings.Repeat("ä", 3000) + `"`, `{"a":{"a":{"a":[1,2,3]}}}`,
}

func wrongLinkage(target string) []string {
	id := func(text string) string { return `{"type":"` + target + `","id":` + text + `}` }
	return []string{
		`null`, `7`, `[]`, `{}`, `{"data":7}`, `{"data":null}`, `{"data":[]}`, `{"data":{}}`, `{"data":[null]}`, `{"data":[[]]}`,
		`{"links":{}}`, `{"meta":{}}`,
		`{"data":` + id(`7`) + `}`, `{"data":` + id(`""`) + `}`, `{"data":` + id(`"\u0000"`) + `}`, `{"data":` + id(`"nope"`) + `}`,
		`{"data":` + id(`"`+missingID+`"`) + `}`,
		`{"data":` + id(`"`+strings.ToUpper(missingID)+`"`) + `}`, `{"data":` + id(`"`+strings.Repeat("x", 5000)+`"`) + `}`,
		`{"data":[` + id(`"nope"`) + `,` + id(`"`+missingID+`"`) + `,7]}`, `{"data":{"type":"nope","id":"x"}}`,
		`{"data":{"type":"` + target + `","lid":"x"}}`,
		`{"data":[{"type":"` + target + `","lid":""}]}`, `{"data":{"type":7,"id":"x"}}`,
		`{"data":[` + strings.Repeat(id(`"x"`)+",", 1000) + id(`"x"`) + `]}`,
	}
}

// memberID is the member of a resource object with that id, "" for none.
func memberID(id string) string {
	if id == "" {
		return ""
	}
	return `"id":"` + id + `",`
}

// hostileDocuments are bodies that are wrong as documents, for a write of a resource of that type.
func hostileDocuments(typ, id string) []string {
	withID := memberID(id)
	bodies := []string{
		``, ` `, `{`, `}`, `[]`, `{}`, `null`, `true`, `7`, `"x"`, "\x00", "\xff\xfe", "\xEF\xBB\xBF{}", `{"data":null}`, `{"data":[]}`,
		`{"data":{}}`, `{"data":"x"}`, `{"errors":[]}`,
		`{"data":{"type":"` + typ + `"},"data":{"type":"` + typ + `"}}`, `{"data":{"type":"` + typ + `"}} {}`, `{"data":{"type":null}}`,
		`{"data":{"type":["` + typ + `"]}}`,
		strings.Repeat("[", 10_000), strings.Repeat(`{"data":`, 10_000), `{"data":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) +
			`}`,
		strings.Repeat(" ", 1<<20+10), `{"data":{"type":"` + typ + `","attributes":{"name":"` + strings.Repeat("a", 1<<20) + `"}}}`,
		`{"data":{` + withID + `"type":"` + typ + `","id":"` + id + `"}}`, `{"data":{"type":"` + typ + `","id":7}}`,
		`{"data":{"type":"` + typ + `","id":"\u0000"}}`,
		`{"data":{"type":"` + typ + `","id":"` + strings.ToUpper(missingID) + `"}}`, `{"data":{"type":"` + strings.ToUpper(typ) + `"}}`,
		`{"data":{` + withID + `"type":"` + typ + `","attributes":[]}}`, `{"data":{` + withID + `"type":"` + typ + `","relationships":[]}}`,
		`{"data":{` + withID + `"type":"` + typ + `","attributes":{"name":"x","NAME":"y","__proto__":{},"constructor":1}}}`,
		`{"data":{` + withID + `"type":"` + typ + `","meta":7,"links":7,"lid":7}}`,
		`{"data":{` + withID + `"type":"` + typ + `"},"included":[{"type":"` + typ + `","id":"1"}],"jsonapi":7,"meta":7}`,
	}
	var unknown []string
	for i := range 3000 {
		unknown = append(unknown, fmt.Sprintf(`"x%d":%d`, i, i))
	}
	return append(bodies, `{"data":{`+withID+`"type":"`+typ+`","attributes":{`+strings.Join(unknown, ",")+`}}}`)
}

// hostileMembers are bodies with every attribute and relationship of a type, each wrong in every way.
func hostileMembers(typ, id string) (bodies []string) {
	withID := memberID(id)
	schema := models.SchemaOf(typ)
	for _, a := range schema.Attributes {
		for _, v := range wrongValues {
			bodies = append(bodies, `{"data":{`+withID+`"type":"`+typ+`","attributes":{"`+a.Name+`":`+v+`}}}`)
		}
	}
	for _, rel := range schema.Relationships {
		target := "users"
		if rel.Target != nil {
			target = rel.Target.Type
		}
		for _, v := range wrongLinkage(target) {
			bodies = append(bodies, `{"data":{`+withID+`"type":"`+typ+`","attributes":{},"relationships":{"`+rel.Name+`":`+v+`}}}`)
		}
	}
	return bodies
}

// TestNoBodyBreaksTheService sends hundreds of bodies to every route that takes one, as the management and as an organization. Those about
// attributes and linkage go to one route of each type and method: the others have the same decoder, or, as actions, none.
func TestNoBodyBreaksTheService(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		decoded := map[string]bool{}
		for _, rt := range handlers.RouteTable() {
			typ := e.typeOf(rt.Path)
			if typ == "" || rt.Method != "POST" && rt.Method != "PATCH" || strings.Contains(rt.Path, "refresh-token") {
				continue
			}
			path, id := e.path(rt, e.ids[typ][1]), ""
			if rt.Method == "PATCH" {
				id = e.ids[typ][1]
			}
			if strings.Contains(rt.Path, "relationships") && !decoded[rt.Method+" linkage of "+typ] {
				decoded[rt.Method+" linkage of "+typ] = true
				for _, rel := range models.SchemaOf(typ).Relationships {
					at := strings.Replace(path, relationshipOf[typ][0], rel.Name, 1)
					linkages := append(wrongLinkage("organizations"), wrongLinkage("users")...)
					slices.Sort(linkages) // half of them name no type
					for _, body := range slices.Compact(linkages) {
						s.send(rt.Method, at, body).wellBehaved(rt.Method, rt.Method+" "+at+" "+body, body)
					}
				}
			}
			bodies := hostileDocuments(typ, id)
			if rt.DecodesResource && !decoded[rt.Method+" of "+typ] {
				decoded[rt.Method+" of "+typ] = true
				bodies = append(bodies, hostileMembers(typ, id)...)
			}
			caller := s
			if !rt.Management && strings.Contains(rt.Path, "{id}") {
				caller = s.as(e.tokens[1])
			}
			for _, body := range bodies {
				caller.send(rt.Method, path, body).wellBehaved(rt.Method, rt.Method+" "+path+" "+body, body)
				if t.Failed() {
					break
				}
			}
		}
		s.stillServes()
	})
}

// TestNoPathBreaksTheService puts ids of every kind into every route.
func TestNoPathBreaksTheService(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		e := newEstate(s)
		ids := []string{
			"x", "0", "-1", "%00", "%2F", "%2e%2e", "..", ".", "%252F", "a%2Fb", "%20", "+", "%0a", "%0d%0aX-Evil:1", "%ff", "%ED%A0%80",
			"%F0%9F%98%80", "null", "undefined", "{id}", "*", "'", "%22", "%5C", ";x=1",
			missingID, strings.ToUpper(missingID), missingID + "%20", "{" + missingID + "}", "urn:uuid:" + missingID,
			strings.ReplaceAll(missingID, "-", ""), "00000000-0000-0000-0000-000000000000",
			strings.Repeat("x", 5000), strings.Repeat("%41", 3000), "relationships", "1%20OR%201=1",
		}
		for _, rt := range handlers.RouteTable() {
			if e.typeOf(rt.Path) == "" || !strings.Contains(rt.Path, "{id}") {
				continue
			}
			for _, id := range ids {
				path := "/public/v2/" + strings.NewReplacer("{id}", id, "{relationship}", relationshipOf[e.typeOf(rt.Path)][0],
					"{number}", "1").Replace(rt.Path)
				if strings.HasSuffix(path, "/effectivePermissions") {
					path += "?filter[organizationId]=" + e.organization[0] // which it needs before anything is looked for
				}
				a := s.send(rt.Method, path, nil)
				a.wellBehaved(rt.Method, rt.Method+" "+path, "")
				if rt.Method == "GET" && a.Status != 404 || a.Header.Get("X-Evil") != "" {
					t.Errorf("GET %.100s: %d", path, a.Status)
				}
			}
			for _, rel := range ids {
				if strings.Contains(rt.Path, "{relationship}") {
					path := "/public/v2/" + strings.NewReplacer("{id}", e.ids[e.typeOf(rt.Path)][0], "{relationship}", rel).Replace(rt.Path)
					s.send(rt.Method, path, nil).wellBehaved(rt.Method, rt.Method+" "+path, "")
				}
			}
		}
		for _, path := range []string{
			"/public/v2", "/public/v2/", "/public/v2//users", "/public/v2/users//", "/public//v2/users", "/public/v2/./users",
			"/public/v2/../v2/users", "/public/v2/users/..", "/public/v2/Users", "/public/v2/users.json",
			"/public/v2/%75sers%00", "/public/v2/users%2F", "/public/v2/nope", "/public/v3/users", "/PUBLIC/v2/users",
			"/public/v2/management", "/public/v2/management/users", "/public/v2/management/refresh-token",
			"/public/v2/users;x=1", "/public/v2/users/" + strings.Repeat("a/", 2000), "/", "/nope", "/favicon.ico",
		} {
			for _, method := range []string{"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "X"} {
				s.send(method, path, nil).wellBehaved(method, method+" "+path, "")
			}
		}
		for _, rt := range handlers.RouteTable() {
			if e.typeOf(rt.Path) == "" {
				continue
			}
			for _, method := range []string{"PUT", "TRACE", "PROPFIND", "LOCK"} {
				for _, slash := range []string{"", "/"} {
					a := s.send(method, e.path(rt, e.ids[e.typeOf(rt.Path)][0])+slash, nil)
					a.wellBehaved(method, method+" "+rt.Path, "")
					if a.Status != 405 || !strings.Contains(a.Header.Get("Allow"), rt.Method) {
						t.Errorf("%s %s: %d, Allow %q", method, rt.Path, a.Status, a.Header.Get("Allow"))
					}
				}
			}
		}
		s.stillServes()
	})
}

// TestNoQueryBreaksTheService filters by everything with everything.
func TestNoQueryBreaksTheService(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(t *testing.T, s *service) {
		newEstate(s)
		values := []string{"", "x", "%00", "%25_%5C'\"", "true", "7", "-9223372036854775808", "2026-01-02T03:04:05Z",
			"9999-12-31T23:59:59.999999Z", missingID, strings.ToUpper(missingID), "%F4%8F%BF%BF", "a,b,,c", strings.Repeat("x", 3000)}
		ops := []string{"", "[eq]", "[eql]", "[ne]", "[prefix]", "[suffix]", "[contains]", "[gt]", "[gte]", "[lt]", "[lte]", "[match]",
			"[null]", "[]", "[nope]"}
		for _, path := range []string{"management/organizations", "users", "memberships", "apiKeys", "events"} {
			schema := models.SchemaOf(strings.TrimPrefix(path, "management/"))
			names := append(schema.FieldNames(), "id", "nope", "deleted", "")
			for _, f := range schema.Filters {
				names = append(names, f.Name)
			}
			for _, name := range names {
				for i, op := range ops {
					for j, value := range values {
						if (i+j)%7 > 0 && (op != "" || j%2 > 0) {
							continue // some of all is enough
						}
						query := "?filter[" + name + "]" + op + "=" + value
						a := s.send("GET", "/public/v2/"+path+query, nil)
						a.wellBehaved("GET", path+query, "")
						if a.Status != 200 && a.Status != 400 {
							t.Errorf("%s%s: %d", path, query, a.Status)
						}
					}
				}
			}
		}
		many := func(n int, format string) string {
			var parts []string
			for i := range n {
				parts = append(parts, fmt.Sprintf(format, i))
			}
			return "?" + strings.Join(parts, "&")
		}
		list := strings.TrimSuffix(strings.Repeat("a,", 200), ",")
		for _, query := range []string{
			"?", "?&", "?&&&", "?=", "?=x", "?%", "?%zz=1", "?a=%zz", "?a;b", "?[]=1", "?filter[]=1", "?filter[[]]=1", "?filter]name[=1",
			"?filter[name=1", "?sort", "?sort=", "?sort=,", "?sort=-", "?sort=id",
			"?include", "?include=,", "?include=children.children.children", "?include=users.organizations.users",
			"?include=events,children,users", "?fields[organizations]=", "?fields[x]=y", "?fields[]=",
			"?page[size]=0", "?page[size]=201", "?page[size]=1e9", "?page[number]=999999999999", "?page[number]=99999999999999999999999",
			"?page[offset]=1099511627776", "?page[offset]=1099511627777", "?page[limit]=200",
			"?page[after]=x", "?page[before]=%00", "?page[after]=" + strings.Repeat("A", 5000), "?page[size]=1&page[size]=2", "?page=1",
			"?page[]=1", "?page[number][x]=1",
			"?filter[name]=a&filter[name]=b", many(25, "filter[name][ne]=%d"), many(300, "x%d=1"), many(150, "filter[id][]=%d"),
			many(30, "filter[name][]="+list+"%d"),
			"?filter[name][match]=" + list + "&filter[slug][match]=" + list + "&filter[description][match]=" + list +
				"&filter[kind][match]=" + list + "&filter[webhookUrl][match]=" + list + "&filter[number][match]=" +
				strings.ReplaceAll(list, "a", "1"),
			"?" + strings.Repeat("x", 20_000), "?filter[name]=" + strings.Repeat("%F0%9F%98%80", 2000), "?apiKey=" + s.key,
		} {
			for _, path := range []string{managed, managed + "/" + missingID, "/public/v2/users", "/public/v2/events"} {
				s.send("GET", path+query, nil).wellBehaved("GET", path+query, "")
			}
		}
		s.stillServes()
	})
}

// TestNoHeaderBreaksTheService sends headers that nobody should.
func TestNoHeaderBreaksTheService(t *testing.T) {
	modelstest.Sequential(t)
	eachService(t, func(_ *testing.T, s *service) {
		id, _ := s.organization("x")
		values := []string{
			"", " ", "x", "*", "*/*", ",", ";", `"`, `"\`, "\t", "a=b; c=d", strings.Repeat("x", 10_000), strings.Repeat(",", 5000),
			strings.Repeat("a/b,", 3000), "é", "\x80\xff", jsonapi.MediaType + `; ext="x"`,
			jsonapi.MediaType + `; profile="` + strings.Repeat("x ", 2000) + `"`, "0", "-1", "99999999999999999999", `W/"x"`, `"x", "y"`,
			"bytes=0-1", "gzip, br;q=NaN", "100-continue-not", "[::1", "unknown, for=x",
		}
		for _, header := range []string{
			"Accept", "Content-Type", "Authorization", "X-API-Key", "API_KEY", "If-Match", "If-None-Match", "If-Modified-Since",
			"Idempotency-Key", "X-Request-Id", "Accept-Encoding", "Accept-Language", "Range", "Origin",
			"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-HTTP-Method-Override", "Cookie", "Prefer", "Traceparent",
			"Access-Control-Request-Method",
		} {
			for _, value := range values {
				for method, body := range map[string]string{"GET": "",
					"PATCH": `{"data":{"type":"organizations","id":"` + id + `","attributes":{"name":"y"}}}`} {
					what := fmt.Sprintf("%s with %s: %.80q", method, header, value)
					a := s.send(method, managed+"/"+id, body, header, value)
					if a.Header.Get("Content-Encoding") == "gzip" {
						continue
					}
					if a.Status == 304 {
						continue
					}
					a.wellBehaved(method, what, body)
				}
			}
		}
		s.stillServes()
	})
}

// TestNoRequestLineBreaksTheService writes bytes that no client library would.
func TestNoRequestLineBreaksTheService(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		host := must(url.Parse(s.url)).Host
		for _, raw := range []string{
			"GET /public/v2/users/%zz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /public/v2/users\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
			"GET http://other/public/v2/users HTTP/1.1\r\nHost: x\r\n\r\n", "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
			"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "GET /public/v2/users HTTP/1.0\r\n\r\n",
			"GET /public/v2/users HTTP/9.9\r\nHost: x\r\n\r\n", "GET /public/v2/users HTTP/1.1\r\n\r\n", "\r\n\r\n", "nonsense\r\n\r\n",
			"POST /public/v2/users HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
			"POST /public/v2/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
			"POST /public/v2/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
			"POST /public/v2/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
			"GET /public/v2/users HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
			"GET /public/v2/users HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n",
		} {
			conn, err := net.Dial("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, raw)                    // the server may hang up in the middle
			_ = conn.(*net.TCPConn).CloseWrite()                // and then the client is done
			line, err := bufio.NewReader(conn).ReadString('\n') // of the status, or nothing
			if err == nil && !strings.HasPrefix(line, "HTTP/1.1 4") && !strings.HasPrefix(line, "HTTP/1.0 4") &&
				!strings.HasPrefix(line, "HTTP/1.1 505") && !strings.HasPrefix(line, "HTTP/1.1 200") {
				t.Errorf("%.80q: %s", raw, line)
			}
			_ = conn.Close()
		}
		s.stillServes()
	})
}

// TestEveryErrorOfARequestIsToldAtOnce: one answer names them all, each at its place.
func TestEveryErrorOfARequestIsToldAtOnce(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		parent, _ := s.organization("x")
		for body, pointers := range map[string][]string{
			`{"data":{"type":"organizations","attributes":{"name":7,"kind":"x","validFrom":"y","nope":1}}}`: {"/data/attributes/kind",
				"/data/attributes/name", "/data/attributes/nope", "/data/attributes/validFrom"},
			// What only the rules of the product tell is told together, too.
			`{"data":{"type":"organizations","attributes":{"name":"x","kind":"branch","validFrom":"2026-01-02T00:00:00Z",` +
				`"validTo":"2026-01-01T00:00:00Z","webhookSecret":"whsec_no base64 at all","token":"short"}}}`: {
				"/data/attributes/kind", "/data/attributes/token", "/data/attributes/validTo", "/data/attributes/webhookSecret",
			},
			`{"data":{"type":"organizations","attributes":{"name":"x","kind":"company","token":"short"},"relationships":{"parent":{` +
				`"data":{"type":"organizations","id":"` + parent + `"}}}}}`: {
				"/data/attributes/kind", "/data/attributes/token",
			},
			`{"data":{"type":"organizations","attributes":{"name":"x","number":7,"active":false,` +
				`"createdAt":"2020-01-01T00:00:00+00:00"}}}`: {
				"/data/attributes/active", "/data/attributes/createdAt", "/data/attributes/number",
			},
			`{"data":{"type":"apiKeys","attributes":{"name":"x","kind":"management","scopes":["A","B"],` +
				`"expiresAt":"2020-01-01T00:00:00Z"}}}`: {
				"/data/attributes/expiresAt", "/data/attributes/scopes", "/data/attributes/scopes",
			},
			`{"data":{"type":"memberships"}}`: {"/data", "/data"},
		} {
			path := managed
			for _, typ := range []string{"apiKeys", "memberships"} {
				if strings.Contains(body, `"type":"`+typ+`"`) {
					path = "/public/v2/" + typ
				}
			}
			a := s.do("POST", path, body)
			a.wellBehaved("POST", body, body)
			var got []string
			for _, f := range a.errors() {
				got = append(got, f.Pointer)
			}
			if fmt.Sprint(sorted(got...)) != fmt.Sprint(pointers) {
				t.Errorf("%s: told at %q, want %q: %s", body, got, pointers, a.Body)
			}
		}
	})
}
