package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/urfave/cli/v3"
)

func (p *program) healthcheckCommand() *cli.Command {
	return &cli.Command{
		Name:  "healthcheck",
		Usage: "ask a running server on this machine whether it is ready; for containers without a shell",
		Description: "It reads the same settings as serve and exits with 0 if /readyz answers 200.\n\n" +
			"   HEALTHCHECK CMD [\"/roster\", \"healthcheck\"]",
		Flags: p.flags(network),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			cfg, err := p.config(cmd)
			if err != nil {
				return err
			}
			return healthcheck(ctx, cfg)
		},
	}
}

func healthcheck(ctx context.Context, cfg *config) (err error) {
	transport := &http.Transport{
		// It asks this machine about itself, under an address that no certificate names.
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
		DisableKeepAlives: true,
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, cfg.ownURL(cfg.listen)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	answer, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return fmt.Errorf("not ready: %s", body)
	}
	return nil
}

// ownURL returns the URL under which this machine reaches a server that listens on that address.
func (c *config) ownURL(listen string) string {
	scheme := "http"
	if c.tlsCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return scheme + "://" + listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
