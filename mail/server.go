package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Server is the mail server that everything is handed to.
type Server struct {
	host           string
	port           int
	tls            bool // from the first byte on
	starttls       gomail.TLSPolicy
	user, password string
}

// policies are the words for STARTTLS.
var policies = map[string]gomail.TLSPolicy{
	"": gomail.TLSMandatory, "required": gomail.TLSMandatory, "opportunistic": gomail.TLSOpportunistic, "never": gomail.NoTLS,
}

// ParseServer reads the URL of a mail server: smtps://user:password@host:465, or smtp://user:password@host:587 with STARTTLS, which
// ?starttls=opportunistic uses where the server has it and ?starttls=never does not. Without a port it is that of the example. The error
// does not repeat the URL, which may hold a password.
func ParseServer(text string) (Server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return Server{}, errors.New("it must look like smtps://user:password@host:465 or smtp://host:587, with special characters " +
			"percent-encoded")
	}
	s := Server{host: u.Hostname(), tls: u.Scheme == "smtps", user: u.User.Username()}
	s.password, _ = u.User.Password()
	query, standard := u.Query(), map[string]int{"smtp": 587, "smtps": 465}[u.Scheme]
	policy, known := policies[query.Get("starttls")]
	switch {
	case standard == 0:
		return Server{}, errors.New("it must begin with smtp:// or smtps://")
	case !known || s.tls && query.Has("starttls") || len(query) > 1 || len(query) == 1 && !query.Has("starttls"):
		return Server{}, errors.New("behind smtp:// it can have ?starttls=required, opportunistic or never, and nothing else")
	}
	s.starttls = policy
	s.port, err = strconv.Atoi(cmp.Or(u.Port(), strconv.Itoa(standard)))
	if err != nil || s.port < 1 || s.port > 65535 {
		return Server{}, errors.New("its port must be a number from 1 to 65535")
	}
	return s, nil
}

// Sender hands messages to a mail server.
type Sender struct {
	server  Server
	from    *netmail.Address
	timeout time.Duration
}

// NewSender returns a sender of mails from an address. A message has as long as the timeout, from its first byte to the server's last.
func NewSender(server Server, from *netmail.Address, timeout time.Duration) *Sender {
	return &Sender{server: server, from: from, timeout: timeout}
}

// ErrRefused is the error of a recipient that the mail server refuses for good: it would refuse the same message again.
var ErrRefused = errors.New("the recipient is refused for good")

// Send hands a message to the server. Without an error the server has it; with [ErrRefused] it will never take it. The error says nothing
// of who was to get it, and repeats nothing that the server said but its codes.
func (s *Sender) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	client, err := s.client(ctx)
	if err != nil {
		return fmt.Errorf("prepare mail: %w", err)
	}
	connection, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", saying(ctx, err))
	}
	defer func() { _ = client.CloseWithSMTPClient(connection) }() // it has what it has
	if err := client.SendWithSMTPClient(connection, msg); err != nil {
		return fmt.Errorf("hand over mail: %w", saying(ctx, err))
	}
	return nil
}

// client returns a client of the library's for one message. Its connection ends with ctx, whatever it waits for.
func (s *Sender) client(ctx context.Context) (*gomail.Client, error) {
	dial := func(dialing context.Context, network, address string) (connection net.Conn, err error) {
		if s.server.tls {
			dialer := tls.Dialer{Config: &tls.Config{ServerName: s.server.host, MinVersion: tls.VersionTLS12}}
			connection, err = dialer.DialContext(dialing, network, address)
		} else {
			connection, err = new(net.Dialer).DialContext(dialing, network, address)
		}
		if err == nil {
			context.AfterFunc(ctx, func() { _ = connection.Close() })
		}
		return connection, err
	}
	options := []gomail.Option{
		gomail.WithPort(s.server.port), gomail.WithTimeout(s.timeout), gomail.WithDialContextFunc(dial),
		gomail.WithTLSPolicy(s.server.starttls), gomail.WithHELO(heloOf(s.from.Address)), gomail.WithoutNoop(),
	}
	if s.server.tls {
		options = append(options, gomail.WithSSL())
	}
	if s.server.user != "" {
		options = append(options, gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(s.server.host, options...)
}

// heloOf returns what the program calls itself to mail servers: the domain that it sends from.
func heloOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// message returns a message as the library has it.
func (s *Sender) message(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	if err := msg.To(m.To); err != nil {
		return nil, errors.New("the address cannot be written in a mail") // the library's error has it
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID + "@" + heloOf(s.from.Address))
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody is told of an absence (RFC 3834)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// saying returns an error of the library that can be told. What ends with its time ends by closing the connection, whose words say nothing.
func saying(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it did not answer in time: %w", os.ErrDeadlineExceeded)
	}
	return withoutWords(err)
}

// withoutWords returns an error of the library without what the server said: that can hold the address, or anything.
func withoutWords(err error) error {
	var sending *gomail.SendError
	var said *textproto.Error
	switch {
	case errors.As(err, &sending) && isRefusal(sending):
		return fmt.Errorf("%w, with the code %d", ErrRefused, sending.ErrorCode())
	case errors.As(err, &sending):
		return fmt.Errorf("%s, with the code %d", sending.Reason, sending.ErrorCode())
	case errors.As(err, &said):
		return fmt.Errorf("it answered with the code %d", said.Code)
	default:
		return err
	}
}

// isRefusal reports whether the server refuses the recipient for good, with a 5yz (RFC 5321 §4.2.1). What it says of us, that we have not
// signed in (530 to 539, RFC 4954 §6) or may not send there (X.7.Z, RFC 3463 §3.8), is put right by the operator and not by another
// address.
func isRefusal(said *gomail.SendError) bool {
	code := said.ErrorCode()
	ofUs := code/10 == 53 || strings.HasPrefix(said.EnhancedStatusCode(), "5.7.")
	return said.Reason == gomail.ErrSMTPRcptTo && code/100 == 5 && !ofUs
}
