package handlers_test

import (
	"net/http"
	"strings"
	"time"
)

const sessionsPath = "/public/v2/sessions"

// browser is a service as a page of its own origin in a browser asks it: with the cookie that it was given, and with the headers that
// browsers add.
type browser struct {
	*service
	cookie string
	from   []string // the headers that tell where a request was made
}

func (s *service) browser() *browser {
	return &browser{service: s.as(""), from: []string{"Sec-Fetch-Site", "same-origin"}}
}

// do sends a request with the cookie, and keeps the one that comes back.
func (b *browser) do(method, path string, body any, headers ...string) *answer {
	b.t.Helper()
	a := b.service.do(method, path, body, b.headers(headers)...)
	b.keep(a)
	return a
}

func (b *browser) get(path string, headers ...string) *answer {
	b.t.Helper()
	return b.do("GET", path, nil, headers...)
}

func (b *browser) headers(others []string) []string {
	headers := append([]string{}, b.from...)
	if b.cookie != "" {
		headers = append(headers, "Cookie", "roster="+b.cookie)
	}
	return append(headers, others...)
}

// keep takes over the cookie of an answer.
func (b *browser) keep(a *answer) {
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		b.cookie = cookie.Value
		if cookie.MaxAge < 0 || cookie.Expires.Before(time.Unix(100, 0)) {
			b.cookie = ""
		}
	}
}

// signIn signs in with an address and the password that account gives.
func (b *browser) signIn(email string) *answer {
	b.t.Helper()
	return b.try(email, passwordOf(email)).want(201)
}

func (b *browser) try(email, password string) *answer {
	b.t.Helper()
	return b.do("POST", sessionsPath, resource("sessions", object{"email": email, "password": password}))
}

func passwordOf(email string) string { return "correct horse " + email }

// account makes a user who can sign in, with roles in an organization.
func (s *service) account(email, organization string, roles ...string) (id string) {
	s.t.Helper()
	name, _, _ := strings.Cut(email, "@")
	id = s.do("POST", "/public/v2/users", resource("users", object{"firstName": name, "email": email, "password": passwordOf(email)})).
		want(201).text("data", "id")
	if organization != "" {
		s.member(id, organization, roles...)
	}
	return id
}

// signedIn returns the ids of a session, and of the sign-in in it, of a new user.
func (s *service) signedIn(email, organization string) (session, signIn string) {
	s.t.Helper()
	s.account(email, organization)
	a := s.browser().signIn(email)
	return a.text("data", "id"), a.text("data", "relationships", "activeSignIn", "data", "id")
}
