package auth_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestTheCredentialOfARequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header http.Header
		want   string
		err    error
	}{
		{http.Header{}, "", nil},
		{http.Header{"Authorization": {"k"}}, "k", nil},
		{http.Header{"Authorization": {"Bearer k"}}, "k", nil},
		{http.Header{"Authorization": {"bEaReR   k "}}, "k", nil},
		{http.Header{"Authorization": {" k "}}, "k", nil},
		{http.Header{"Authorization": {"Bearer "}}, "Bearer", nil}, // a text that is no key
		{http.Header{"Authorization": {"Basic dTpw"}}, "Basic dTpw", nil},
		{http.Header{"X-Api-Key": {"k"}}, "k", nil},
		{http.Header{"Api_key": {"k"}}, "k", nil},
		{http.Header{"X-Api-Key": {"Bearer k"}}, "Bearer k", nil}, // a scheme belongs to Authorization
		{http.Header{"Authorization": {"Bearer k"}, "X-Api-Key": {"k"}, "Api_key": {"k"}}, "k", nil},
		{http.Header{"Authorization": {""}, "X-Api-Key": {"k"}}, "k", nil},
		{http.Header{"Authorization": {"Bearer k"}, "X-Api-Key": {"l"}}, "", auth.ErrAmbiguous},
		{http.Header{"Authorization": {"k", "l"}}, "", auth.ErrAmbiguous},
		{http.Header{"X-Api-Key": {"k"}, "Api_key": {"l"}}, "", auth.ErrAmbiguous},
		{http.Header{"Cookie": {"key=k"}, "Proxy-Authorization": {"Bearer k"}}, "", nil},
	} {
		got, err := auth.Credential(c.header)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v: %q, %v; want %q, %v", c.header, got, err, c.want, c.err)
		}
	}
}

func TestWhatAPrincipalMayDo(t *testing.T) {
	t.Parallel()
	key := func(kind models.KeyKind, scopes ...string) *auth.Principal {
		return &auth.Principal{Holder: models.Holder{Kind: kind, KeyID: "k", OrganizationID: "o", Rights: models.Rights{Scopes: scopes}}}
	}
	token := &auth.Principal{Holder: models.Holder{Kind: models.OrganizationKey, OrganizationID: "o",
		Rights: models.Rights{Scopes: []string{models.EveryScope}}}}
	read, write := auth.Read("users"), auth.Write("users")
	for name, c := range map[string]struct {
		who *auth.Principal
		may map[auth.Permission]bool
	}{
		"a key without scopes": {key(models.ManagementKey), map[auth.Permission]bool{read: false, write: false, read.Manage(): false}},
		"a reader": {key(models.ManagementKey, "users:read"),
			map[auth.Permission]bool{read: true, write: false, read.Manage(): true, auth.Read("events"): false}},
		"all but all": {key(models.ManagementKey, models.Scopes()[1:]...),
			map[auth.Permission]bool{auth.All(): false, auth.All().Manage(): false}},
		"a writer": {key(models.OrganizationKey, "users:write"),
			map[auth.Permission]bool{read: true, write: true, read.Manage(): false, auth.Read("events"): false}},
		"all": {key(models.ManagementKey, "*"),
			map[auth.Permission]bool{auth.All().Manage(): true, read: true, write: true, write.Manage(): true}},
		"a token":      {token, map[auth.Permission]bool{read: true, write: true, write.Manage(): false}},
		"a user's key": {key(models.UserKey, "*"), map[auth.Permission]bool{read: true, read.Manage(): false}},
		"a look-alike": {key(models.ManagementKey, "users", "users:", "users:readx", ":read", "user:read"),
			map[auth.Permission]bool{read: false, write: false}},
	} {
		for permission, want := range c.may {
			if got := c.who.Allows(permission); got != want {
				t.Errorf("%s: %+v is %v", name, permission, got)
			}
		}
	}
	for kind, want := range map[models.KeyKind]collection.Scope{models.ManagementKey: collection.Subtree("o"),
		models.OrganizationKey: collection.OnlyOrganization("o"), "nonsense": {}} {
		if got, want := key(kind, "users:read").Scope(), want.Holding([]string{"users:read"}); got != want {
			t.Errorf("a %s key sees %+v, want %+v", kind, got, want)
		}
	}
	if got := (&auth.Principal{Holder: models.Holder{Kind: models.ManagementKey}}).Scope(); got != collection.Everything().Holding(nil) {
		t.Errorf("a management key of no organization sees %+v", got)
	}
	for want, who := range map[string]*auth.Principal{
		"organization_token:o": token, "management_key:k": key(models.ManagementKey), "organization_key:k": key(models.OrganizationKey),
		"user_key:k": key(models.UserKey),
	} {
		if got := who.Identity().String(); got != want {
			t.Errorf("%s is known as %s", want, got)
		}
	}
}

func TestAnOverlongCredentialIsNobody(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for _, text := range []string{"", strings.Repeat("a", 513), strings.Repeat("a", 100), "\x00\xff",
			models.NewSecret(models.ManagementKey).Text} {
			if p, err := auth.Authenticate(t.Context(), db, auth.LookUp(db, text)); p != nil || err != nil {
				t.Errorf("%.30q is %v, %v", text, p, err)
			}
		}
	})
}

// TestTheUseOfAKeyIsWrittenInBatches notes many uses, and looks at what is kept after a tick and after the end.
func TestTheUseOfAKeyIsWrittenInBatches(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		secret, err := models.CreateFirstManagementKey(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		principal, err := auth.Authenticate(t.Context(), db, auth.LookUp(db, secret))
		if err != nil || principal == nil {
			t.Fatalf("the first key is %v: %v", principal, err)
		}
		lastUsed := func() *jsonapi.Stamp {
			found, err := collection.Find(t.Context(), db, models.APIKeys, collection.Everything(), principal.KeyID, nil)
			if err != nil {
				t.Fatal(err)
			}
			return found.(*models.APIKey).LastUsedAt
		}
		uses, ticks := auth.NewLastUsed(), make(chan time.Time)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			uses.Run(ctx, db, ticks, slog.New(slog.NewTextHandler(io.Discard, nil)))
		}()
		for range 1000 {
			uses.Note(&principal.Holder, clock.Now())
		}
		uses.Note(&models.Holder{}, clock.Now())
		if lastUsed() != nil {
			t.Error("a use is written at once")
		}
		ticks <- clock.Now()
		ticks <- clock.Now() // taken once the first was dealt with
		if got := lastUsed(); got == nil || !got.Equal(clock.Now()) {
			t.Errorf("after a tick last used at %v", got)
		}
		clock.Advance(time.Minute)
		uses.Note(&principal.Holder, clock.Now())
		cancel()
		<-ended
		if got := lastUsed(); !got.Equal(clock.Now()) {
			t.Errorf("at the end last used at %v", got)
		}
	})
}
