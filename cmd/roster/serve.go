package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"
)

func (p *program) serveCommand() *cli.Command {
	return &cli.Command{
		Name:  "serve",
		Usage: "serve the API",
		Description: "Without settings it listens on loopback and keeps its data in one file.\n\n" +
			"   roster serve\n" +
			"   roster serve --listen :8443 --tls-cert cert.pem --tls-key key.pem\n" +
			"   ROSTER_DATABASE_URL=postgres://roster@localhost/roster roster serve --migrate\n\n" +
			"SIGTERM reports not ready, goes on for --shutdown-delay, so that load balancers notice, and lets running requests finish.\n" +
			"SIGINT, which Ctrl-C sends, leaves the delay out. A second one of either ends the process at once. SIGHUP reads the\n" +
			"certificate and --log-level-file again.",
		Flags: p.flags(storage, network, bounds, hooks, mails, people, logging, insight),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			cfg, err := p.config(cmd)
			if cmd.String("log-format") == "json" { // whoever reads that reads no other text, not of a setting that is refused either
				p.log = (&config{logFormat: "json", logLevel: new(slog.LevelVar)}).logger(p.stderr)
			}
			if err != nil {
				return err
			}
			return p.serve(ctx, cfg)
		},
	}
}

// serve runs the server until ctx ends or a listener fails.
func (p *program) serve(ctx context.Context, cfg *config) (err error) {
	logger := cfg.logger(p.stderr)
	log.SetFlags(0)
	log.SetOutput(libraryLog{logger}) // net/http has no other place for what it finds on a connection to a receiver
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // before anybody is told that it listens
	defer signal.Stop(hangups)
	a := newApp(cfg, logger)
	var stopping time.Time // not before it served
	defer func() {
		stopped := a.stop()
		if stopped != nil && errors.Is(err, errNotInPlace) { // it says more
			err = nil
		}
		err = errors.Join(err, stopped)
		if !stopping.IsZero() {
			a.tellStopped(logger, stopping)
		}
	}()
	if err := a.start(ctx, p.stdout, p.doors); err != nil {
		if wasInterrupted(ctx, err) { // which is how a start is called off
			logger.Info("stopped before it served")
			return nil
		}
		return err
	}
	err = p.untilStop(ctx, a, hangups)
	stopping = time.Now()
	if err != nil {
		return err
	}
	return a.unready(ctx)
}

// untilStop returns when the server is to stop, or with the error of a listener. A hangup makes it read its files again, unless it is the
// last that is heard of the terminal that the server was started in.
func (p *program) untilStop(ctx context.Context, a *app, hangups <-chan os.Signal) error {
	watched := p.onTerminal()
	for {
		select {
		case err := <-a.failed:
			return err
		case <-ctx.Done():
			return nil
		case <-hangups:
			if watched && !p.onTerminal() {
				return nil
			}
			a.reload()
		}
	}
}

// libraryLog takes what a library writes to the log of the standard library, a line at a time, into ours. What net/http quotes of a
// receiver's answer is left out: nothing that others write is in the log.
type libraryLog struct{ logger *slog.Logger }

// Write implements io.Writer.
func (l libraryLog) Write(line []byte) (int, error) {
	message, _, _ := strings.Cut(strings.TrimSpace(string(line)), " starting with ")
	l.logger.Warn("library: " + message)
	return len(line), nil
}
