package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"
)

// setting is one line of the table: a flag, and the environment variable of the same name.
type setting struct {
	group  group
	flag   string
	value  string // when neither flag nor variable is given
	help   string
	secret bool // the value may hold a password and is never repeated
	toggle bool // a flag that needs no value
	set    func(value string) error
}

// group is what a setting is about. Commands take the groups they need; help is sorted by them.
type group string

const (
	storage group = "1. Database and secrets"
	network group = "2. Listening"
	bounds  group = "3. Limits and timeouts"
	hooks   group = "4. Webhooks"
	logging group = "5. Log"
)

// settings is the one table of everything that can be set. An empty value in it means "not used" or "derived", as the help says.
func (c *config) settings() []setting {
	return []setting{
		{storage, "data-dir", "./roster-data", "`directory` of the embedded database and the generated secret key", false, false, required(text(&c.dataDir))},
		{storage, "database-url", "", "`URL` of the database: postgres://user:password@host/name or sqlite:path (default: sqlite:DATA-DIR/roster.db)",
			true, false, databaseURL(&c.databaseURL)},
		{storage, "secret-key-file", "", "`file` with the key that protects stored secrets, 32 bytes in base64; a file that is named here must exist " +
			"(default: DATA-DIR/secret.key, made on the first start)", false, false, text(&c.secretKeyFile)},
		{storage, "database-connections", "16", "connections to PostgreSQL, or readers of SQLite, at most", false, false, number(&c.connections, 1, 1000)},
		{storage, "statement-timeout", "30s", "longest run of one statement on PostgreSQL; 0 for no limit", false, false, duration(&c.statementTime, zero)},
		{storage, "migrate", "false", "bring a PostgreSQL schema up to date before starting; SQLite always is", false, true, toggle(&c.migrate)},

		{network, "listen", "127.0.0.1:8080", "`address` to listen on", false, false, address(&c.listen)},
		{network, "metrics-listen", "", "`address` for /metrics alone (default: on the main listener)", false, false, optional(address(&c.metricsListen))},
		{network, "base-url", "", "public `URL` of this service, for what is printed (default: derived from the listener)", false, false,
			optional(webURL(&c.baseURL))},
		{network, "tls-cert", "", "`file` with the certificate chain in PEM; serves TLS together with --tls-key; " +
			"a new one is served without a restart", false, false, text(&c.tlsCert)},
		{network, "tls-key", "", "`file` with the private key in PEM", false, false, text(&c.tlsKey)},
		{network, "hsts-preload", "false", "over TLS, tell browsers to use TLS for every subdomain of this host too, and allow their " +
			"preload lists to name it (Strict-Transport-Security: includeSubDomains; preload); it can hardly be taken back",
			false, true, toggle(&c.hstsPreload)},
		{network, "trusted-proxies", "", "`networks` (CIDR list) whose X-Forwarded-For and X-Forwarded-Proto are believed", false, false,
			networks(&c.trustedProxies)},
		{network, "cors-origins", "", "`origins` whose pages may call the API, or *; none turns CORS off", false, false, origins(&c.corsOrigins)},

		{bounds, "rate-limit", "1000", "requests a minute for each credential, and for each address without one; five times that for an organization with its keys; 0 for no limit",
			false, false, number(&c.rateLimit, 0, 1_000_000_000)},
		{bounds, "max-body", "1048576", "largest body of a request in bytes", false, false, number(&c.maxBody, 1024, 1<<30)},
		{bounds, "max-header", "65536", "largest header of a request in bytes", false, false, number(&c.maxHeader, 4096, 1<<20)},
		{bounds, "header-timeout", "10s", "longest wait for a request's header", false, false, duration(&c.headerTime, positive)},
		{bounds, "read-timeout", "30s", "longest wait for a whole request", false, false, duration(&c.readTime, positive)},
		{bounds, "request-timeout", "30s", "longest work on a request before it is answered with 503", false, false, duration(&c.requestTime, positive)},
		{bounds, "write-timeout", "60s", "longest time from a request's header to the end of its answer", false, false, duration(&c.writeTime, positive)},
		{bounds, "idle-timeout", "120s", "longest life of an idle connection", false, false, duration(&c.idleTime, positive)},
		{bounds, "shutdown-delay", "0s", "time between reporting not ready and refusing connections, for load balancers to notice", false, false,
			duration(&c.shutdownDelay, zero)},
		{bounds, "shutdown-grace", "25s", "longest wait for running requests when stopping; containers are commonly killed after 30s", false, false, duration(&c.shutdownGrace, positive)},

		{hooks, "allow-private-webhook-targets", "", "private `networks` (CIDR list) that webhooks may be sent to", false, false,
			networks(&c.privateTargets)},
		{hooks, "webhook-plain-http", "false", "send webhooks to http:// URLs on public addresses, too", false, true, toggle(&c.webhookPlainHTTP)},
		{hooks, "webhook-proxy", "", "`URL` of a proxy that every webhook goes through; it must refuse internal addresses", true, false,
			optional(proxy(&c.webhookProxy))},
		{hooks, "webhook-endpoints", "50", "endpoints of one organization, its own webhookUrl among them, at most; 0 for no limit", false, false,
			number(&c.webhooks, 0, 1_000_000)},
		{hooks, "webhook-slots", "1024", "webhooks under way at once, at most; receivers that fail share a quarter, new ones another", false, false,
			number(&c.webhookSlots, 4, 100_000)},
		{hooks, "webhook-endpoint-slots", "8", "webhooks under way to one endpoint at once, at most", false, false, number(&c.webhookLaneCap, 1, 1000)},
		{hooks, "webhook-timeout", "20s", "longest exchange with a receiver, from its name to the end of its answer", false, false,
			duration(&c.webhookTimeout, positive)},
		{hooks, "webhook-retention-days", "30", "days that finished deliveries are kept, and what waits for a paused or disabled endpoint; 0 for ever", false, false, number(&c.webhookRetention, 0, 36_500)},
		{hooks, "webhook-answer-days", "7", "days that what was sent with an attempt and the answer to it are kept; 0 for as long as the delivery", false, false,
			number(&c.webhookAnswers, 0, 36_500)},

		{logging, "log-level", "info", "debug, info, warn or error", false, false, level(&c.logLevel)},
		{logging, "log-format", "text", "text or json", false, false, oneOf(&c.logFormat, "text", "json")},
	}
}

// variable returns the name of the environment variable.
func (s setting) variable() string {
	return "ROSTER_" + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_"))
}

// refuse says in one sentence which setting has which wrong value.
func (s setting) refuse(value string, err error) error {
	what := fmt.Sprintf("cannot be %q", value)
	if s.secret {
		what = "cannot be used"
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
		from := cli.ValueSourceChain{Chain: []cli.ValueSource{variable{s.variable(), p.getenv, s.toggle}}}
		if s.toggle {
			flags = append(flags, &cli.BoolFlag{Name: s.flag, Usage: s.help, Category: string(s.group), Sources: from, HideDefault: true})
			continue
		}
		f := &cli.StringFlag{Name: s.flag, Value: s.value, Usage: s.help, Category: string(s.group), Sources: from, HideDefault: s.value == ""}
		flags = append(flags, f)
	}
	return flags
}

// config reads and checks the settings that the command takes; the others have their defaults.
func (p *program) config(cmd *cli.Command) (*config, error) {
	c := &config{}
	for _, s := range c.settings() {
		value := s.value
		switch given := cmd.Value(s.flag).(type) {
		case string:
			value = given
		case bool:
			value = strconv.FormatBool(given)
			if v := p.getenv(s.variable()); v != "" && !cmd.IsSet(s.flag) {
				value = v
			}
		}
		if err := s.set(value); err != nil {
			return nil, s.refuse(value, err)
		}
	}
	if err := c.check(); err != nil {
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
