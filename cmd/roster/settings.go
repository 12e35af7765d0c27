package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"
)

// setting is one line of the table: a flag, and the environment variable of the same name.
type setting struct {
	group  group
	flag   string
	value  string // when neither flag nor variable is given
	secret bool   // the value may hold a password and is never repeated
	toggle bool   // a flag that needs no value
	set    func(value string) error
	help   string
}

// group is what a setting is about. Commands take the groups they need; help is sorted by them.
type group string

const (
	storage group = "1. Database and secrets"
	network group = "2. Listening"
	bounds  group = "3. Limits and timeouts"
	hooks   group = "4. Webhooks"
	mails   group = "5. Mail"
	people  group = "6. People"
	logging group = "7. Log"
	insight group = "8. Traces and profiles"
)

// settings is the one table of everything that can be set. An empty value in it means "not used" or "derived", as the help says.
func (c *config) settings() []setting {
	var all []setting
	for _, g := range []struct {
		group    group
		settings []setting
	}{
		{storage, c.storageSettings()},
		{network, c.networkSettings()},
		{bounds, c.boundsSettings()},
		{hooks, c.webhookSettings()},
		{mails, c.mailSettings()},
		{people, c.peopleSettings()},
		{logging, c.logSettings()},
		{insight, c.insightSettings()},
	} {
		for _, s := range g.settings {
			s.group = g.group
			all = append(all, s)
		}
	}
	return all
}

func (c *config) storageSettings() []setting {
	return []setting{
		{flag: "data-dir", value: "./roster-data", set: required(text(&c.dataDir)),
			help: "`directory` of the embedded database and the generated secret key"},
		{flag: "database-url", secret: true, set: databaseURL(&c.databaseURL), //nolint:gosec // the help shows how a URL is written
			help: "`URL` of the database: postgres://user:password@host/name or sqlite:path (default: sqlite:DATA-DIR/roster.db)"},
		{flag: "secret-key-file", set: text(&c.secretKeyFile),
			help: "`file` with the key that protects stored secrets, 32 bytes in base64, or the key itself in " + secretKeyVariable +
				" in the environment; what is named must exist (default: DATA-DIR/secret.key, made by the first start on SQLite, and by " +
				"'roster secret-key create')"},
		{flag: "database-connections", value: "16", set: number(&c.connections, 1, 1000),
			help: "connections to PostgreSQL, or readers of SQLite, at most"},
		{flag: "statement-timeout", value: "30s", set: duration(&c.statementTime, zero),
			help: "longest run of one statement on PostgreSQL; 0 for no limit"},
		{flag: "migrate", value: "false", toggle: true, set: toggle(&c.migrate),
			help: "bring a PostgreSQL schema up to date before starting; SQLite always is"},
		{flag: "files", secret: true, set: optional(filesURL(&c.files)),
			help: "`URL` of where logos and avatars are kept: file:///directory, or s3://bucket/prefix?endpoint=https://host&region=name " +
				"with " + accessKey + " and " + accessSecret + " in the environment (default: the database)"},
		{flag: "file-url-lifetime", value: "15m", set: duration(&c.fileURLs, time.Second),
			help: "how long the signed URL of a file works"},
	}
}

func (c *config) networkSettings() []setting {
	return []setting{
		{flag: "first-key-file", set: text(&c.firstKeyFile),
			help: "new `file` for the first management key of an installation, instead of printing it"},
		{flag: "listen", value: "127.0.0.1:8080", set: address(&c.listen),
			help: "`address` to listen on"},
		{flag: "metrics-listen", set: optional(address(&c.metricsListen)),
			help: "`address` for /metrics alone (default: on the main listener)"},
		{flag: "base-url", set: optional(webURL(&c.baseURL)),
			help: "public `URL` of this service, for what is printed and announced (default: derived from listener or request)"},
		{flag: "tls-cert", set: text(&c.tlsCert),
			help: "`file` with the certificate chain in PEM; serves TLS together with --tls-key; a new one is served without a restart"},
		{flag: "tls-key", set: text(&c.tlsKey),
			help: "`file` with the private key in PEM"},
		{flag: "hsts-preload", value: "false", toggle: true, set: toggle(&c.hstsPreload),
			help: "over TLS, tell browsers to use TLS for every subdomain of this host too, and allow their preload lists to name it " +
				"(Strict-Transport-Security: includeSubDomains; preload); it can hardly be taken back"},
		{flag: "oidc-providers", set: optional(providers(&c.providers)),
			help: "`file` with the providers of OpenID Connect that people sign in with at /auth/NAME: a JSON list of name, issuer, " +
				"clientId, clientSecret, scopes"},
		{flag: "trusted-proxies", set: networks(&c.trustedProxies),
			help: "`networks` (CIDR list) whose X-Forwarded-For and X-Forwarded-Proto are believed"},
		{flag: "cors-origins", set: origins(&c.corsOrigins),
			help: "`origins` whose pages may call the API, or *; none turns CORS off"},
	}
}

func (c *config) boundsSettings() []setting {
	return []setting{
		{flag: "rate-limit", value: "1000", set: number(&c.rateLimit, 0, 1_000_000_000),
			help: "requests a minute for each credential, and for each address without one; five times that for an organization with " +
				"its keys; 0 for no limit"},
		{flag: "session-idle", value: "336h", set: between(&c.sessions.Idle, time.Minute, 8760*time.Hour, "336h"),
			help: "a session in a browser ends when it was not used for this long"},
		{flag: "session-lifetime", value: "2160h", set: between(&c.sessions.Lifetime, time.Minute, 87600*time.Hour, "2160h"),
			help: "a session in a browser ends after this long, however much it is used"},
		{flag: "password-work", value: "0", set: number(&c.passwordWork, 0, 1000),
			help: "passwords worked on at once, at most, 19 MiB and a processor each; 0 is one for each processor"},
		{flag: "max-body", value: "1048576", set: number(&c.maxBody, 1024, 1<<30),
			help: "largest body of a request in bytes"},
		{flag: "max-header", value: "65536", set: number(&c.maxHeader, 4096, 1<<20),
			help: "largest header of a request in bytes"},
		{flag: "header-timeout", value: "10s", set: duration(&c.headerTime, positive),
			help: "longest wait for a request's header"},
		{flag: "read-timeout", value: "30s", set: duration(&c.readTime, positive),
			help: "longest wait for a whole request"},
		{flag: "request-timeout", value: "30s", set: duration(&c.requestTime, positive),
			help: "longest work on a request before it is answered with 503"},
		{flag: "write-timeout", value: "60s", set: duration(&c.writeTime, positive),
			help: "longest time from a request's header to the end of its answer"},
		{flag: "idle-timeout", value: "120s", set: duration(&c.idleTime, positive),
			help: "longest life of an idle connection"},
		{flag: "event-retention-days", value: "0", set: number(&c.eventRetention, 0, 36_500),
			help: "days that events are kept, and as long as one of them is still to be sent; 0 for ever"},
		{flag: "shutdown-delay", set: optional(someDuration(&c.shutdownDelay, zero)),
			help: "time between reporting not ready and refusing connections, for load balancers to notice; Ctrl-C leaves it out " +
				"(default: 5s on PostgreSQL, none on SQLite, where nobody takes over)"},
		{flag: "shutdown-grace", value: "20s", set: duration(&c.shutdownGrace, positive),
			help: "longest wait for running requests when stopping, after the delay; containers are commonly killed after 30s"},
	}
}

func (c *config) webhookSettings() []setting {
	return []setting{
		{flag: "allow-private-webhook-targets", set: networks(&c.privateTargets),
			help: "private `networks` (CIDR list) that webhooks may be sent to"},
		{flag: "webhook-plain-http", value: "false", toggle: true, set: toggle(&c.webhookPlainHTTP),
			help: "send webhooks to http:// URLs on public addresses, too"},
		{flag: "webhook-proxy", secret: true, set: optional(proxy(&c.webhookProxy)),
			help: "`URL` of a proxy that every webhook goes through; it must refuse internal addresses"},
		{flag: "webhook-endpoints", value: "50", set: number(&c.webhooks, 0, 1_000_000),
			help: "endpoints of one organization, its own webhookUrl among them, at most; 0 for no limit"},
		{flag: "webhook-slots", value: "1024", set: number(&c.webhookSlots, 4, 100_000),
			help: "webhooks under way at once, at most; receivers that fail share a quarter, new ones another"},
		{flag: "webhook-endpoint-slots", value: "8", set: number(&c.webhookLaneCap, 1, 1000),
			help: "webhooks under way to one endpoint at once, at most"},
		{flag: "webhook-timeout", value: "20s", set: duration(&c.webhookTimeout, positive),
			help: "longest exchange with a receiver, from its name to the end of its answer"},
		{flag: "webhook-retention-days", value: "30", set: number(&c.webhookRetention, 0, 36_500),
			help: "days that finished deliveries are kept, and what waits for a paused or disabled endpoint; 0 for ever"},
		{flag: "webhook-answer-days", value: "7", set: number(&c.webhookAnswers, 0, 36_500),
			help: "days that what was sent with an attempt and the answer to it are kept; 0 for as long as the delivery"},
	}
}

func (c *config) mailSettings() []setting {
	return []setting{
		{flag: "smtp-url", secret: true, set: mailServer(&c.mailServer),
			help: "`URL` of the mail server: smtps://user:password@host:465, or smtp://user:password@host:587, which must have STARTTLS " +
				"unless ?starttls=opportunistic or never follows; without one no mail is sent; needs --mail-from and --base-url"},
		{flag: "mail-from", set: optional(mailAddress(&c.mailFrom)),
			help: "`address` that mails come from: Roster <no-reply@example.com>"},
	}
}

func (c *config) logSettings() []setting {
	return []setting{
		{flag: "log-level", value: "info", set: level(&c.logLevel),
			help: "debug, info, warn or error"},
		{flag: "log-level-file", set: text(&c.logLevelFile),
			help: "`file` with the level in place of --log-level; a server reads it again on SIGHUP"},
		{flag: "log-format", value: "text", set: oneOf(&c.logFormat, "text", "json"),
			help: "text or json"},
	}
}

func (c *config) peopleSettings() []setting {
	return []setting{
		{flag: "users-create-organizations", value: "false", toggle: true, set: toggle(&c.usersCreate),
			help: "let people create organizations without a parent, which they own, and make a branch of theirs one"},
	}
}

func (c *config) insightSettings() []setting {
	return []setting{
		{flag: "otlp-endpoint", secret: true, set: optional(otlpEndpoint(&c.otlpEndpoint)),
			help: "`URL` of a receiver of OpenTelemetry traces, by OTLP over HTTP: http://127.0.0.1:4318; the OTEL_ variables of the " +
				"environment that docs/observability.md names are read as well (default: nothing is traced)"},
		{flag: "debug-listen", set: optional(debugAddress(&c.debugListen)),
			help: "`address` to serve profiles at, below /debug/pprof/, to whoever can reach it; :6060 is of this machine alone"},
	}
}

// variable returns the name of the environment variable.
func (s setting) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_"))
}

// refuse says in one sentence which setting has which wrong value.
func (s setting) refuse(value string, err error) error {
	what := fmt.Sprintf("cannot be %q", value)
	if s.secret {
		what = "cannot be used"
		if strings.TrimSpace(value) != value { // not seen, as it would be in a value that is quoted
			err = errors.New("white space is around it, as the line break at the end of a file that a Secret was made of")
		}
	}
	return usageError{fmt.Errorf("--%s (%s) %s: %w", s.flag, s.variable(), what, err)}
}

// flags returns the flags of the groups that a command takes.
func (p *program) flags(groups ...group) []cli.Flag {
	var flags []cli.Flag
	for _, s := range new(config).settings() {
		if !slices.Contains(groups, s.group) {
			continue
		}
		from := cli.ValueSourceChain{Chain: []cli.ValueSource{variable{s.variable(), p.environment.get, s.toggle}}}
		if s.toggle {
			flags = append(flags, &cli.BoolFlag{Name: s.flag, Usage: s.help, Category: string(s.group), Sources: from, HideDefault: true})
			continue
		}
		f := &cli.StringFlag{Name: s.flag, Value: s.value, Usage: s.help, Category: string(s.group), Sources: from,
			HideDefault: s.value == ""}
		flags = append(flags, f)
	}
	return flags
}

// config reads and checks the settings that the command takes; the others have their defaults.
func (p *program) config(cmd *cli.Command) (*config, error) {
	c := &config{getenv: p.environment.get, placeNamed: cmd.IsSet("data-dir") || cmd.IsSet("database-url")}
	for _, s := range c.settings() {
		value := s.value
		switch given := cmd.Value(s.flag).(type) {
		case string:
			value = given
		case bool:
			value = strconv.FormatBool(given)
			if v := p.environment.get(s.variable()); v != "" && !cmd.IsSet(s.flag) {
				value = v
			}
		}
		if err := s.set(value); err != nil {
			return nil, s.refuse(value, err)
		}
	}
	if cmd.Value("log-level") != nil { // what has no log, such as healthcheck, is run every few seconds
		p.warnOfVariables(c)
	}
	if err := c.check(); err != nil {
		return nil, usageError{err}
	}
	if err := c.readLogLevel(); err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// variable is the environment as a source of the library's. An empty variable counts as absent. One that should be true or false and is
// neither is left to config, which has a better sentence for it.
type variable struct {
	name   string
	getenv func(string) string
	toggle bool
}

func (v variable) Lookup() (string, bool) {
	value := v.getenv(v.name)
	if v.toggle {
		if _, err := strconv.ParseBool(value); err != nil {
			return "", false
		}
	}
	return value, value != ""
}

func (v variable) IsFromEnv() bool  { return true }
func (v variable) Key() string      { return v.name }
func (v variable) String() string   { return "environment variable " + v.name }
func (v variable) GoString() string { return "variable{" + v.name + "}" }
