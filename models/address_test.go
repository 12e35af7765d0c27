package models_test

import (
	"slices"
	"testing"
	"unicode"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestTheKeyOfAnAddressIsItsOwnKey looks at every letter: an address that is kept as its key is still the same address.
func TestTheKeyOfAnAddressIsItsOwnKey(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsLetter(r) {
			continue
		}
		address := string(r) + "@" + string(r) + ".example"
		once := models.EmailKey(address)
		if twice := models.EmailKey(once); once != twice {
			t.Errorf("%U: %q has the key %q, and that the key %q", r, address, once, twice)
		}
	}
}

// TestAddressesOfAnEarlierVersionAreBroughtUpToDate writes rows as the version before did, with the key in lower case.
func TestAddressesOfAnEarlierVersionAreBroughtUpToDate(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		old := func(email, key string) *models.User {
			t.Helper()
			clock.Advance(1_000_000)
			u := user(t, db, email)
			run(t, pool(db), "UPDATE users SET email = '"+email+"', email_key = '"+key+"' WHERE id = '"+u.ID+"'")
			return u
		}
		key := func(u *models.User) string {
			t.Helper()
			return texts(t, db, "SELECT email_key FROM users WHERE id = '"+u.ID+"'")[0]
		}
		plain := old("Ada@Example.com", "ada@example.com")
		alone := old("Jürg@exämple.com", "jürg@exämple.com")
		younger, elder := old("WEISS@example.com", "weiss@example.com"), old("weiß@example.com", "weiß@example.com")
		first, second := old("e\u0301lan@example.com", "e\u0301lan@example.com"), old("ÉLAN@exämple.com", "élan@exämple.com")
		third := old("élan@EXÄMPLE.com", "e\u0301lan@exämple.com")

		others, err := models.CatchUp(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "addresses that another user has", others, []string{elder.ID, third.ID})
		for u, want := range map[*models.User]string{
			plain: "ada@example.com", alone: "jürg@xn--exmple-cua.com", younger: "weiss@example.com", elder: "weiß@example.com",
			first: "élan@example.com", second: "élan@xn--exmple-cua.com", third: "e\u0301lan@exämple.com",
		} {
			if got := key(u); got != want {
				t.Errorf("the key is %q, want %q", got, want)
			}
		}
		if again, err := models.CatchUp(t.Context(), db); err != nil || len(again) > 0 {
			t.Errorf("the second time it finds %v: %v", again, err)
		}
		// Who lost their key goes on, and is asked for another address only when it changes.
		must(models.UpdateUser(t.Context(), db, everything, elder.ID, input(attributes{"email": "weiß@example.com", "phone": "1"}, nil)))(t)
		_, err = models.UpdateUser(t.Context(), db, everything, elder.ID, input(attributes{"email": "WEIß@example.com"}, nil))
		wantKind(t, err, store.Conflict, "email")
		must(models.UpdateUser(t.Context(), db, everything, elder.ID, input(attributes{"email": "weisz@example.com"}, nil)))(t)
	})
}

func TestReplicasThatStartAtOnceBringAddressesUpToDateOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		var ids []string
		for _, email := range []string{"weiss@example.com", "weiß@example.com"} {
			u := user(t, db, "x")
			run(t, pool(db), "UPDATE users SET email = '"+email+"', email_key = '"+email+"' WHERE id = '"+u.ID+"'")
			ids = append(ids, u.ID)
		}
		found := make([][]string, 4)
		var starts []func() error
		for i := range found {
			starts = append(starts, func() (err error) {
				found[i], err = models.CatchUp(t.Context(), db)
				return err
			})
		}
		for _, err := range atOnce(starts...) {
			if err != nil {
				t.Error(err)
			}
		}
		if all := slices.Concat(found...); !slices.Equal(all, ids[1:]) {
			t.Errorf("four starts tell of %v, want %v once", all, ids[1:])
		}
	})
}
