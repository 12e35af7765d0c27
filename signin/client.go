package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"roster/models"
)

const (
	// patience is how long a provider may take for one answer.
	patience = 10 * time.Second
	// maxAnswer bounds an answer of a provider in bytes.
	maxAnswer = 1 << 20
	// maxSubject bounds the subject of a token in bytes (Core 1.0 §2: 255 characters of ASCII).
	maxSubject = 1020
)

// client speaks with one provider. What the provider says of itself is asked for when it is needed first, and again after a failure: one
// that is down keeps nobody from anything but signing in with it.
type client struct {
	Provider
	http   *http.Client
	now    func() time.Time
	asking singleflight.Group
	known  chan *metadata // holds it, once it is known
}

// metadata is what a provider says of itself.
type metadata struct {
	*oidc.Provider
	TokenMethods []string `json:"token_endpoint_auth_methods_supported"`
	// NamesItself: its answers name it (RFC 9207).
	NamesItself bool `json:"authorization_response_iss_parameter_supported"`
}

func newClient(p Provider, now func() time.Time) *client {
	return &client{
		Provider: p, now: now, known: make(chan *metadata, 1),
		http: &http.Client{Timeout: patience, Transport: bounded{http.DefaultTransport.(*http.Transport).Clone()}},
	}
}

// bounded cuts answers that are too long.
type bounded struct{ through http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	answer, err := b.through.RoundTrip(req)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

// within returns a context in which the libraries speak through the client's connections.
func (c *client) within(ctx context.Context) context.Context { return oidc.ClientContext(ctx, c.http) }

// metadata returns what the provider says of itself. Of many who ask at once one waits for it, and the others for them.
func (c *client) metadata(ctx context.Context) (*metadata, error) {
	select {
	case m := <-c.known:
		c.known <- m
		return m, nil
	default:
	}
	answer := c.asking.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		found, err := oidc.NewProvider(c.within(ctx), c.Issuer)
		if err != nil {
			return nil, err
		}
		m := &metadata{Provider: found}
		if err := found.Claims(m); err != nil {
			return nil, err
		}
		select {
		case c.known <- m:
		default:
		}
		return m, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-answer:
		if result.Err != nil {
			return nil, unreachable("discover", result.Err)
		}
		return result.Val.(*metadata), nil
	}
}

// config returns what the provider is asked with.
func (c *client) config(m *metadata, redirect string) *oauth2.Config {
	endpoint := m.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // the default of the specification (Discovery 1.0 §3)
	if c.ClientSecret == "" || len(m.TokenMethods) > 0 && !slices.Contains(m.TokenMethods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: c.ClientID, ClientSecret: c.ClientSecret, Endpoint: endpoint, RedirectURL: redirect, Scopes: c.Scopes}
}

// authorizationURL returns where a browser is sent to sign in.
func (c *client) authorizationURL(ctx context.Context, redirect string, b *begun) (string, error) {
	m, err := c.metadata(ctx)
	if err != nil {
		return "", err
	}
	return c.config(m, redirect).AuthCodeURL(b.State, oidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier)), nil
}

// claims are what a provider says of a person.
type claims struct {
	Email         string `json:"email"`
	EmailVerified any    `json:"email_verified"` // true counts, and no text that says so
	GivenName     string `json:"given_name"`
	FamilyName    string `json:"family_name"`
	Party         string `json:"azp"`
}

// redeem returns who has signed in at the provider, for the code that it gave to the browser. What it says is believed if it is signed by
// it, for this service, for this sign-in, and has not expired.
func (c *client) redeem(ctx context.Context, redirect, code, issuer string, b *begun) (models.Subject, error) {
	ctx = c.within(ctx)
	m, err := c.metadata(ctx)
	switch {
	case err != nil:
		return models.Subject{}, err
	case issuer != c.Issuer && (issuer != "" || m.NamesItself):
		return models.Subject{}, unproven(errors.New("the answer is of another provider"))
	}
	token, err := c.config(m, redirect).Exchange(ctx, code, oauth2.VerifierOption(b.Verifier))
	if err != nil {
		return models.Subject{}, unreachable("exchange the code", err)
	}
	text, _ := token.Extra("id_token").(string)
	id, err := m.Verifier(&oidc.Config{ClientID: c.ClientID, Now: c.now}).Verify(ctx, text)
	if err != nil {
		return models.Subject{}, unproven(err)
	}
	var said claims
	if err := id.Claims(&said); err != nil {
		return models.Subject{}, unproven(err)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(b.Nonce)) != 1:
		return models.Subject{}, unproven(errors.New("the nonce is of another sign-in"))
	case said.Party != "" && said.Party != c.ClientID:
		return models.Subject{}, unproven(errors.New("the token was given to another client"))
	case id.Subject == "" || len(id.Subject) > maxSubject || strings.ContainsRune(id.Subject, 0):
		return models.Subject{}, unproven(errors.New("the token has no subject, or one that is none"))
	}
	if said.Email == "" && m.UserInfoEndpoint() != "" { // where many tell the address
		info, err := m.UserInfo(ctx, oauth2.StaticTokenSource(token))
		switch {
		case err != nil:
			return models.Subject{}, unreachable("ask for the address", err)
		case info.Subject != id.Subject: // Core 1.0 §5.3.2
			return models.Subject{}, unproven(errors.New("the address is that of another subject"))
		}
		told := claims{GivenName: said.GivenName, FamilyName: said.FamilyName} // whether an address is verified is told where it stands
		if err := info.Claims(&told); err != nil {
			return models.Subject{}, unproven(err)
		}
		said = told
	}
	return c.subject(id.Subject, said), nil
}

// subject returns a person as the provider knows them.
func (c *client) subject(id string, said claims) models.Subject {
	s := models.Subject{Issuer: c.Issuer, ID: id, FirstName: said.GivenName, LastName: said.FamilyName}
	if verified, _ := said.EmailVerified.(bool); verified && models.Users.Schema.Attribute("email").Check(said.Email) == "" {
		s.Email = said.Email
	}
	return s
}

// unreachable is the error of a provider that did not answer, or not as it should.
func unreachable(doing string, err error) error {
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) { // without the body, which is the provider's
		err = fmt.Errorf("status %d, error %.60q", retrieve.Response.StatusCode, retrieve.ErrorCode)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return &refused{status: http.StatusBadGateway, cause: fmt.Errorf("%s: %.200s", doing, text),
		message: "The provider could not be asked. Try again later."}
}

// unproven is the error of what a provider, or somebody else, said in vain.
func unproven(err error) error {
	return &refused{status: http.StatusUnauthorized, cause: err, message: "What the provider said could not be believed. Sign in again."}
}
