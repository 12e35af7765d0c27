package mail_test

import (
	"strings"
	"testing"
	"time"

	"roster/jsonapi"
	"roster/mail/mailtest"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// ask has a link sent to an address, by which another password can be set.
func (o *office) ask(email string) {
	o.t.Helper()
	if err := models.RequestPasswordReset(o.t.Context(), o.db, email); err != nil {
		o.t.Fatal(err)
	}
}

// confirm sets a password by the link of a mail.
func (o *office) confirm(m mailtest.Received, password string) error {
	o.t.Helper()
	in := &models.Change{Attributes: map[string]any{"password": password}}
	return models.ConfirmPasswordReset(o.t.Context(), o.db, "r", m.Token(o.t), in)
}

// TestAPasswordIsSetByAMail whose link works once, within an hour, and for the address that it was sent to.
func TestAPasswordIsSetByAMail(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		o.open()
		ada := modelstest.User(t, o.db, modelstest.With("email", "Ada@example.com"))
		inactive := modelstest.User(t, o.db, modelstest.With("email", "gone@example.com"), modelstest.With("active", false))
		kept := func() (hash string, verified *jsonapi.Stamp) {
			found, err := collection.Find(ctx, o.db, models.Users, collection.Everything(), ada.ID, nil)
			if err != nil {
				t.Fatal(err)
			}
			u := found.(*models.User)
			if u.PasswordHash != nil {
				hash = *u.PasswordHash
			}
			return hash, u.EmailVerifiedAt
		}
		o.ask("nobody@example.com")
		o.ask(*inactive.Email)
		o.ask("ADA@example.com")
		first := o.receiver.Next(t, 1)
		if first.To != "Ada@example.com" || !strings.Contains(first.Text, "https://roster.example/password-reset#token=") {
			t.Errorf("what came is %s", first.Raw)
		}
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		o.ask("ada@example.com")
		second := o.receiver.Next(t, 2)
		if err := o.confirm(first, "a long password"); !store.IsKind(err, store.NotFound) {
			t.Errorf("an earlier token: %v", err)
		}
		if err := o.confirm(second, "too short"); !store.IsKind(err, store.Invalid) && len(store.ErrorsOf(err)) == 0 {
			t.Errorf("a short password: %v", err)
		}
		if err := o.confirm(second, "a long password"); err != nil {
			t.Fatal(err)
		}
		if hash, verified := kept(); hash == "" || verified == nil {
			t.Errorf("the user has the hash %q and is verified at %v", hash, verified)
		}
		if err := o.confirm(second, "a long password"); !store.IsKind(err, store.NotFound) {
			t.Errorf("used twice: %v", err)
		}
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		o.ask("ada@example.com")
		third := o.receiver.Next(t, 3)
		o.clock.Advance(time.Hour)
		if err := o.confirm(third, "a long password"); !store.IsKind(err, store.NotFound) {
			t.Errorf("after an hour: %v", err)
		}
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		o.ask("ada@example.com")
		fourth := o.receiver.Next(t, 4)
		in := &models.Change{Attributes: map[string]any{"email": "lovelace@example.com"}}
		if _, err := models.UpdateUser(ctx, o.db, models.System("test"), ada.ID, in); err != nil {
			t.Fatal(err)
		}
		if err := o.confirm(fourth, "a long password"); !store.IsKind(err, store.NotFound) {
			t.Errorf("sent to another address: %v", err)
		}
		if _, verified := kept(); verified != nil {
			t.Error("a new address is taken for verified")
		}
		for what, text := range map[string]string{"the log": o.log.String(), "the database": modelstest.Dump(t, o.db)} {
			for _, m := range o.receiver.Came() {
				if strings.Contains(text, m.Token(t)) {
					t.Errorf("%s has a token", what)
				}
			}
		}
	})
}

// TestWhoAsksAgainGetsALinkThatWorks also while an earlier mail, whose link another change has ended, has not got through or is under way.
func TestWhoAsksAgainGetsALinkThatWorks(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ctx := t.Context()
		ada := modelstest.User(t, o.db, modelstest.With("email", "ada@example.com"))
		endLinks := func() {
			t.Helper()
			for _, email := range []string{"lovelace@example.com", "ada@example.com"} {
				in := &models.Change{Attributes: map[string]any{"email": email}}
				if _, err := models.UpdateUser(ctx, o.db, models.System("test"), ada.ID, in); err != nil {
					t.Fatal(err)
				}
			}
		}
		confirm := func(n int) error { return o.confirm(o.receiver.Next(t, n), "a long password") }

		o.receiver.Refuse(451)
		o.open()
		o.ask("ada@example.com")
		o.log.Count(t, "mail not sent", 1)
		servertest.Poll(t, "an attempt that is written", func() bool { return o.due() == 0 })
		endLinks()
		o.ask("ada@example.com")
		o.receiver.Refuse(0)
		o.clock.Advance(time.Minute)
		if err := confirm(1); err != nil {
			t.Errorf("the link of a mail that was asked for again: %v", err)
		}
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })

		stalled, answer := o.receiver.Stall(t)
		o.ask("ada@example.com")
		stalled()
		endLinks()
		o.ask("ada@example.com")
		answer()
		if err := confirm(3); err != nil {
			t.Errorf("the link of the mail that came after the one under way: %v", err)
		}
		if err := confirm(2); !store.IsKind(err, store.NotFound) {
			t.Errorf("the link of the mail that was under way: %v", err)
		}
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })

		o.receiver.Refuse(451)
		o.ask("ada@example.com")
		o.log.Count(t, "mail not sent", 2)
		servertest.Poll(t, "an attempt that is written", func() bool { return o.due() == 0 })
		endLinks()
		o.receiver.Refuse(0)
		o.clock.Advance(time.Minute)
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		if n := len(o.receiver.Came()); n != 3 {
			t.Errorf("%d mails came, one of them to who has not asked again", n)
		}
	})
}
