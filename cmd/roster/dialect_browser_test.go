package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"

	"roster/models/modelstest"
)

// visit opens a URL in a browser of its own, and returns the context of the page, for [inPage].
func visit(t *testing.T, url string) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	switch {
	case path == "" && os.Getenv("ROSTER_BROWSER") == "required":
		t.Fatal("no Chromium on this machine")
	case path == "":
		t.Skip("no Chromium on this machine: install it, or trust .ci/run, which does")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if _, err := chromedp.Run(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("open %s: %v", url, err)
	}
	return ctx
}

// inPage returns the value of an expression in a page, whose promise is awaited.
func inPage[V any](t *testing.T, page context.Context, expression string) V {
	t.Helper()
	value, err := chromedp.Run(page, chromedp.Evaluate[V](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// origin serves an empty page at an origin of its own.
func origin(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>A page of others</title>")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestAPageReadsTheMembershipsOfWhoIsSignedIn drives the dialect of /me as its users do: from a page of another origin, in a browser that
// keeps the cookie.
func TestAPageReadsTheMembershipsOfWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	modelstest.Sequential(t)
	modelstestURLs(t, func(t *testing.T, url string) {
		console, stranger := origin(t), origin(t)
		dir := t.TempDir()
		s := serve(t, dir, frontDoors, "--database-url", url, "--migrate", "--cors-origins", console)
		const password = "correct horse battery"
		row := printedRow.FindStringSubmatch(fillDemo(t, dir, url, "--organizations", "60", "--users", "200", "--password", password))
		client := `async (method, path, body) => {
			const response = await fetch("` + s.base + `" + path, {method, credentials: "include", body,
				headers: body ? {"Content-Type": "application/vnd.api+json"} : {}});
			const text = await response.text();
			return {status: response.status, body: text ? JSON.parse(text) : null};
		}`
		type seen struct {
			Status int
			Body   struct {
				Status  int
				Data    any
				Session struct {
					Active any `json:"active_signin"`
				}
			}
		}
		page := visit(t, console)
		listed := func(data any) []any { list, _ := data.([]any); return list }
		ask := func(method, path, body string) seen {
			t.Helper()
			return inPage[seen](t, page, fmt.Sprintf("(%s)(%q, %q, %s)", client, method, path, body))
		}
		list := func() seen { t.Helper(); return ask("GET", "/me/organization-memberships", "undefined") }

		if a := list(); a.Status != 401 || a.Body.Status != 401 {
			t.Errorf("before anybody is signed in: %+v", a)
		}
		credentials := fmt.Sprintf("JSON.stringify({data: {type: 'sessions', attributes: {email: %q, password: %q}}})", row[1], password)
		if a := ask("POST", "/public/v2/sessions", credentials); a.Status != 201 {
			t.Fatalf("signing in: %+v", a)
		}
		if a := list(); a.Status != 200 || a.Body.Status != 200 || len(listed(a.Body.Data)) == 0 || a.Body.Session.Active == nil {
			t.Errorf("signed in: %+v", a)
		}
		if a := ask("DELETE", "/public/v2/sessions/current", "undefined"); a.Status != 204 {
			t.Errorf("signing out: %+v", a)
		}
		if a := list(); a.Status != 401 {
			t.Errorf("signed out: %+v", a)
		}

		if !inPage[bool](t, visit(t, stranger), `fetch("`+s.base+`/me/organization-memberships", {credentials: "include"})
			.then(() => false, () => true)`) {
			t.Error("a page of an origin that is not listed has read an answer")
		}
	})
}
