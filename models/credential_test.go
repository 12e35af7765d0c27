package models_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

func vault(t testing.TB, firstByte byte) *store.Vault {
	t.Helper()
	return must(store.NewVault(append([]byte{firstByte}, make([]byte, store.SecretKeySize-1)...)))(t)
}

var keyPattern = regexp.MustCompile(`^roster_[mou]_[0-9A-Za-z]{12}_[0-9A-Za-z]{36}$`)

func TestASecretHasItsForm(t *testing.T) {
	t.Parallel()
	v, seen := vault(t, 1), map[string]bool{}
	for kind, prefix := range map[models.KeyKind]string{models.ManagementKey: "roster_m_", models.OrganizationKey: "roster_o_",
		models.UserKey: "roster_u_"} {
		for range 200 {
			s := models.NewSecret(kind)
			if !strings.HasPrefix(s.Text, prefix) || !keyPattern.MatchString(s.Text) || seen[s.Text] || seen[s.Lookup] {
				t.Fatalf("%s: %s", kind, s.Text)
			}
			seen[s.Text], seen[s.Lookup] = true, true
			if of, lookup, ok := models.ParseSecret(v, s.Text); !ok || of != kind || lookup != s.Lookup {
				t.Fatalf("%s is not read back: %s, %q", s.Text, of, lookup)
			}
		}
	}
}

func TestOneWrongCharacterMakesNoSecret(t *testing.T) {
	t.Parallel()
	v, s := vault(t, 1), models.NewSecret(models.ManagementKey).Text
	for i := len("roster_"); i < len(s); i++ {
		for _, c := range []byte{'0', 'z', '_', '-', ' ', 0} {
			wrong := s[:i] + string(c) + s[i+1:]
			if wrong == s {
				continue
			}
			if _, lookup, ok := models.ParseSecret(v, wrong); ok {
				t.Errorf("%q is read as a key with the lookup %q", wrong, lookup)
			}
		}
	}
	for _, wrong := range []string{"", "roster_", s[:len(s)-1], s + "0", " " + s, s + "\n", "Bearer " + s, "short", strings.Repeat("a", 21),
		strings.Repeat("a", 201), "has space in it, 22 chars", "töken-of-twentytwo-characters", "a/b+c=aaaaaaaaaaaaaaaaaaaaa"} {
		if _, _, ok := models.ParseSecret(v, wrong); ok {
			t.Errorf("%q is read as a credential", wrong)
		}
	}
	for _, chosen := range []string{strings.Repeat("a", 22), strings.Repeat("Z", 200), "5I9cezE6QPYl8v9jggrN3w", "----------------------",
		"Roster_m_aaaaaaaaaaaaaa"} {
		kind, lookup, ok := models.ParseSecret(v, chosen)
		if !ok || kind != models.OrganizationKey || strings.Contains(lookup, chosen) {
			t.Errorf("%q is read with the lookup %q", chosen, lookup)
		}
		if _, other, _ := models.ParseSecret(vault(t, 2), chosen); other == lookup {
			t.Error("the lookup of a chosen token can be computed without the master key")
		}
	}
}

func TestTheVaultOpensOnlyForItsOwner(t *testing.T) {
	t.Parallel()
	v := vault(t, 1)
	for _, secret := range []string{"", "s", "whsec_" + strings.Repeat("é", 500)} {
		sealed := v.Seal("owner", secret)
		if got, err := v.Open("owner", sealed); err != nil || got != secret {
			t.Errorf("%q comes back as %q: %v", secret, got, err)
		}
		if len(secret) > 3 && bytes.Contains(sealed, []byte(secret[:4])) {
			t.Error("the secret is readable")
		}
		if bytes.Equal(sealed, v.Seal("owner", secret)) {
			t.Error("the same secret is sealed alike twice")
		}
		if _, err := v.Open("another", sealed); err == nil {
			t.Error("it opens for another owner")
		}
		if _, err := vault(t, 2).Open("owner", sealed); err == nil {
			t.Error("it opens with another master key")
		}
		for i := range sealed {
			broken := slices.Clone(sealed)
			broken[i] ^= 1
			if _, err := v.Open("owner", broken); err == nil {
				t.Errorf("it opens with byte %d changed", i)
			}
		}
		for _, short := range [][]byte{nil, {}, {1}, sealed[:len(sealed)-1]} {
			if _, err := v.Open("owner", short); err == nil {
				t.Errorf("%d bytes open", len(short))
			}
		}
	}
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := store.NewVault(make([]byte, size)); err == nil {
			t.Errorf("a master key of %d bytes is taken", size)
		}
	}
	if bytes.Equal(v.Hash("x"), vault(t, 2).Hash("x")) || bytes.Equal(v.Digest("a", "x"), v.Digest("b", "x")) ||
		bytes.Equal(v.Digest("a", "bx"), v.Digest("ab", "x")) {
		t.Error("two hashes that must differ are equal")
	}
	if bytes.Equal([]byte(store.NewSecretKey().Text()), []byte(store.NewSecretKey().Text())) {
		t.Error("two new master keys are equal")
	}
}

// speaksFor returns the kind and id of whom a credential speaks for, or "".
func speaksFor(t testing.TB, db *store.DB, secret string) string {
	t.Helper()
	h := must(models.FindHolder(t.Context(), db, secret))(t)
	if h == nil {
		return ""
	}
	return string(h.Kind) + " " + h.KeyID + " " + h.OrganizationID
}

// TestAKnownHolderIsWhoTheDatabaseStillSays looks a credential up whose holder is known, after each change of what is kept of it.
func TestAKnownHolderIsWhoTheDatabaseStillSays(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		key, other := apiKey(t, db, models.ManagementKey, "", "users:read"), apiKey(t, db, models.ManagementKey, "", "users:read")
		again := func(db *store.DB, last *models.Holder) *models.Holder {
			l := models.LookUpHolder(db, *key.Key)
			l.Expect(last)
			return must(l.Find(t.Context(), db))(t)
		}
		ends := db.Now().Add(time.Hour)
		last := again(db, nil)
		for _, change := range []struct {
			statement string
			args      []any
			works     bool
		}{
			{`UPDATE api_keys SET name = ? WHERE id = ?`, []any{"other", key.ID}, true},
			{`UPDATE api_keys SET scopes = ? WHERE id = ?`, []any{`["*"]`, key.ID}, true},
			{`UPDATE api_keys SET organization_id = ? WHERE id = ?`, []any{org.ID, key.ID}, true},
			{`UPDATE api_keys SET expires_at = ? WHERE id = ?`, []any{ends, key.ID}, true},
			{`UPDATE credentials SET expires_at = ? WHERE api_key_id = ?`, []any{ends.Add(-time.Minute), key.ID}, true},
			{`UPDATE credentials SET hash = ? WHERE api_key_id = ?`, []any{make([]byte, 32), key.ID}, false},
		} {
			if same := again(db, last); same != last {
				t.Errorf("before %s: the holder is made anew", change.statement)
			}
			if h := again(db, must(models.FindHolder(t.Context(), db, *other.Key))(t)); !h.Is(last) {
				t.Errorf("before %s: expecting another one, it is %+v", change.statement, h)
			}
			for _, moment := range []time.Duration{time.Hour - time.Minute, time.Hour} {
				if h := again(db.At(ends.Add(-time.Hour+moment)), last); last.Until != nil && moment == time.Hour && h != nil {
					t.Errorf("before %s: it works after its end", change.statement)
				}
			}
			must(db.Exec(t.Context(), change.statement, change.args...))(t)
			h := again(db, last)
			if change.works && (h == nil || h == last) || !change.works && h != nil {
				t.Errorf("after %s: the holder is %+v", change.statement, h)
			}
			last = h
		}
	})
}

func TestACredentialSpeaksForItsHolder(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "Acme", "")
		bound, everywhere := apiKey(t, db, models.ManagementKey, org.ID, "users:read"), apiKey(t, db, models.ManagementKey, "", "*")
		own := apiKey(t, db, models.OrganizationKey, org.ID, "users:read", "events:read")
		for secret, want := range map[string]string{
			*org.Token: "organization  " + org.ID, *bound.Key: "management " + bound.ID + " " + org.ID,
			*everywhere.Key: "management " + everywhere.ID + " ",
			*own.Key:        "organization " + own.ID + " " + org.ID, models.NewSecret(models.ManagementKey).Text: "",
			strings.Repeat("a", 30): "", "": "",
		} {
			if got := speaksFor(t, db, secret); got != want {
				t.Errorf("%s speaks for %q, want %q", secret, got, want)
			}
		}
		if h := must(models.FindHolder(t.Context(), db, *own.Key))(t); !slices.Equal(h.Scopes, []string{"users:read", "events:read"}) ||
			h.Name != "key" {
			t.Errorf("the holder is %+v", h)
		}
		// The same lookup with another secret is nobody: the hash is compared whole.
		forged := models.NewSecret(models.OrganizationKey).Text
		parts, real := strings.Split(forged, "_"), strings.Split(*own.Key, "_")
		parts[2] = real[2]
		if got := speaksFor(t, db, strings.Join(parts, "_")); got != "" {
			t.Errorf("a forged secret speaks for %q", got)
		}
		for _, column := range []string{"lookup", "CAST(hash AS text)"} {
			for _, kept := range texts(t, db, "SELECT "+column+" FROM credentials") {
				for _, secret := range []string{*org.Token, *bound.Key, *everywhere.Key, *own.Key} {
					if strings.Contains(kept, secret) || strings.Contains(kept, strings.Split(secret, "_")[3]) {
						t.Errorf("a secret is readable in credentials.%s", column)
					}
				}
			}
		}
	})
}

func TestAChosenToken(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		create := func(token string) (*models.Organization, error) {
			return models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "x", "token": token}, nil))
		}
		const chosen = "5I9cezE6QPYl8v9jggrN3w"
		org := must(create(chosen))(t)
		if *org.Token != chosen || speaksFor(t, db, chosen) != "organization  "+org.ID {
			t.Errorf("the chosen token is %s and speaks for %q", *org.Token, speaksFor(t, db, chosen))
		}
		for _, bad := range []string{"", "short", strings.Repeat("a", 21), strings.Repeat("a", 201), "with space in it 12345678",
			"tökentökentökentökentöken",
			models.NewSecret(models.ManagementKey).Text, "roster_o_aaaaaaaaaaaaaaaaaaa"} {
			_, err := create(bad)
			wantKind(t, err, store.Invalid, "token")
		}
		_, err := create(chosen)
		wantKind(t, err, store.Conflict, "token")
		fresh := must(models.RefreshToken(t.Context(), db, everything, org.ID))(t)
		if speaksFor(t, db, chosen) != "" || speaksFor(t, db, *fresh.Token) == "" {
			t.Error("after a refresh the old token works, or the new one does not")
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestExpiryRotationAndRevocation(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org := organization(t, db, "Acme", "").ID
		expires := jsonapi.Time{Time: clock.Now().Add(48 * time.Hour)}
		key := must(models.CreateAPIKey(t.Context(), db, everything,
			input(attributes{"name": "k", "expiresAt": expires}, relations{"organization": one(org)})))(t)
		works := func(secret string) bool { return speaksFor(t, db, secret) != "" }
		first := *key.Key
		second := *must(models.RotateAPIKey(t.Context(), db, everything, key.ID, time.Hour))(t).Key
		if !works(first) || !works(second) {
			t.Error("during the overlap one of both does not work")
		}
		clock.Advance(30 * time.Minute)
		third := *must(models.RotateAPIKey(t.Context(), db, everything, key.ID, 2*time.Hour))(t).Key
		clock.Advance(30*time.Minute - time.Microsecond)
		if !works(first) || !works(second) || !works(third) {
			t.Error("before the end of the first overlap one does not work")
		}
		clock.Advance(time.Microsecond)
		if works(first) || !works(second) || !works(third) {
			t.Error("a later rotation lengthened or shortened the first overlap")
		}
		fourth := *must(models.RotateAPIKey(t.Context(), db, everything, key.ID, 0))(t).Key
		if works(second) || works(third) || !works(fourth) {
			t.Error("a rotation without an overlap leaves an earlier secret alive")
		}
		clock.Advance(48 * time.Hour)
		if works(fourth) {
			t.Error("an expired key works")
		}
		// What a client reads of an expired key it can send back, and lengthen.
		for _, a := range []attributes{{"expiresAt": expires}, {"name": "n", "expiresAt": expires}, {"expiresAt": nil}} {
			if _, err := models.UpdateAPIKey(t.Context(), db, everything, key.ID, input(a, nil)); err != nil {
				t.Errorf("%v: %v", a, err)
			}
		}
		if !works(fourth) {
			t.Error("a key whose expiry was taken away does not work")
		}
		_, err := models.UpdateAPIKey(t.Context(), db, everything, key.ID,
			input(attributes{"expiresAt": jsonapi.Time{Time: clock.Now()}}, nil))
		wantKind(t, err, store.Invalid, "expiresAt")
		if err := models.DeleteAPIKey(t.Context(), db, everything, key.ID, nil); err != nil || works(fourth) {
			t.Errorf("a revoked key works: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestARevocationIsSeenByEveryReplica opens the database twice, as two replicas do.
func TestARevocationIsSeenByEveryReplica(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		here, there := modelstest.OpenConfig(t, cfg), modelstest.OpenConfig(t, cfg)
		org := organization(t, here, "Acme", "")
		key := apiKey(t, here, models.OrganizationKey, org.ID)
		for _, secret := range []string{*org.Token, *key.Key} {
			if speaksFor(t, there, secret) == "" {
				t.Fatal("a credential works only where it was made")
			}
		}
		if err := models.DeleteAPIKey(t.Context(), here, everything, key.ID, nil); err != nil {
			t.Fatal(err)
		}
		must(models.RefreshToken(t.Context(), here, everything, org.ID))(t)
		for _, secret := range []string{*org.Token, *key.Key} {
			if speaksFor(t, there, secret) != "" {
				t.Error("what was revoked here works there")
			}
		}
	})
}

// TestNobodyMakesAKeyThatCanDoMoreThanHimself tries creation, change and rotation.
func TestNobodyMakesAKeyThatCanDoMoreThanHimself(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		g := plant(t, db)
		ctx := t.Context()
		weak := func(by models.Caller) models.Caller { return holding(by, "apiKeys:write", "users:read") }
		strong := apiKey(t, db, models.OrganizationKey, g.leaf.ID, "organizations:write")
		create := func(by models.Caller, kind models.KeyKind, organization string, scopes ...string) error {
			r := relations{}
			if organization != "" {
				r["organization"] = one(organization)
			}
			_, err := models.CreateAPIKey(ctx, db, by,
				input(attributes{"name": "k", "kind": string(kind), "scopes": jsonapi.Strings(scopes)}, r))
			return err
		}
		leaf, whole := weak(caller(collection.OnlyOrganization(g.leaf.ID))), weak(everything)
		mid := weak(caller(collection.Subtree(g.mid.ID)))
		for name, c := range map[string]struct {
			err   error
			kind  store.Kind
			field string
		}{
			"a scope it does not hold": {create(leaf, models.OrganizationKey, "", "users:write"), store.Forbidden, "scopes"},
			"every scope":              {create(leaf, models.OrganizationKey, "", "*"), store.Forbidden, "scopes"},
			"a scope that is none":     {create(leaf, models.OrganizationKey, "", "No:scope"), store.Invalid, "scopes"},
			"one of several": {
				create(leaf, models.OrganizationKey, "", "users:read", "events:read"), store.Forbidden, "scopes"},
			"a management key":            {create(leaf, models.ManagementKey, "", "users:read"), store.Forbidden, "kind"},
			"a management key of its own": {create(leaf, models.ManagementKey, g.leaf.ID, "users:read"), store.Forbidden, "kind"},
			"another organization's": {
				create(leaf, models.OrganizationKey, g.mid.ID, "users:read"), store.RelatedNotFound, "organization"},
			"above its subtree": {
				create(mid, models.ManagementKey, g.top.ID, "users:read"), store.RelatedNotFound, "organization"},
			"of the whole, without a subtree": {create(whole, models.OrganizationKey, "", "users:read"), store.Required, "organization"},
		} {
			t.Run(name, func(t *testing.T) { wantKind(t, c.err, c.kind, c.field) })
		}
		null := relations{"organization": one("")}
		_, err := models.CreateAPIKey(ctx, db, mid, input(attributes{"name": "k", "kind": "management"}, null))
		wantKind(t, err, store.Forbidden, "organization")
		for name, a := range map[string]attributes{"the name": {"name": "n"}, "the scopes": {"scopes": jsonapi.Strings{"*"}},
			"the expiry": {"expiresAt": jsonapi.Time{Time: db.Now().Add(time.Hour)}}} {
			if _, err := models.UpdateAPIKey(ctx, db, leaf, strong.ID, input(a, nil)); !store.IsKind(err, store.Forbidden) {
				t.Errorf("%s of a stronger key: %v", name, err)
			}
		}
		wantKind(t, models.DeleteAPIKey(ctx, db, leaf, strong.ID, nil), store.Forbidden, "scopes")
		_, err = models.RotateAPIKey(ctx, db, leaf, strong.ID, 0)
		wantKind(t, err, store.Forbidden, "scopes")
		if speaksFor(t, db, *strong.Key) == "" {
			t.Error("a refused rotation or revocation ended the key")
		}
		_, err = models.RotateAPIKey(ctx, db, caller(collection.OnlyOrganization(g.mid.ID)), g.managing.ID, 0)
		wantKind(t, err, store.NotFound, "") // a management key bound to an organization is not the organization's own
		if err := create(leaf, models.OrganizationKey, "", "users:read"); err != nil {
			t.Errorf("a key that can do as much as its maker: %v", err)
		}
		if err := create(mid, models.ManagementKey, g.leaf.ID, "users:read"); err != nil {
			t.Errorf("a management key within the subtree: %v", err)
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestTheFirstManagementKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, cfg models.Config) {
		var made []string
		results := make(chan string, 6)
		start := make([]func() error, 6)
		for i := range start {
			db := modelstest.OpenConfig(t, cfg)
			start[i] = func() error {
				secret, err := models.CreateFirstManagementKey(t.Context(), db)
				results <- secret
				return err
			}
		}
		for _, err := range atOnce(start...) {
			if err != nil {
				t.Error(err)
			}
		}
		for range start {
			if secret := <-results; secret != "" {
				made = append(made, secret)
			}
		}
		db := modelstest.OpenConfig(t, cfg)
		if len(made) != 1 || !strings.HasPrefix(speaksFor(t, db, made[0]), "management ") {
			t.Errorf("%d first keys were made by replicas that start at once", len(made))
		}
		modelstest.CheckConsistency(t, db)
	})
}

func TestTheUseOfKeysIsNotedForward(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		key := apiKey(t, db, models.ManagementKey, "")
		lastUsed := func() time.Time {
			found := must(collection.Find(t.Context(), db, models.APIKeys, collection.Everything(), key.ID, nil))(t)
			return found.(*models.APIKey).LastUsedAt.Time
		}
		now := clock.Now()
		for _, at := range []time.Time{now.Add(time.Minute), now} { // the second comes from a replica that is late
			if err := models.TouchAPIKeys(t.Context(), db, map[string]time.Time{key.ID: at, models.NewID(): at}); err != nil {
				t.Fatal(err)
			}
			if got := lastUsed(); !got.Equal(now.Add(time.Minute)) {
				t.Errorf("last used at %v", got)
			}
		}
	})
}
