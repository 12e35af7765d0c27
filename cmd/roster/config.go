package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"roster/mail"
	"roster/models"
	"roster/models/store"
	"roster/server"
	"roster/signin"
)

// config is the value of every setting after it was checked.
type config struct {
	dataDir       string
	databaseURL   string
	placeNamed    bool // by either of the two
	secretKeyFile string
	firstKeyFile  string
	connections   int
	statementTime time.Duration
	migrate       bool
	filling       bool // with a copy of another database
	need          store.Need
	claimed       *claim   // on the embedded database, of this process; nil for none
	files         *url.URL // nil for the database
	fileURLs      time.Duration

	logLevel     *slog.LevelVar
	logLevelFile string
	logFormat    string

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
	shutdownDelay *time.Duration // nil: by the database
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

// drainDelay returns how long a server that was told to stop goes on before it refuses connections. Where no replica can take over, nobody
// gains by it.
func (c *config) drainDelay() time.Duration {
	if c.shutdownDelay != nil {
		return *c.shutdownDelay
	}
	if _, embedded := c.sqlitePath(); embedded {
		return 0
	}
	return 5 * time.Second
}

// readLogLevel takes the level of the log from its file, if there is to be one.
func (c *config) readLogLevel() error {
	if c.logLevelFile == "" {
		return nil
	}
	text, err := readFile(c.logLevelFile)
	if err == nil {
		err = level(&c.logLevel)(strings.TrimSpace(string(text)))
	}
	if err != nil {
		return fmt.Errorf("--log-level-file (ROSTER_LOG_LEVEL_FILE) %q cannot be used: %w", c.logLevelFile, err)
	}
	return nil
}

// sqlitePath returns the file of an embedded database, and false for PostgreSQL.
func (c *config) sqlitePath() (string, bool) { return strings.CutPrefix(c.database(), "sqlite:") }

// databasePlace says where the database is, to people: a file, or host, port and name. There is no password in it.
func (c *config) databasePlace() string {
	if path, embedded := c.sqlitePath(); embedded {
		return path
	}
	at, err := pgx.ParseConfig(c.database())
	if err != nil {
		return "" // it is open, so this does not happen
	}
	return fmt.Sprintf("%s/%s", net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port))), at.Database)
}

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
