package models_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// far is a PostgreSQL database behind a proxy, with one connection, and a context of a request that a key has sent.
type far struct {
	db, near *store.DB // near is the same without the proxy
	proxy    *modelstest.Proxy
	key      string
	ctx      context.Context
}

func newFar(t testing.TB) far {
	t.Helper()
	cfg := modelstest.Config(t, store.Postgres)
	f := far{near: modelstest.OpenConfig(t, cfg), proxy: modelstest.NewProxy(t, cfg.URL)}
	cfg.URL, cfg.MaxConnections = f.proxy.URL, 1
	f.db = modelstest.OpenConfig(t, cfg)
	key := apiKey(t, f.near, models.ManagementKey, "", models.EveryScope)
	f.key = *key.Key
	holder := must(models.FindHolder(t.Context(), f.db, f.key))(t)
	f.ctx = store.Guarded(store.ForCaller(t.Context(), "far"), holder.Keep)
	return f
}

// TestAWriteAsksPostgreSQLFewTimes counts the round trips of writes, the look at the credential and the number of an organization among
// them.
func TestAWriteAsksPostgreSQLFewTimes(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	var org *models.Organization
	var person *models.User
	for _, write := range []struct {
		name string
		most int
		do   func(ctx context.Context) error
	}{
		{"create an organization", 2, func(ctx context.Context) (err error) {
			org, err = models.CreateOrganization(ctx, f.db, everything, input(attributes{"name": models.NewID()}, nil))
			return err
		}},
		{"create a user", 1, func(ctx context.Context) (err error) {
			person, err = models.CreateUser(ctx, f.db, everything, input(attributes{"firstName": "Ada"}, nil))
			return err
		}},
		{"update an organization", 3, func(ctx context.Context) error {
			_, err := models.UpdateOrganization(ctx, f.db, everything, org.ID, input(attributes{"name": models.NewID()}, nil))
			return err
		}},
		{"update a user", 4, func(ctx context.Context) error {
			_, err := models.UpdateUser(ctx, f.db, everything, person.ID, input(attributes{"firstName": models.NewID()}, nil))
			return err
		}},
		{"create a member", 4, func(ctx context.Context) error {
			_, err := models.CreateUser(ctx, f.db, everything,
				input(attributes{"firstName": "Ada"}, relations{"organizations": one(org.ID)}))
			return err
		}},
		{"delete a user", 7, func(ctx context.Context) error {
			defer func() { person = user(t, f.near, "next") }()
			return models.DeleteUser(ctx, f.db, everything, person.ID, nil)
		}},
		{"delete an organization", 12, func(ctx context.Context) error {
			defer func() { org = organization(t, f.near, "next", "") }()
			return models.DeleteOrganization(ctx, f.db, everything, org.ID, nil)
		}},
	} {
		asked := 1 << 30
		for range 4 { // the first time prepares, and a connection that was idle is tried before
			before := f.proxy.Turns()
			if err := write.do(f.ctx); err != nil {
				t.Fatal(err)
			}
			asked = min(asked, f.proxy.Turns()-before)
		}
		if asked > write.most {
			t.Errorf("to %s asks %d times, at most %d", write.name, asked, write.most)
		}
	}
}

// TestABrokenConnectionLeavesAWriteOrNothing breaks the connection before and after each question of a write. A write that is reported as
// done is there, once and whole; one that is not may be there only if its COMMIT was sent, and then it is whole, too. A connection that
// has ended before anything was asked is nobody's concern.
func TestABrokenConnectionLeavesAWriteOrNothing(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	undone, unknown := 0, 0
	for _, answered := range []bool{false, true} {
		for nth := 1; nth <= 4; nth++ { // more than there are, as a connection that was idle is tried before
			organization(t, f.db, "first "+models.NewID(), "") // on a connection that is open
			slug := models.NewID()
			f.proxy.BreakAt(nth, answered)
			_, err := models.CreateOrganization(f.ctx, f.db, everything, input(attributes{"name": slug, "slug": slug}, nil))
			f.proxy.BreakAt(0, false)
			n := len(list(t, f.near, models.Organizations, everything.Scope, "filter[slug]="+slug))
			switch {
			case err == nil && n != 1:
				t.Errorf("question %d, %t: reported as done, and %d are there", nth, answered, n)
			case err != nil && n == 0:
				undone++
			case err != nil:
				unknown++
			}
			if err != nil && !store.Unavailable(err) {
				t.Errorf("question %d, %t: %v", nth, answered, err)
			}
			if err != nil && n != 0 && !answered {
				t.Errorf("question %d: it never reached the server, and %d are there", nth, n)
			}
		}
	}
	if undone == 0 || unknown == 0 {
		t.Errorf("%d writes were not done, of %d nobody was told: this shows nothing", undone, unknown)
	}
	modelstest.CheckConsistency(t, f.near)
}

// TestWhatIsAssumedOfACredentialIsKept looks at credentials as a write does, and tries to take them away before it is committed.
func TestWhatIsAssumedOfACredentialIsKept(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	org := organization(t, f.near, "Acme", "")
	key := apiKey(t, f.near, models.OrganizationKey, org.ID, "read")
	for table, v := range map[string]struct{ secret, column, id string }{
		"api_keys":    {*key.Key, "id", key.ID},
		"credentials": {*org.Token, "organization_id", org.ID},
	} {
		holder := must(models.FindHolder(t.Context(), f.near, v.secret))(t)
		err := store.Transaction(store.Guarded(t.Context(), holder.Keep), f.db, func(tx *store.DB) error {
			if err := holder.Keep(t.Context(), tx); err != nil {
				return err
			}
			before := f.proxy.Turns()
			if _, err := models.HasOrganization(t.Context(), tx, org.ID); err != nil {
				return err
			}
			if asked := f.proxy.Turns() - before; asked > 2 { // the first time prepares
				t.Errorf("%s: it is looked at by itself", table)
			}
			_, err := f.near.Run(t.Context(), `SELECT 1 FROM `+table+` WHERE `+v.column+` = ? FOR UPDATE NOWAIT`, v.id)
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != "55P03" {
				t.Errorf("%s: somebody else locks it: %v", table, err)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// BenchmarkCreate creates organizations as a request does that a known key has sent: the look-up of the key with the number, and the
// transaction.
func BenchmarkCreate(b *testing.B) {
	f := newFar(b)
	create := func() {
		query := models.LookUpHolder(f.db, f.key).Query()
		in := input(attributes{"name": models.NewID()}, nil)
		if _, err := models.CreateOrganization(f.ctx, f.db.Ahead(&query), everything, in); err != nil {
			b.Fatal(err)
		}
	}
	for range 10 {
		create()
	}
	before := f.proxy.Turns()
	b.ReportAllocs()
	for b.Loop() {
		create()
	}
	b.ReportMetric(float64(f.proxy.Turns()-before)/float64(b.N), "round-trips/op")
}
