package models_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

const (
	adaAddress  = "ada@example.com"
	adaPassword = "correct horse battery"
)

// person signs in and out, in one place.
type person struct {
	t  *testing.T
	db *store.DB
	by models.Caller
}

// newPerson makes a user with a password, in a session.
func newPerson(t *testing.T, db *store.DB) *person {
	t.Helper()
	user := modelstest.User(t, db, modelstest.With("email", adaAddress), modelstest.With("password", adaPassword))
	by := models.Caller{Kind: models.BySession, ID: user.ID, Scope: collection.Person(user.ID), Address: netip.MustParseAddr("192.0.2.1")}
	return &person{t, db, by}
}

// signIn signs in with a password and a code, "" for none, and returns how.
func (p *person) signIn(password, code string) (method string, err error) {
	p.t.Helper()
	visit := models.Visit{Address: p.by.Address}
	in := &models.Change{Attributes: map[string]any{"email": adaAddress, "password": password}}
	if code != "" {
		in.Attributes["totp"] = code
	}
	who, err := models.ProvePassword(p.t.Context(), p.db, visit, in)
	if err != nil {
		return "", err
	}
	_, err = models.BeginSession(p.t.Context(), p.db, "request", visit, who)
	return who.Method, err
}

// signsIn makes sure that a code does, and by what method.
func (p *person) signsIn(code, want string) {
	p.t.Helper()
	if method, err := p.signIn(adaPassword, code); err != nil || method != want {
		p.t.Fatalf("with %q: %q %v, want %q", code, method, err, want)
	}
}

// isRefused makes sure that signing in with the right password and a code fails.
func (p *person) isRefused(code string, kind store.Kind) {
	p.t.Helper()
	if method, err := p.signIn(adaPassword, code); !store.IsKind(err, kind) {
		p.t.Fatalf("with %q: %q %v, want %s", code, method, err, kind)
	}
}

// enrol gives them a second factor that counts, and returns what makes its codes, and their recovery codes.
func (p *person) enrol(now time.Time) (secret string, recovery []string) {
	p.t.Helper()
	made, err := models.NewSecondFactor(p.t.Context(), p.db, p.by, adaPassword)
	if err != nil {
		p.t.Fatal(err)
	}
	recovery, err = models.ConfirmSecondFactor(p.t.Context(), p.db, p.by, codeAt(p.t, made.Secret, now))
	if err != nil {
		p.t.Fatal(err)
	}
	return made.Secret, recovery
}

// codeAt returns the code of a secret at a time, as another program makes it.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestASecondFactorHasNoEffectBeforeItIsConfirmed(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		ctx, p := t.Context(), newPerson(t, db)
		if _, err := models.ConfirmSecondFactor(ctx, db, p.by, "123456"); !store.IsKind(err, store.NotFound) {
			t.Errorf("nothing is confirmed: %v", err)
		}
		first, err := models.NewSecondFactor(ctx, db, p.by, adaPassword)
		if err != nil {
			t.Fatal(err)
		}
		at, err := url.Parse(first.URL)
		if err != nil || at.Scheme != "otpauth" || at.Host != "totp" || at.Path != "/Roster:"+adaAddress ||
			at.Query().Get("secret") != first.Secret || at.Query().Get("issuer") != "Roster" || at.Query().Get("period") != "30" {
			t.Errorf("%s: %v", first.URL, err)
		}
		p.signsIn("", models.ByPassword)
		p.signsIn("000000", models.ByPassword)
		second, err := models.NewSecondFactor(ctx, db, p.by, adaPassword)
		if err != nil || second.Secret == first.Secret {
			t.Fatalf("the secret is not replaced: %v", err)
		}
		if _, err := models.ConfirmSecondFactor(ctx, db, p.by, codeAt(t, first.Secret, clock.Now())); !store.IsKind(err, store.Invalid) {
			t.Errorf("a code of the secret before: %v", err)
		}
		code := codeAt(t, second.Secret, clock.Now())
		codes, err := models.ConfirmSecondFactor(ctx, db, p.by, code[:3]+" "+code[3:])
		if err != nil || len(store.SortedUnique(codes)) != 10 {
			t.Fatalf("recovery codes %q: %v", codes, err)
		}
		if _, err := models.ConfirmSecondFactor(ctx, db, p.by, code); !store.IsKind(err, store.Conflict) {
			t.Errorf("confirmed twice: %v", err)
		}
		if _, err := models.NewSecondFactor(ctx, db, p.by, adaPassword); !store.IsKind(err, store.Conflict) {
			t.Errorf("replaced one that counts: %v", err)
		}
		p.isRefused("", store.SecondFactor)
		p.isRefused(code, store.Unauthenticated) // it was used to confirm
		clock.Advance(30 * time.Second)
		p.signsIn(codeAt(t, second.Secret, clock.Now()), models.ByTOTP)
	})
}

func TestACodeWorksOnceAndOneStepAround(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		p := newPerson(t, db)
		secret, recovery := p.enrol(clock.Now())
		clock.Advance(time.Hour)
		around := func(steps int) string { return codeAt(t, secret, clock.Now().Add(time.Duration(steps)*30*time.Second)) }
		p.isRefused(around(-2), store.Unauthenticated)
		p.isRefused(around(2), store.Unauthenticated)
		p.signsIn(around(-1), models.ByTOTP)
		p.isRefused(around(-1), store.Unauthenticated)
		p.signsIn(around(1), models.ByTOTP)
		p.isRefused(around(0), store.Unauthenticated) // older than one that was used
		p.isRefused(around(1), store.Unauthenticated)

		p.signsIn(strings.ToUpper(strings.ReplaceAll(recovery[3], "-", " ")), models.ByTOTP)
		p.isRefused(recovery[3], store.Unauthenticated)
		p.isRefused("aaaa-bbbb-cccc-dddd", store.Unauthenticated)
		p.signsIn(recovery[4], models.ByTOTP)
	})
}

// TestOneOfSeveralWithTheSameCodeGetsIn sends one code, and one recovery code, eight times at once.
func TestOneOfSeveralWithTheSameCodeGetsIn(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		p := newPerson(t, db)
		secret, recovery := p.enrol(clock.Now())
		clock.Advance(time.Minute)
		for _, code := range []string{codeAt(t, secret, clock.Now()), recovery[0]} {
			results := make(chan error)
			for range 8 {
				go func() {
					_, err := p.signIn(adaPassword, code)
					results <- err
				}()
			}
			in := 0
			for range 8 {
				switch err := <-results; {
				case err == nil:
					in++
				case !store.IsKind(err, store.Unauthenticated):
					t.Errorf("refused by %v", err)
				}
			}
			if in != 1 {
				t.Errorf("%d got in with one code", in)
			}
			clock.Advance(time.Hour) // the failures are forgotten
		}
	})
}

// TestWrongCodesAreFailuresToSignIn: without a code there is none to guess, so that is no failure.
func TestWrongCodesAreFailuresToSignIn(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		p := newPerson(t, db)
		secret, _ := p.enrol(clock.Now())
		clock.Advance(time.Minute)
		for range 12 {
			p.isRefused("", store.SecondFactor)
		}
		const wrong = "12345678"
		for range 5 {
			p.isRefused(wrong, store.Unauthenticated)
		}
		for range 5 {
			err := models.RemoveSecondFactor(t.Context(), db, p.by, models.FactorProof{Code: wrong})
			if !store.IsKind(err, store.Forbidden) {
				t.Fatalf("taken away with a wrong code: %v", err)
			}
		}
		p.isRefused(codeAt(t, secret, clock.Now()), store.TooMany)
		err := models.RemoveSecondFactor(t.Context(), db, p.by, models.FactorProof{Password: adaPassword})
		if !store.IsKind(err, store.TooMany) {
			t.Errorf("taken away after too many failures: %v", err)
		}
		clock.Advance(time.Hour)
		p.signsIn(codeAt(t, secret, clock.Now()), models.ByTOTP)
		if _, err := p.signIn("something else", codeAt(t, secret, clock.Now().Add(30*time.Second))); !store.IsKind(err,
			store.Unauthenticated) {
			t.Errorf("a wrong password with a right code: %v", err)
		}
		p.signsIn(codeAt(t, secret, clock.Now().Add(30*time.Second)), models.ByTOTP) // a wrong password uses no code up
	})
}

func TestWhoTakesASecondFactorAway(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		ctx, p := t.Context(), newPerson(t, db)
		org := organization(t, db, "Acme", "").ID
		modelstest.Membership(t, db, p.by.User(), org)
		if err := models.RemoveSecondFactor(ctx, db, p.by, models.FactorProof{Password: adaPassword}); !store.IsKind(err, store.NotFound) {
			t.Errorf("there is none: %v", err)
		}
		secret, recovery := p.enrol(clock.Now())
		for name, shown := range map[string]models.FactorProof{"nothing": {}, "a wrong password": {Password: "incorrect horse"}} {
			if err := models.RemoveSecondFactor(ctx, db, p.by, shown); !store.IsKind(err, store.Forbidden) {
				t.Errorf("taken away with %s: %v", name, err)
			}
		}
		for _, scope := range []collection.Scope{collection.OnlyOrganization(org), collection.Subtree(org)} {
			if err := models.TakeSecondFactor(ctx, db, caller(scope), p.by.User(), nil); !store.IsKind(err, store.Forbidden) {
				t.Errorf("taken away by who is bound to an organization: %v", err)
			}
		}
		clock.Advance(time.Minute)
		for i, shown := range []models.FactorProof{
			{Code: codeAt(t, secret, clock.Now())}, {Code: recovery[0]}, {Password: adaPassword},
		} {
			if i > 0 {
				_, again := p.enrol(clock.Now())
				if i == 1 {
					shown.Code = again[0]
				}
			}
			p.isRefused("", store.SecondFactor)
			if err := models.RemoveSecondFactor(ctx, db, p.by, shown); err != nil {
				t.Errorf("%+v: %v", shown, err)
			}
			p.signsIn("", models.ByPassword)
		}
		p.enrol(clock.Now())
		if err := models.TakeSecondFactor(ctx, db, caller(collection.Everything()), p.by.User(), nil); err != nil {
			t.Error(err)
		}
		p.signsIn("", models.ByPassword)
		if err := models.TakeSecondFactor(ctx, db, caller(collection.Everything()), p.by.User(), nil); !store.IsKind(err, store.NotFound) {
			t.Errorf("there is none any more: %v", err)
		}
		var changes []string
		err := db.Session(ctx).Raw(`SELECT changes FROM events WHERE event_type = 'user.updated' AND organization_id = ? ORDER BY id`, org).
			Scan(&changes).Error
		if err != nil {
			t.Fatal(err)
		}
		on, off := `{"secondFactor":{"before":false,"after":true}}`, `{"secondFactor":{"before":true,"after":false}}`
		if got, want := strings.Join(changes, "\n"), strings.Join([]string{on, off, on, off, on, off, on, off}, "\n"); got != want {
			t.Errorf("told:\n%s\nwant:\n%s", got, want)
		}
	})
}

// TestASignInDoesNotOutrunASecondFactor confirms one after a password was proven, and before the session begins.
func TestASignInDoesNotOutrunASecondFactor(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		p := newPerson(t, db)
		visit := models.Visit{Address: p.by.Address}
		who, err := models.ProvePassword(t.Context(), db, visit, &models.Change{
			Attributes: map[string]any{"email": adaAddress, "password": adaPassword},
		})
		if err != nil {
			t.Fatal(err)
		}
		p.enrol(clock.Now())
		if _, err := models.BeginSession(t.Context(), db, "request", visit, who); !store.IsKind(err, store.SecondFactor) {
			t.Errorf("signed in: %v", err)
		}
	})
}
