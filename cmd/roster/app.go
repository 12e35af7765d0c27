package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"roster/models/store"
	"roster/server"
)

// app is a running server. What start builds up, stop takes down in reverse order.
type app struct {
	cfg     *config
	logger  *slog.Logger
	db      *store.DB
	outage  *store.Outage
	health  *server.Health
	metrics *server.Metrics
	tracer  trace.Tracer // nil: nothing is traced
	pair    *keyPair     // nil for plain HTTP

	stops  []func() error
	atOnce []func()   // what is told to end when stopping begins, so that one period of grace is enough for all
	cuts   []cut      // what may be cut off
	failed chan error // what makes it end by itself

	working context.Context // of every request; cutOff ends it
	cutOff  context.CancelFunc
}

// cut is something that takes its time, and is cut off at the end of the period of grace.
type cut struct {
	what string
	is   func() bool // once it has stopped
}

// newApp returns a server that is not started.
func newApp(cfg *config, logger *slog.Logger) *app {
	working, cutOff := context.WithCancel(context.Background())
	return &app{cfg: cfg, logger: logger, failed: make(chan error, 3), working: working, cutOff: cutOff}
}

// end makes the server stop because of an error, unless it stops already.
func (a *app) end(err error) {
	select {
	case a.failed <- err:
	default:
	}
}

// onStop adds a step of stopping. Steps run from the last to the first.
func (a *app) onStop(stop func() error) { a.stops = append(a.stops, stop) }

// stop takes down what was started, all of it, whatever fails on the way.
func (a *app) stop() error {
	defer a.cutOff()
	for _, end := range a.atOnce {
		end()
	}
	var errs []error
	for i := len(a.stops) - 1; i >= 0; i-- {
		errs = append(errs, a.stops[i]())
	}
	return errors.Join(errs...)
}

// tellStopped is the last line of a server that served: how long it took to stop, and what was cut off.
func (a *app) tellStopped(logger *slog.Logger, since time.Time) {
	var what []string
	for _, c := range a.cuts {
		if c.is() {
			what = append(what, c.what)
		}
	}
	level := slog.LevelInfo
	if len(what) > 0 {
		level = slog.LevelWarn
	}
	took := time.Since(since).Round(time.Millisecond)
	logger.Log(context.Background(), level, "stopped", "took", took.String(), "cut_off", strings.Join(what, ","))
}

// unready reports that the server takes no more requests, and goes on with those that come until whoever sends them has noticed. A person
// who interrupts it does not wait for that.
func (a *app) unready(ctx context.Context) error {
	delay := a.cfg.drainDelay()
	if errors.Is(context.Cause(ctx), errInterrupted) {
		delay = 0
	}
	a.health.Drain()
	a.logger.Info("stopping", "delay", delay.String(), "grace", a.cfg.shutdownGrace.String())
	select {
	case err := <-a.failed:
		return err
	case <-time.After(delay): // a second signal ends it
		return nil
	}
}

// reload reads the files again that may change while the server runs, and tells of each whether it could. What cannot be used leaves
// everything as it is.
func (a *app) reload() {
	var read, refused []string
	note := func(setting string, err error) {
		if err != nil {
			refused = append(refused, setting)
			return
		}
		read = append(read, setting)
	}
	if a.cfg.logLevelFile != "" {
		err := a.cfg.readLogLevel()
		if err != nil {
			a.logger.Warn("log level not changed", "error", err)
		}
		note("log-level-file", err)
	}
	if a.pair != nil {
		err := a.pair.reload()
		note("tls-cert", err)
	}
	// Whatever the level is by now: who has sent the signal looks for the answer.
	tell := func(level slog.Level, message string, more ...any) {
		line := slog.NewRecord(time.Now(), level, message, 0)
		line.Add(more...)
		_ = a.logger.Handler().Handle(context.Background(), line) // as the logger does
	}
	outcome := []any{"read", strings.Join(read, ","), "refused", strings.Join(refused, ","), "log_level", a.cfg.logLevel.Level().String()}
	switch {
	case len(read)+len(refused) == 0:
		tell(slog.LevelInfo, "no file to read again: neither --log-level-file nor --tls-cert is given")
	case len(refused) == 0:
		tell(slog.LevelInfo, "files read again", outcome...)
	case len(read) == 0:
		tell(slog.LevelWarn, "no file read again: each was refused, and what was before stays", outcome...)
	default:
		tell(slog.LevelWarn, "some files read again: for those that were refused, what was before stays", outcome...)
	}
}

// start opens, wires and begins to serve. After an error, stop still has to be called.
func (a *app) start(ctx context.Context, stdout io.Writer, open func(*app) []*server.Door) error {
	if err := a.checkFiles(); err != nil {
		return err
	}
	release, err := a.cfg.claim() // before the schema changes under a server of another version
	if errors.Is(err, errServed) {
		return fmt.Errorf("%w; an embedded database has one, others need PostgreSQL: --database-url (ROSTER_DATABASE_URL)", err)
	}
	if err != nil {
		return err
	}
	a.onStop(release)
	if err := a.trace(ctx); err != nil { // what the others end with is traced
		return err
	}
	if err := a.openDatabase(ctx); err != nil {
		return err
	}
	a.watchOutages()
	if err := a.checkPooler(ctx); err != nil {
		return err
	}
	if err := a.noteSecretKey(ctx); err != nil {
		return err
	}
	a.collectSeldom()
	if err := a.compareClocks(ctx); err != nil {
		return err
	}

	a.health = server.NewHealth(a.db)
	a.metrics = server.NewMetrics(thisBuild(), a.db.Pools())
	a.metrics.Watch(a.outage)
	service, err := server.New(server.Config{
		DB: a.db, Outage: a.outage, Logger: a.logger, Metrics: a.metrics, Health: a.health, LastUsed: a.noteUses(), Tracer: a.tracer,
		Limiter: server.NewLimiter(a.cfg.rateLimit, time.Minute, time.Now),
		BaseURL: a.cfg.baseURL, HSTSPreload: a.cfg.hstsPreload, Proxies: a.cfg.trustedProxies, Origins: a.cfg.corsOrigins,
		Stop: a.working, RequestTimeout: a.cfg.requestTime, MaxBody: int64(a.cfg.maxBody),
		ServeMetrics: a.cfg.metricsListen == "",
	}, open(a)...)
	if err != nil {
		return err
	}
	listener, err := a.listen(ctx, a.cfg.listen)
	if err != nil {
		return err
	}
	if err := a.serveMetrics(ctx); err != nil {
		return err
	}
	if err := a.serveProfiles(ctx); err != nil {
		return err
	}
	// Now that the address is known and nothing else can go wrong: the key can be shown only once.
	if err := a.firstKey(ctx, stdout, listener.Addr().String()); err != nil {
		return err
	}
	a.deliverWebhooks()
	a.sendMails()
	a.sweep()
	a.keepTrail()
	if err := a.introduce(ctx, listener.Addr().String()); err != nil {
		return err
	}
	a.serve(ctx, "api", listener, a.pair.config(), service)
	return nil
}

// openDatabase opens the database and looks after its file, if it has one.
func (a *app) openDatabase(ctx context.Context) (err error) {
	if a.db, err = a.cfg.openDatabase(ctx, a.logger); err != nil {
		return err
	}
	file, err := a.cfg.holdFile(ctx, a.db)
	if err != nil {
		return errors.Join(err, a.db.Close())
	}
	a.onStop(func() error { return errors.Join(a.db.Close(), file.Close()) })
	if file != nil {
		a.watchFile(file)
	}
	return nil
}

// checkFiles reads what the settings name, before anything is made: a setting that cannot be used leaves the database as it is, and the
// claim makes a file beside it.
func (a *app) checkFiles() (err error) {
	if a.pair, err = a.cfg.keyPair(a.logger); err != nil {
		return err
	}
	if _, err := a.cfg.keyToOpen(); err != nil {
		return err
	}
	return a.cfg.checkFirstKeyFileOfNew()
}

// serveMetrics serves metrics at an address of their own, if they have one.
func (a *app) serveMetrics(ctx context.Context) error {
	if a.cfg.metricsListen == "" {
		return nil
	}
	listener, err := a.listen(ctx, a.cfg.metricsListen)
	if err != nil {
		return err
	}
	only := http.NewServeMux()
	only.Handle("GET /metrics", a.metrics.Handler())
	a.serve(ctx, "metrics", listener, nil, only)
	return nil
}

// introduce says in one line which program serves what, and where it is described.
func (a *app) introduce(ctx context.Context, address string) error {
	schema, err := a.db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	b := thisBuild()
	a.logger.InfoContext(ctx, "started", "version", b.Version, "commit", b.Commit, "date", b.Date,
		"database", string(a.db.Dialect()), "at", a.cfg.databasePlace(), "schema", schema,
		"address", address, "docs", a.cfg.publicURL(address)+"/docs", "console", consoleURL(a.cfg.publicURL(address)))
	return nil
}

// watchOutages makes an outage of the database one thing in the log, from here on: whatever part of the program meets it.
func (a *app) watchOutages() {
	a.outage = store.NewOutage(a.db, a.logger)
	a.logger = a.outage.Logger()
	a.background(func(ctx context.Context) {
		ticks := time.NewTicker(time.Second)
		defer ticks.Stop()
		a.outage.Watch(ctx, ticks.C)
	})
}

// collectSeldom lets the heap grow to more than twice what is alive before it is collected: what is alive is a few megabytes, and to look
// through them often costs more than the memory is worth. SQLite keeps its pages in the process, which is large enough with them, so that
// it grows less there. GOGC, the runtime's own variable, has the last word.
func (a *app) collectSeldom() {
	if _, given := os.LookupEnv("GOGC"); given {
		return
	}
	percent := 200
	if a.db.Dialect() == store.SQLite {
		percent = 150
	}
	debug.SetGCPercent(percent)
}

// background runs work beside the servers. When stopping, it is waited for after them; its context ends then, or when the function that is
// returned is called.
func (a *app) background(work func(ctx context.Context)) context.CancelFunc {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		work(ctx)
	}()
	a.onStop(func() error {
		cancel()
		<-ended
		return nil
	})
	return cancel
}

// listen binds an address.
func (a *app) listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	a.onStop(func() error {
		_ = listener.Close() // in vain if a server used it: that closed it before
		return nil
	})
	return listener, nil
}

// serve begins to answer.
func (a *app) serve(ctx context.Context, name string, listener net.Listener, secure *tls.Config, handler http.Handler) {
	running := &sync.RWMutex{} // every request reads; whoever can write knows that none is left
	serving := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running.RLock()
			defer running.RUnlock()
			handler.ServeHTTP(w, r)
		}),
		TLSConfig:         secure,
		ReadHeaderTimeout: a.cfg.headerTime,
		ReadTimeout:       a.cfg.readTime,
		WriteTimeout:      a.cfg.writeTime,
		IdleTimeout:       a.cfg.idleTime,
		MaxHeaderBytes:    a.cfg.maxHeader,
		ErrorLog:          slog.NewLogLogger(a.logger.Handler(), slog.LevelWarn),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		serve := serving.Serve
		if secure != nil {
			serve = func(l net.Listener) error { return serving.ServeTLS(l, "", "") }
		}
		if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- fmt.Errorf("serve %s: %w", name, err)
		}
	}()
	wasCut := false
	a.cuts = append(a.cuts, cut{"requests of " + name, func() bool { return wasCut }})
	a.onStop(func() error {
		var err error
		wasCut, err = a.drain(name, serving, running)
		<-ended
		return err
	})
	a.logger.InfoContext(ctx, "listening", "server", name, "address", listener.Addr().String(), "tls", secure != nil)
}

// drain refuses new connections and waits for the running requests, up to the grace period. Then it cuts them off.
func (a *app) drain(name string, serving *http.Server, running *sync.RWMutex) (wasCut bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.shutdownGrace)
	defer cancel()
	if err := serving.Shutdown(ctx); err == nil {
		return false, nil
	}
	err = serving.Close() // first, so that nobody is told of a request that was cut off
	a.cutOff()
	running.Lock() // the database is closed next, and they use it
	defer running.Unlock()
	return true, errors.Join(fmt.Errorf("stop %s: requests were still running after %s and were cut off", name, a.cfg.shutdownGrace), err)
}
