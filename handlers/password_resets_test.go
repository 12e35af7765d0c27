package handlers_test

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/mail"
	"roster/mail/mailtest"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
	"roster/server/servertest"

	"github.com/pquerna/otp/totp"
)

const passwordResets = "/public/v2/passwordResets"

// askForReset asks for a link to an address.
func (s *service) askForReset(email string) *answer {
	s.t.Helper()
	return s.do("POST", passwordResets, resource("passwordResets", object{"email": email}))
}

// eachPost runs a test against the API on each database, with mails that are sent to a receiver, and the log of both.
func eachPost(t *testing.T, test func(t *testing.T, s *service, receiver *mailtest.Receiver, log *servertest.Output)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range modelstest.Databases(t) {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			cfg.Mails, cfg.BaseURL = true, "https://roster.example"
			db, log, receiver := modelstest.OpenConfig(t, cfg), servertest.NewOutput(), mailtest.NewReceiver(t)
			logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			s := newServiceWith(t, db, func(cfg *server.Config, _ *http.Server) { cfg.Logger = logger })
			mailtest.Run(t, mail.NewWorker(db, mail.WorkerConfig{Sender: receiver.Sender(t), Logger: logger, Slots: 2,
				Poll: 5 * time.Millisecond, Grace: soon}))
			test(t, s, receiver, log)
		})
	}
}

// TestAPasswordIsResetByMail, and nobody but who reads the mail learns whether there was somebody to reset it for.
func TestAPasswordIsResetByMail(t *testing.T) {
	eachPost(t, func(t *testing.T, s *service, receiver *mailtest.Receiver, log *servertest.Output) {
		id, ada := s.withEmail("Ada@example.com")
		nobody := s.as("")
		first := nobody.askForReset("stranger@example.com").want(202)
		for _, email := range []string{"ada@EXAMPLE.com", "stranger@example.com"} {
			again := nobody.do("POST", passwordResets, resource("passwordResets", object{"email": email}), "Idempotency-Key", "k").want(202)
			if string(again.Body) != string(first.Body) || again.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("%s is answered with %s", email, again.Body)
			}
		}
		for body, pointer := range map[string]string{
			`{"data":{"type":"passwordResets"}}`:                                     "/data",
			`{"data":{"type":"passwordResets","attributes":{"email":"x"}}}`:          "/data/attributes/email",
			`{"data":{"type":"passwordResets","attributes":{"email":null}}}`:         "/data/attributes/email",
			`{"data":{"type":"passwordResets","attributes":{"email":"a\r\nb@c.d"}}}`: "/data/attributes/email",
		} {
			if got := nobody.do("POST", passwordResets, body).want(422).errors()[0].Pointer; got != pointer {
				t.Errorf("%s is refused at %q", body, got)
			}
		}
		token := receiver.Next(t, 1).Token(t)
		confirm := func(token, password string) *answer {
			return nobody.do("POST", passwordResets+"/confirm", object{"meta": object{"token": token, "password": password}})
		}
		dead := string(confirm("roster_p_"+strings.Repeat("a", 36), "a long password").want(404).Body)
		if got := confirm(token, "too short").want(422).errors()[0].Pointer; got != "/meta/password" {
			t.Errorf("a short password is refused at %s", got)
		}
		if got := nobody.do("POST", passwordResets+"/confirm", object{"meta": object{"token": token}}).want(422).
			errors()[0].Pointer; got != "/meta" {
			t.Errorf("no password is refused at %s", got)
		}
		confirm(token, "a long password").want(204)
		if got := string(confirm(token, "a long password").want(404).Body); got != dead {
			t.Errorf("a used token is answered with\n%s\nand one of nobody with\n%s", got, dead)
		}
		if got := s.get("/public/v2/users/"+id).json("data", "attributes", "emailVerifiedAt"); got == nil {
			t.Error("that mail reaches them is not noted")
		}
		ada.get("/public/v2/me").want(200) // keys go on
		changed := s.get("/public/v2/events?filter[subjectId]=" + id + "&filter[eventType]=user.updated").want(200)
		if by := changed.text("data", 0, "attributes", "actor", "id"); by != id {
			t.Errorf("it was done by %s", by)
		}
		if got := changed.json("data", 0, "attributes", "changes", "password", "after"); got != "(secret)" {
			t.Errorf("the event tells %s", changed.Body)
		}
		if n := len(receiver.Came()); n != 1 {
			t.Errorf("%d mails came", n)
		}
		for what, text := range map[string]string{"the log": log.String(), "the database": modelstest.Dump(t, s.db)} {
			for _, secret := range []string{token, "a long password"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s has %s", what, secret)
				}
			}
		}
		if strings.Contains(log.String(), "example.com") {
			t.Errorf("the log has an address:\n%s", log)
		}
	})
}

// TestAResetEndsEverySession of the user, and nobody else's.
func TestAResetEndsEverySession(t *testing.T) {
	eachPost(t, func(t *testing.T, s *service, receiver *mailtest.Receiver, _ *servertest.Output) {
		org, _ := s.organization("Acme")
		s.signedIn("eva@example.com", org)
		s.signedIn("eve@example.com", org)
		s.as("").askForReset("eva@example.com").want(202)
		token := receiver.Next(t, 1).Token(t)
		meta := object{"token": token, "password": "another long password"}
		s.as("").do("POST", passwordResets+"/confirm", object{"meta": meta}).want(204)
		var left []string
		err := s.db.Session(t.Context()).Raw(`SELECT u.email FROM sign_ins i JOIN users u ON u.id = i.user_id`).Scan(&left).Error
		if err != nil || !slices.Equal(left, []string{"eve@example.com"}) {
			t.Errorf("signed in are %v: %v", left, err)
		}
	})
}

// TestAMailedLinkIsShownToNobodyElse invites by mail: who invites is not told the link, and it works.
func TestAMailedLinkIsShownToNobodyElse(t *testing.T) {
	eachPost(t, func(t *testing.T, s *service, receiver *mailtest.Receiver, _ *servertest.Output) {
		f := newFamily(s)
		_, manager := s.person("Ada", f.branch, models.RoleManager)
		made := manager.invite("grace@example.com", f.branch).want(201)
		resent := manager.do("POST", invitations+"/"+made.text("data", "id")+"/resend", nil).want(200)
		for _, a := range []*answer{made, resent} {
			if url := a.json("data", "attributes", "url"); url != nil {
				t.Errorf("who invites is shown %v", url)
			}
		}
		servertest.Poll(t, "no mail left", func() bool {
			var n int
			err := s.db.Session(t.Context()).Raw(`SELECT COUNT(*) FROM mails`).Scan(&n).Error
			return err == nil && n == 0
		})
		came := receiver.Came()
		last := came[len(came)-1]
		if !strings.Contains(last.Text, "Ada asks you to join Branch.") {
			t.Errorf("the mail says %s", last.Text)
		}
		var answered *answer // of the newest link; the two mails were under way at once
		for _, mail := range came {
			if answered = s.as("").accept(mail.Token(t), grace); answered.Status == 200 {
				break
			}
		}
		answered.want(200)
		user := s.get("/public/v2/users/" + answered.text("data", "relationships", "acceptedBy", "data", "id"))
		if user.json("data", "attributes", "emailVerifiedAt") == nil {
			t.Error("that mail reaches them is not noted")
		}
	})
}

// TestWithoutMailNothingIsSentAndTheLogSaysSoOnce: who asks is told the same.
func TestWithoutMailNothingIsSentAndTheLogSaysSoOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		log := servertest.NewOutput()
		s := newServiceWith(t, db, func(cfg *server.Config, _ *http.Server) { cfg.Logger = slog.New(slog.NewTextHandler(log, nil)) })
		s.withEmail("ada@example.com")
		for range 3 {
			s.as("").askForReset("ada@example.com").want(202)
		}
		if got := log.String(); strings.Count(got, "level=WARN") != 1 || strings.Contains(got, "example.com") {
			t.Errorf("the log says %s", got)
		}
	})
}

// TestWhoReadsTheMailOfAnAddressHasItsAccountAlone: somebody gave an address of others to their account, and waits for them in it.
func TestWhoReadsTheMailOfAnAddressHasItsAccountAlone(t *testing.T) {
	eachPost(t, func(t *testing.T, s *service, receiver *mailtest.Receiver, _ *servertest.Output) {
		id := s.account("eve@example.com", "")
		eve := s.browser()
		eve.signIn("eve@example.com")
		key := s.as(eve.do("POST", "/public/v2/apiKeys",
			resource("apiKeys", object{"name": "Mine", "kind": "user", "scopes": []string{"*"}})).
			want(201).text("data", "attributes", "key"))
		secret := eve.do("POST", secondFactorPath, nil).want(200).text("meta", "secret")
		code, err := totp.GenerateCode(secret, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		eve.do("POST", secondFactorPath+"/confirm", meta(object{"code": code})).want(200)
		eve.do("PATCH", "/public/v2/users/"+id, object{"data": object{"type": "users", "id": id, "attributes": object{
			"email": "ada@example.com"}}, "meta": object{"currentPassword": passwordOf("eve@example.com")}}).want(200)

		nobody := s.as("")
		reset := func(mails int) {
			t.Helper()
			nobody.askForReset("ada@example.com").want(202)
			nobody.do("POST", passwordResets+"/confirm", object{"meta": object{"token": receiver.Next(t, mails).Token(t),
				"password": passwordOf("ada@example.com")}}).want(204)
		}
		reset(1)
		eve.get("/public/v2/me").want(401)
		key.get("/public/v2/me").want(401)
		ada := s.browser()
		ada.signIn("ada@example.com") // without a code
		hers := s.as(ada.do("POST", "/public/v2/apiKeys", resource("apiKeys", object{"name": "Mine", "kind": "user",
			"scopes": []string{"*"}})).want(201).text("data", "attributes", "key"))
		reset(2) // the address is proven now: keys go on
		hers.get("/public/v2/me").want(200)
	})
}

// TestAnotherPasswordOrAddressEndsTheLinkOfAReset, also when the address is what it was again.
func TestAnotherPasswordOrAddressEndsTheLinkOfAReset(t *testing.T) {
	eachPost(t, func(t *testing.T, s *service, receiver *mailtest.Receiver, _ *servertest.Output) {
		id, _ := s.withEmail("ada@example.com")
		set := func(name, value string) {
			t.Helper()
			s.do("PATCH", "/public/v2/users/"+id, withID(resource("users", object{name: value}), id)).want(200)
		}
		confirm := func(token string) *answer {
			meta := object{"token": token, "password": "a long password"}
			return s.as("").do("POST", passwordResets+"/confirm", object{"meta": meta})
		}
		for n, change := range []func(){
			func() { set("password", "another long password") },
			func() { set("email", "eve@example.com"); set("email", "ada@example.com") },
		} {
			s.as("").askForReset("ada@example.com").want(202)
			token := receiver.Next(t, n+1).Token(t)
			change()
			confirm(token).want(404)
		}
		s.as("").askForReset("ada@example.com").want(202)
		token := receiver.Next(t, 3).Token(t)
		set("firstName", "Augusta")
		confirm(token).want(204)
	})
}
