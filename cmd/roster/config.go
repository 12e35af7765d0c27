package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"roster/mail"
	"roster/models"
	"roster/server"
	"roster/signin"
)

// config is the value of every setting after it was checked.
type config struct {
	dataDir       string
	databaseURL   string
	secretKeyFile string
	firstKeyFile  string
	connections   int
	statementTime time.Duration
	migrate       bool
	files         *url.URL // nil for the database
	fileURLs      time.Duration

	logLevel  slog.Level
	logFormat string

	otlpEndpoint *url.URL // nil: nothing is traced
	debugListen  string   // "": no profiles are served

	listen         string
	metricsListen  string
	baseURL        string
	tlsCert        string
	tlsKey         string
	hstsPreload    bool
	trustedProxies []netip.Prefix
	corsOrigins    []string

	rateLimit     int
	sessions      models.SessionTerms
	providers     []signin.Provider
	passwordWork  int
	maxBody       int
	maxHeader     int
	readTime      time.Duration
	headerTime    time.Duration
	requestTime   time.Duration
	writeTime     time.Duration
	idleTime      time.Duration
	shutdownDelay time.Duration
	shutdownGrace time.Duration

	eventRetention int // in days

	privateTargets   []netip.Prefix
	webhookPlainHTTP bool
	webhookProxy     *url.URL
	webhooks         int
	webhookSlots     int
	webhookLaneCap   int
	webhookTimeout   time.Duration
	webhookRetention int
	webhookAnswers   int

	mailServer *mail.Server // nil: no mail is sent
	mailFrom   *netmail.Address

	getenv      func(string) string
	usersCreate bool
}

// defaultIdle is how long sessions may be idle unless somebody says; a shorter life ends them before.
const defaultIdle = 14 * 24 * time.Hour

// check looks at settings that must fit each other.
func (c *config) check() error {
	switch {
	case (c.tlsCert == "") != (c.tlsKey == ""):
		return errors.New("--tls-cert (ROSTER_TLS_CERT) and --tls-key (ROSTER_TLS_KEY) must be given together")
	case c.lacksAccess():
		return fmt.Errorf("--files (ROSTER_FILES) cannot be %q: a bucket needs %s and %s in the environment", c.files, accessKey,
			accessSecret)
	case c.writeTime <= c.requestTime:
		return fmt.Errorf("--write-timeout (ROSTER_WRITE_TIMEOUT) cannot be %q: it must be longer than --request-timeout, %s, "+
			"or an answer that came late could not be sent", c.writeTime, c.requestTime)
	case c.sessions.Idle > c.sessions.Lifetime && c.sessions.Idle != defaultIdle:
		return fmt.Errorf("--session-idle (ROSTER_SESSION_IDLE) cannot be %q: it must not be longer than --session-lifetime, %s",
			c.sessions.Idle, c.sessions.Lifetime)
	case c.mailFrom != nil && c.mailServer == nil:
		return fmt.Errorf("--mail-from (ROSTER_MAIL_FROM) cannot be %q: without --smtp-url (ROSTER_SMTP_URL) no mail is sent", c.mailFrom)
	case c.mailServer != nil && (c.mailFrom == nil || c.baseURL == ""):
		return errors.New("--smtp-url (ROSTER_SMTP_URL) needs --mail-from (ROSTER_MAIL_FROM), and --base-url (ROSTER_BASE_URL) for the " +
			"links in mails")
	}
	return nil
}

// sqlitePath returns the file of an embedded database, and false for PostgreSQL.
func (c *config) sqlitePath() (string, bool) { return strings.CutPrefix(c.database(), "sqlite:") }

// database returns the URL of the database; without a setting, of the file in the data directory.
func (c *config) database() string {
	if c.databaseURL == "" {
		return "sqlite:" + filepath.Join(c.dataDir, "roster.db")
	}
	return c.databaseURL
}

// logger returns the log, written to w.
func (c *config) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if c.logFormat == "json" {
		return slog.New(server.NewLog(slog.NewJSONHandler(w, options)))
	}
	return slog.New(server.NewLog(slog.NewTextHandler(w, options)))
}
