package mail_test

import (
	"fmt"
	"log/slog"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"roster/mail"
	"roster/mail/mailtest"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server/servertest"
)

// office is a database whose mails are sent to a receiver, by a worker that the test begins.
type office struct {
	t        *testing.T
	db       *store.DB
	clock    *modelstest.Clock
	receiver *mailtest.Receiver
	log      *servertest.Output
	worker   *mail.Worker // the last that was opened
}

// eachOffice runs a test on each database, with a clock that the test moves.
func eachOffice(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range modelstest.Databases(t) {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			clock := modelstest.NewClock()
			cfg := modelstest.Config(t, dialect)
			cfg.Now, cfg.Mails, cfg.BaseURL = clock.Now, true, "https://roster.example"
			test(t, &office{t, modelstest.OpenConfig(t, cfg), clock, mailtest.NewReceiver(t), servertest.NewOutput(), nil})
		})
	}
}

// open begins to send mails, until the function that is returned is called, or the test is over.
func (o *office) open() (end func()) {
	o.t.Helper()
	o.worker = mail.NewWorker(o.db, mail.WorkerConfig{
		Sender: o.receiver.Sender(o.t), Logger: slog.New(slog.NewTextHandler(o.log, nil)), Slots: 2, Poll: 5 * time.Millisecond,
		Grace: time.Second,
	})
	return mailtest.Run(o.t, o.worker)
}

func (o *office) waiting() int {
	o.t.Helper()
	var n int
	if err := o.db.Session(o.t.Context()).Raw(`SELECT COUNT(*) FROM mails`).Scan(&n).Error; err != nil {
		o.t.Fatal(err)
	}
	return n
}

func (o *office) invite(email, organization string, options ...modelstest.Option) *models.Invitation {
	o.t.Helper()
	return modelstest.Invitation(o.t, o.db, email, organization, options...)
}

func TestAnInvitationArrivesAsTextAndHTML(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.open()
		org := modelstest.Organization(t, o.db, modelstest.With("name", "Bücher & <Söhne>"))
		inv := o.invite("Grace@bücher.example", org.ID, modelstest.With("message", "Hello Grace,\nwelcome <b>aboard</b>!"))
		if inv.URL != nil {
			t.Errorf("who invites is shown the link %s", *inv.URL)
		}
		got := o.receiver.Next(t, 1)
		if got.To != "Grace@xn--bcher-kva.example" || got.From != "no-reply@roster.example" || got.Subject != "Join Bücher & <Söhne>" {
			t.Errorf("it is %q from %s to %s", got.Subject, got.From, got.To)
		}
		link := "https://roster.example/invitations#token=" + got.Token(t)
		for _, want := range []string{link, "you are asked to join Bücher & <Söhne>.", "> Hello Grace,\r\n> welcome <b>aboard</b>!",
			"27 August 2024, 10:45 UTC"} {
			if !strings.Contains(got.Text, want) {
				t.Errorf("the text has no %q:\n%s", want, got.Text)
			}
		}
		for _, want := range []string{`<a href="` + link + `">`, "Bücher &amp; &lt;Söhne&gt;",
			"Hello Grace,<br>welcome &lt;b&gt;aboard&lt;/b&gt;!"} {
			if !strings.Contains(got.HTML, want) {
				t.Errorf("the HTML has no %q:\n%s", want, got.HTML)
			}
		}
		if strings.Contains(got.HTML, "src=") || strings.Contains(got.HTML, "url(") {
			t.Errorf("the HTML loads something:\n%s", got.HTML)
		}
		if auto, id := got.Header.Get("Auto-Submitted"), got.Header.Get("Message-Id"); auto != "auto-generated" || id == "" {
			t.Errorf("Auto-Submitted: %s, Message-ID: %s", auto, id)
		}
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		for what, text := range map[string]string{"the log": o.log.String(), "the database": modelstest.Dump(t, o.db)} {
			if strings.Contains(text, got.Token(t)) {
				t.Errorf("%s has the token", what)
			}
		}
		if log := o.log.String(); strings.Contains(log, "xample") {
			t.Errorf("the log has the address: %s", log)
		}
	})
}

// TestNobodyWritesIntoAHeader: what people call their organizations and themselves makes no lines and turns no text around.
func TestNobodyWritesIntoAHeader(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Acme\r\nBcc: victim@example.com", "Acme\u2028Bcc: x", "Acme\u202egro", "A\x00c",
		strings.Repeat("ü", 200)} {
		m, err := mail.Compose("1", &models.Letter{Kind: models.InvitationMail, To: "a@example.com", Organization: name, Inviter: name,
			Link: "https://roster.example/invitations#token=x", Message: "a\r\nb\u202ec"})
		if err != nil {
			t.Fatal(err)
		}
		for what, text := range map[string]string{"subject": m.Subject, "text": m.Text, "HTML": m.HTML} {
			if strings.ContainsAny(text, "\r\u2028\u202e\x00") {
				t.Errorf("the %s has a mark: %q", what, text)
			}
		}
		if strings.Contains(m.Subject, "\n") || len([]rune(m.Subject)) > 90 {
			t.Errorf("the subject is %q", m.Subject)
		}
		receiver := mailtest.NewReceiver(t)
		if err := receiver.Sender(t).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got := receiver.Next(t, 1)
		if got.Header.Get("Bcc") != "" || got.Subject != m.Subject || !strings.Contains(got.Text, "> a\r\n> b c") {
			t.Errorf("it came as %s", got.Raw)
		}
	}
}

// TestAMailIsTriedAgain until the server takes it, or a day is over. The log says why, and not to whom.
func TestAMailIsTriedAgain(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.open()
		org := modelstest.Organization(t, o.db)
		o.receiver.Refuse(451)
		o.invite("grace@example.com", org.ID)
		o.log.Count(t, "mail not sent", 1)
		o.clock.Advance(59 * time.Second)
		if got := o.log.String(); strings.Count(got, "mail not sent") != 1 || !strings.Contains(got, "code 451") {
			t.Errorf("the log says %s", got)
		}
		o.receiver.Refuse(0)
		o.clock.Advance(time.Second)
		token := o.receiver.Next(t, 1).Token(t)
		if _, err := models.DeclineInvitation(t.Context(), o.db, "", token); err != nil {
			t.Errorf("the link does not work: %v", err)
		}

		o.receiver.Refuse(530)
		o.invite("grace@example.com", org.ID)
		for failed := 2; failed < 8; failed++ { // the one of before is among them
			o.log.Count(t, "mail not sent", failed)
			servertest.Poll(t, "an attempt that is written", func() bool { return o.due() == 0 })
			o.clock.Advance(4 * time.Hour)
		}
		o.log.Count(t, "mail given up", 1)
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		if got := o.log.String(); strings.Contains(got, "grace") || strings.Contains(got, "refused-by-the-test") {
			t.Errorf("the log says %s", got)
		}
	})
}

// TestARefusalForGoodEndsAMail: the address does not exist. What the server has against us is tried again, by whichever code.
func TestARefusalForGoodEndsAMail(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.open()
		org := modelstest.Organization(t, o.db)
		o.receiver.Refuse(550)
		inv := o.invite("grace@example.com", org.ID)
		o.log.Count(t, "mail refused", 1)
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		for _, want := range []string{"level=WARN", "kind=invitation", "invitation_id=" + inv.ID, "code 550"} {
			if got := o.log.String(); !strings.Contains(got, want) || strings.Contains(got, "example.com") {
				t.Errorf("the log has no %s: %s", want, got)
			}
		}
		o.receiver.Refuse(550, 5, 7, 1)
		if _, err := models.ResendInvitation(t.Context(), o.db, models.System("test"), inv.ID); err != nil {
			t.Fatal(err)
		}
		o.log.Count(t, "mail not sent", 1)
		o.receiver.Refuse(0)
		o.clock.Advance(time.Minute)
		o.receiver.Wait(t, 1)
	})
}

// due returns how many mails could be sent now.
func (o *office) due() (n int) {
	o.t.Helper()
	if err := o.db.Session(o.t.Context()).Raw(`SELECT COUNT(*) FROM mails WHERE due_at <= ?`, o.db.Now()).Scan(&n).Error; err != nil {
		o.t.Fatal(err)
	}
	return n
}

// TestWhatHasEndedIsNotSent writes mails about an invitation that is revoked before anybody sends them.
func TestWhatHasEndedIsNotSent(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		org := modelstest.Organization(t, o.db)
		by := models.System("test")
		revoked := o.invite("a@example.com", org.ID)
		if err := models.DeleteInvitation(t.Context(), o.db, by, revoked.ID, nil); err != nil {
			t.Fatal(err)
		}
		twice := o.invite("b@example.com", org.ID)
		if _, err := models.ResendInvitation(t.Context(), o.db, by, twice.ID); err != nil {
			t.Fatal(err)
		}
		gone := modelstest.Organization(t, o.db)
		o.invite("c@example.com", gone.ID)
		if err := models.DeleteOrganization(t.Context(), o.db, by, gone.ID, nil); err != nil {
			t.Fatal(err)
		}
		o.open()
		servertest.Poll(t, "no mail left", func() bool { return o.waiting() == 0 })
		if came := o.receiver.Came(); len(came) != 1 || came[0].To != "b@example.com" {
			t.Errorf("%d mails came", len(came))
		}
	})
}

// TestManyMailsOfOneDelayNoOther writes a hundred for one organization, then one of another and a reset: those are among the first.
func TestManyMailsOfOneDelayNoOther(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		busy, quiet := modelstest.Organization(t, o.db), modelstest.Organization(t, o.db)
		for i := range 60 {
			o.invite(fmt.Sprintf("p%d@example.com", i), busy.ID)
		}
		modelstest.User(t, o.db, modelstest.With("email", "ada@example.com"))
		o.clock.Advance(time.Second)
		o.invite("quiet@example.com", quiet.ID)
		if err := models.RequestPasswordReset(t.Context(), o.db, "ada@example.com"); err != nil {
			t.Fatal(err)
		}
		o.open()
		first := map[string]bool{}
		for _, m := range o.receiver.Wait(t, 62)[:20] {
			first[m.To] = true
		}
		if !first["quiet@example.com"] || !first["ada@example.com"] {
			t.Errorf("the first are %v", first)
		}
	})
}

// TestOneAddressGetsFiveMailsAnHour, whoever has them sent; the others wait.
func TestOneAddressGetsFiveMailsAnHour(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.open()
		for i := range 7 {
			o.invite("Grace@example.com", modelstest.Organization(t, o.db, modelstest.With("name", fmt.Sprint("Acme ", i))).ID)
		}
		o.invite("ada@example.com", modelstest.Organization(t, o.db).ID)
		o.log.Count(t, "mail sent", 6)
		o.log.Count(t, "mail waits", 2)
		o.clock.Advance(time.Hour - time.Second)
		if n := len(o.receiver.Came()); n != 6 {
			t.Errorf("%d mails came", n)
		}
		o.clock.Advance(time.Second)
		o.receiver.Wait(t, 8)
	})
}

// TestAMailedInvitationProvesTheAddress, of who signs up and of who accepts.
func TestAMailedInvitationProvesTheAddress(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.open()
		org := modelstest.Organization(t, o.db)
		ada := modelstest.User(t, o.db, modelstest.With("email", "ada@example.com"))
		o.invite("ada@example.com", org.ID)
		o.receiver.Wait(t, 1)
		o.invite("grace@example.com", org.ID)
		tokens := map[string]string{}
		for _, m := range o.receiver.Wait(t, 2) {
			tokens[m.To] = m.Token(t)
		}
		herself := models.Caller{Kind: models.ByUserKey, ID: ada.ID, Scope: collection.Person(ada.ID),
			Rights: models.Rights{Scopes: []string{models.EveryScope}}}
		for email, by := range map[string]models.Caller{"ada@example.com": herself, "grace@example.com": {}} {
			in := &models.Change{Attributes: map[string]any{"password": "a long password", "firstName": "A", "lastName": "B"}}
			inv, err := models.AcceptInvitation(t.Context(), o.db, by, tokens[email], in)
			if err != nil {
				t.Fatalf("%s: %v", email, err)
			}
			found, err := collection.Find(t.Context(), o.db, models.Users, collection.Everything(), *inv.AcceptedBy, nil)
			if err != nil {
				t.Fatal(err)
			}
			if u := found.(*models.User); u.EmailVerifiedAt == nil {
				t.Errorf("%s is not verified", email)
			}
		}
		modelstest.CheckConsistency(t, o.db)
	})
}

// TestAMailThatTakesTooLongIsCutOff when the worker stops, and sent by the next one.
func TestAMailThatTakesTooLongIsCutOff(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		stalled, answer := o.receiver.Stall(t)
		end := o.open()
		o.invite("a@example.com", modelstest.Organization(t, o.db).ID)
		stalled()
		end()
		o.log.Count(t, "mail cut off", 1)
		if !o.worker.CutOff() {
			t.Error("it does not know that it has cut one off")
		}
		if n := o.due(); n != 1 {
			t.Errorf("%d mails are due", n)
		}
		answer()
		o.open()
		o.receiver.Wait(t, 1)
		if got := o.log.String(); strings.Contains(got, "ERROR") || strings.Contains(got, "attempt=2") {
			t.Errorf("the log says %s", got)
		}
	})
}

// TestAMailThatIsUnderWayIsFinished when the worker stops, and none is begun.
func TestAMailThatIsUnderWayIsFinished(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		end := o.open()
		org := modelstest.Organization(t, o.db)
		o.invite("a@example.com", org.ID)
		o.receiver.Wait(t, 1)
		end()
		if n := o.waiting(); n != 0 || o.worker.CutOff() {
			t.Errorf("%d mails are left, and that it has cut one off is %v", n, o.worker.CutOff())
		}
		o.invite("b@example.com", org.ID)
		if n := o.waiting(); n != 1 {
			t.Errorf("%d mails are left", n)
		}
	})
}

func TestTheURLOfAMailServer(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"smtp://localhost": true, "smtp://localhost:25?starttls=never": true, "smtp://u:p%40@mail.example.com?starttls=opportunistic": true,
		"smtps://u:p@mail.example.com": true, "smtps://mail.example.com:465": true,
		"": false, "mail.example.com": false, "http://mail.example.com": false, "smtp://": false, "smtp://h:x": false,
		"smtp://h:65535": true, "smtp://h:65536": false, "smtps://h:0": false,
		"smtps://h?starttls=never": false, "smtp://h?starttls=maybe": false, "smtp://h?tls=off": false, "smtp://h/path": false,
		"smtp://h?starttls=never&x=1": false,
	} {
		if _, err := mail.ParseServer(url); (err == nil) != good {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestAPasswordIsNotSentInTheClear: a server without STARTTLS gets nothing unless that was asked for.
func TestAPasswordIsNotSentInTheClear(t *testing.T) {
	t.Parallel()
	receiver := mailtest.NewReceiver(t)
	server, err := mail.ParseServer(strings.TrimSuffix(receiver.URL(), "?starttls=never"))
	if err != nil {
		t.Fatal(err)
	}
	sender := mail.NewSender(server, &netmail.Address{Address: "no-reply@roster.example"}, time.Minute)
	err = sender.Send(t.Context(), mail.Message{ID: "1", To: "a@example.com"})
	if err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("without STARTTLS: %v", err)
	}
	if n := len(receiver.Came()); n != 0 {
		t.Errorf("%d mails came", n)
	}
}
