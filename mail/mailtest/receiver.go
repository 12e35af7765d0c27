// Package mailtest is the other end of package mail, for tests: a mail server on loopback that keeps what it gets.
package mailtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	rostermail "roster/mail"
)

// Received is a mail that came.
type Received struct {
	// From and To are those of the envelope.
	From, To string
	// Header is as it was sent, Subject decoded.
	Header     mail.Header
	Subject    string
	Text, HTML string
	// Password is what who sent it has signed in with, "" for nobody.
	Password string
	Raw      string
}

// link matches the link of a mail, up to its token.
var link = regexp.MustCompile(`https?://\S+/(?:invitations|password-reset|console/invitation|console/reset)#token=(\w+)`)

// Token returns the token in the link of the text.
func (r Received) Token(t testing.TB) string {
	t.Helper()
	found := link.FindStringSubmatch(r.Text)
	if found == nil {
		t.Fatalf("there is no link in %s", r.Raw)
	}
	return found[1]
}

// Receiver is a mail server.
type Receiver struct {
	address string

	mu      sync.Mutex
	refuse  error
	stalled *stall // nil: it answers
	came    []Received
	arrived chan struct{} // closed and made again with each mail
}

// NewReceiver returns a mail server that runs until the test is over.
func NewReceiver(t testing.TB) *Receiver {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Receiver{address: listener.Addr().String(), arrived: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{r: r}, nil }))
	server.Domain, server.ReadTimeout, server.AllowInsecureAuth = "localhost", time.Minute, true
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // it ends when it is closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return r
}

// URL returns the URL of the server as the setting has it.
func (r *Receiver) URL() string { return "smtp://" + r.address + "?starttls=never" }

// Sender returns a sender to the server.
func (r *Receiver) Sender(t testing.TB) *rostermail.Sender {
	t.Helper()
	server, err := rostermail.ParseServer(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	return rostermail.NewSender(server, &mail.Address{Name: "Roster", Address: "no-reply@roster.example"}, 10*time.Second)
}

// Refuse makes the server refuse recipients with a code, 0 for none, and with an enhanced one of three numbers (RFC 3463) if it is given.
func (r *Receiver) Refuse(code int, enhancement ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = nil
	enhanced := smtp.NoEnhancedCode
	if len(enhancement) > 0 {
		enhanced = smtp.EnhancedCode(enhancement)
	}
	if code != 0 {
		r.refuse = &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "refused-by-the-test"}
	}
}

// stall is a time in which a server does not answer.
type stall struct {
	begun, over       chan struct{}
	beginOnce, ending sync.Once
}

// Stall makes the server not answer to recipients. The first function that is returned waits until one is not answered to, the second ends
// it, as the end of the test does.
func (r *Receiver) Stall(t testing.TB) (begun, end func()) {
	s := &stall{begun: make(chan struct{}), over: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stalled = s
	end = func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stalled = nil
		s.ending.Do(func() { close(s.over) })
	}
	t.Cleanup(end)
	return func() { <-s.begun }, end
}

// await waits for the end of a stall.
func (s *stall) await() {
	if s != nil {
		s.beginOnce.Do(func() { close(s.begun) })
		<-s.over
	}
}

// Came returns what came so far, in order.
func (r *Receiver) Came() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Received(nil), r.came...)
}

// Wait returns the first n mails once they are there.
func (r *Receiver) Wait(t testing.TB, n int) []Received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r.mu.Lock()
		came, arrived := r.came, r.arrived
		r.mu.Unlock()
		if len(came) >= n {
			return came[:n:n]
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			t.Fatalf("%d mails came, not %d", len(came), n)
		}
	}
}

// Next returns the n-th mail, from 1, once it is there.
func (r *Receiver) Next(t testing.TB, n int) Received {
	t.Helper()
	return r.Wait(t, n)[n-1]
}

func (r *Receiver) keep(m Received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.came = append(r.came, m)
	close(r.arrived)
	r.arrived = make(chan struct{})
}

// session is one connection.
type session struct {
	r        *Receiver
	from, to string
	password string
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// AuthMechanisms and Auth implement smtp.AuthSession: whoever signs in is let in.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		s.password = password
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.r.mu.Lock()
	stalled, refuse := s.r.stalled, s.r.refuse
	s.r.mu.Unlock()
	stalled.await()
	s.to = to
	return refuse
}

func (s *session) Data(body io.Reader) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	received, err := parse(raw)
	if err != nil {
		return err
	}
	received.From, received.To, received.Password = s.from, s.to, s.password
	s.r.keep(received)
	return nil
}

// parse reads a message of two alternatives.
func parse(raw []byte) (m Received, err error) {
	m.Raw = string(raw)
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Header = message.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return m, err
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		if typ, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); typ == "text/html" {
			m.HTML = string(text)
		} else {
			m.Text = string(text)
		}
	}
}

// Run lets a worker send mails until the function that is returned is called, or the test is over.
func Run(t testing.TB, w *rostermail.Worker) (end func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx)
	}()
	end = func() {
		cancel()
		<-ended
	}
	t.Cleanup(end)
	return end
}
