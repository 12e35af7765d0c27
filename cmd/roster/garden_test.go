package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"roster/models"
	"roster/server/servertest"

	"github.com/oauth2-proxy/mockoidc"
)

// withMail starts the program again, with a mail server. What it logged before is kept.
func (g *garden) withMail() {
	g.t.Helper()
	g.log.Match(g.t, `"msg":"delivery attempted"`) // with an error that tells whom it was sent to
	g.stop()
	g.logs += g.log.String()
	withPassword := strings.Replace(g.mails.URL(), "smtp://", "smtp://roster:"+smtpPassword+"@", 1)
	g.served = g.serve("--smtp-url", withPassword, "--mail-from", "roster@example.com", "--base-url", "http://127.0.0.1")
}

// providersFile returns the path of a file that names a provider of OpenID Connect, which runs until the test is over.
func providersFile(t *testing.T) string {
	t.Helper()
	provider, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Shutdown() }) // the test is over
	path := filepath.Join(t.TempDir(), "providers.json")
	text := `[{"name":"one","issuer":"` + provider.Issuer() + `","clientId":"` + provider.ClientID + `","clientSecret":"` + clientSecret +
		`","scopes":["openid","email"]}]`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// comeBack goes to the provider, and comes back with a code that it has not given. It returns the state of that.
func (g *garden) comeBack(code string) string {
	g.t.Helper()
	begun, _ := g.get("/auth/one")
	to, err := url.Parse(begun.Header.Get("Location"))
	if err != nil || begun.StatusCode != http.StatusSeeOther {
		g.t.Fatalf("%d to %s: %v", begun.StatusCode, to, err)
	}
	cookie, _, _ := strings.Cut(begun.Header.Get("Set-Cookie"), ";")
	state := to.Query().Get("state")
	reply, page, err := servertest.Exchange(g.t.Context(), servertest.Fresh(), "GET",
		g.base+"/auth/one/callback?code="+code+"&state="+state, nil, "Cookie", cookie)
	if err != nil || reply.StatusCode != http.StatusBadGateway { // the provider was asked, and looks for the secret of a client elsewhere
		g.t.Fatalf("%v %d %s", err, reply.StatusCode, page)
	}
	return state
}

// invite asks somebody to join the organization.
func (g *garden) invite(email string, headers ...string) told {
	g.t.Helper()
	return g.managed("POST", "invitations", `{"data":{"type":"invitations","attributes":{"email":"`+email+`"},"relationships":{
		"organization":{"data":{"type":"organizations","id":"`+g.organization+`"}}}}}`, 201, headers...)
}

// tokenIn returns the token of a link.
func tokenIn(link string) string {
	_, token, _ := strings.Cut(link, "#token=")
	return token
}

// told is the resource of an answer, and its meta.
type told struct {
	ID            string
	Attributes    map[string]any
	Relationships struct {
		ActiveSignIn struct{ Data struct{ ID string } }
		SignIns      struct{ Data []struct{ ID string } }
	}
	Meta map[string]any `json:"-"`
}

func (r told) meta(name string) string {
	text, _ := r.Meta[name].(string)
	return text
}

func (r told) attribute(name string) string {
	text, _ := r.Attributes[name].(string)
	return text
}

// send asks for something below the native API, and keeps the cookie of the answer.
func (g *garden) send(method, path, body string, want int, headers ...string) told {
	g.t.Helper()
	content := io.Reader(nil)
	if body != "" {
		content = strings.NewReader(body)
	}
	if !slices.Contains(headers, "Content-Type") {
		headers = append(headers, "Content-Type", "application/vnd.api+json")
	}
	reply, read, err := servertest.Exchange(g.t.Context(), servertest.Fresh(), method, g.base+"/public/v2/"+path, content, headers...)
	if err != nil || reply.StatusCode != want {
		g.t.Fatalf("%s %s: %v %d, want %d: %s", method, path, err, reply.StatusCode, want, read)
	}
	for _, cookie := range (&http.Response{Header: reply.Header}).Cookies() {
		if cookie.Value != "" {
			g.cookie = cookie.Value
		}
	}
	var document struct {
		Data json.RawMessage
		Meta map[string]any
	}
	var resource told
	if len(read) > 0 && json.Unmarshal(read, &document) == nil {
		_ = json.Unmarshal(document.Data, &resource) // of a list there is nothing to tell
		resource.Meta = document.Meta
	}
	return resource
}

// managed is send with the key of the management.
func (g *garden) managed(method, path, body string, want int, headers ...string) told {
	g.t.Helper()
	return g.send(method, path, body, want, append(headers, "Authorization", "Bearer "+g.key)...)
}

// page is send from a page of a browser.
func (g *garden) page(method, path, body string, want int, headers ...string) told {
	g.t.Helper()
	return g.send(method, path, body, want, append(headers, "Cookie", "roster="+g.cookie, "Sec-Fetch-Site", "same-origin")...)
}

func (g *garden) signIn(email, password string, want int) {
	g.t.Helper()
	g.page("POST", "sessions", `{"data":{"type":"sessions","attributes":{"email":"`+email+`","password":"`+password+`"}}}`, want)
}

// newPassword has Ada change hers.
func (g *garden) newPassword(password, current string, want int) {
	g.t.Helper()
	g.page("PATCH", "users/"+g.ada, `{"data":{"type":"users","id":"`+g.ada+`","attributes":{"password":"`+password+
		`"}},"meta":{"currentPassword":"`+current+`"}}`, want)
}

func newUser(name, password string) string {
	return `{"data":{"type":"users","attributes":{"firstName":"` + name + `","email":"` + name + `@example.com","password":"` +
		password + `"}}}`
}

// user makes a user who can sign in and owns the organization.
func (g *garden) user(name, password string) (id string) {
	g.t.Helper()
	id = g.managed("POST", "users", newUser(name, password), 201, "Idempotency-Key", name).ID
	g.managed("POST", "memberships", `{"data":{"type":"memberships","relationships":{
		"user":{"data":{"type":"users","id":"`+id+`"}},"organization":{"data":{"type":"organizations","id":"`+g.organization+`"}},
		"roles":{"data":[{"type":"roles","id":"`+models.RoleOwner+`"}]}}}}`, 201)
	return id
}

// atomic adds a user by an atomic operation.
func (g *garden) atomic(user string, want int) {
	g.t.Helper()
	const extension = `application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"`
	g.managed("POST", "operations", `{"atomic:operations":[{"op":"add",`+user[1:]+`]}`, want,
		"Content-Type", extension, "Accept", extension)
}
