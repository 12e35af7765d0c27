package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"strings"
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
			"SIGTERM and SIGINT let running requests finish; a second one ends the process at once.",
		Flags: p.flags(storage, network, bounds, hooks, mails, people, logging, insight),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			cfg, err := p.config(cmd)
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
	a := newApp(cfg, logger)
	defer func() { err = errors.Join(err, a.stop()) }()
	if err := a.start(ctx, p.stdout, p.doors); err != nil {
		return err
	}
	select {
	case err := <-a.failed:
		return err
	case <-ctx.Done():
	}
	a.logger.Info("stopping", "delay", cfg.shutdownDelay.String(), "grace", cfg.shutdownGrace.String())
	a.health.Drain()
	time.Sleep(cfg.shutdownDelay) // a second signal ends it
	return nil
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
