package signin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Provider is one of OpenID Connect, as the operator describes it.
type Provider struct {
	// Name stands in paths: /auth/{name}.
	Name string
	// Title is what people are told that it is called.
	Title string
	// Issuer is its URL, exactly as it calls itself.
	Issuer string
	// ClientID and ClientSecret are what it knows this service by; the secret is "" for a public client.
	ClientID, ClientSecret string
	// Scopes are what is asked for; openid is among them.
	Scopes []string
}

// String keeps the secret out of whatever a provider is printed to.
func (p Provider) String() string { return "provider " + p.Name }

// GoString is String for %#v.
func (p Provider) GoString() string { return p.String() }

// Path is where a browser is sent to sign in with it.
func (p Provider) Path() string { return root + "/" + p.Name }

// maxTitle is how many characters a title has at most.
const maxTitle = 60

// defaultScopes are asked for where an entry names none.
var defaultScopes = []string{oidc.ScopeOpenID, "email", "profile"}

var providerName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// maxProvidersFile bounds the file in bytes.
const maxProvidersFile = 1 << 20

// ReadProviders reads a file with a list of providers, in JSON. The error tells which entry and which member is wrong, and no secret.
func ReadProviders(file string) ([]Provider, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() { // a named pipe would keep whoever opens it waiting
		return nil, errors.New("it is no file")
	}
	if info.Size() > maxProvidersFile {
		return nil, errors.New("it is too large")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	return parseProviders(content)
}

func parseProviders(content []byte) ([]Provider, error) {
	var entries []map[string]json.RawMessage
	if err := json.Unmarshal(content, &entries); err != nil {
		return nil, errors.New("it must hold a JSON list of objects with name, title, issuer, clientId, clientSecret and scopes")
	}
	if len(entries) == 0 {
		return nil, errors.New("it lists no provider")
	}
	all := make([]Provider, 0, len(entries))
	for i, members := range entries {
		p, err := parseProvider(members)
		if err == nil && slices.ContainsFunc(all, func(other Provider) bool { return other.Name == p.Name }) {
			err = fmt.Errorf("name: %q is taken by an entry before", p.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// parseProvider reads one entry.
func parseProvider(members map[string]json.RawMessage) (p Provider, err error) {
	into := map[string]any{
		"name": &p.Name, "title": &p.Title, "issuer": &p.Issuer, "clientId": &p.ClientID, "clientSecret": &p.ClientSecret,
		"scopes": &p.Scopes,
	}
	for name, value := range members {
		field, known := into[name]
		if !known {
			return p, fmt.Errorf("%.60q is no member; they are name, title, issuer, clientId, clientSecret and scopes", name)
		}
		if bytes.Equal(value, []byte("null")) || json.Unmarshal(value, field) != nil {
			what := "a text"
			if name == "scopes" {
				what = "a list of texts"
			}
			return p, fmt.Errorf("%s: it must be %s", name, what)
		}
	}
	if p.Scopes == nil {
		p.Scopes = defaultScopes
	}
	p.Title = cmp.Or(p.Title, p.Name)
	switch {
	case !providerName.MatchString(p.Name):
		return p, errors.New("name: it must be 1 to 32 of a-z, 0-9 and hyphens, for example google")
	case utf8.RuneCountInString(p.Title) > maxTitle || strings.ContainsFunc(p.Title, unicode.IsControl):
		return p, fmt.Errorf("title: it must be at most %d characters in one line", maxTitle)
	case !isIssuer(p.Issuer):
		return p, errors.New("issuer: it must be an https URL without a query, for example https://accounts.google.com; http is for " +
			"loopback")
	case p.ClientID == "":
		return p, errors.New("clientId: it must not be empty")
	case !slices.Contains(p.Scopes, oidc.ScopeOpenID):
		return p, errors.New("scopes: openid must be among them")
	case slices.ContainsFunc(p.Scopes, func(scope string) bool { return scope == "" || strings.ContainsAny(scope, " \t\r\n\"\\") }):
		return p, errors.New("scopes: each must be one word")
	}
	return p, nil
}

// isIssuer reports whether a text is a URL that a provider can call itself, at which what it says cannot be changed on the way.
func isIssuer(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(name string) bool {
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return name == "localhost" || err == nil && ip.IsLoopback()
}
