package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v3"

	"roster/webhooks"
)

// listenSecrets is the environment variable with the secrets of listen: an argument can be read by everybody on the machine.
const listenSecrets = "ROSTER_LISTEN_SECRET"

func (p *program) listenCommand() *cli.Command {
	return &cli.Command{
		Name:  "listen",
		Usage: "receive webhooks, verify them and print them; for whoever writes a receiver",
		Description: "It answers 204 to what verifies with one of the secrets, and 401 to everything else.\n\n" +
			"   roster listen --secret whsec_…\n" +
			"   ROSTER_LISTEN_SECRET=whsec_… roster listen --fail-rate 0.3\n" +
			"   roster listen --secret whsec_… --forward-to http://localhost:3000/hooks\n" +
			"   roster listen --secret whsec_… --count 1\n\n" +
			"During a rotation it takes both secrets: repeat --secret, or separate them by spaces in the variable. " +
			"A server on the same machine\n" +
			"sends to it if it was started with --allow-private-webhook-targets 127.0.0.0/8.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "secret", Usage: "`secret` of the endpoint, whsec_… or any other text, or its public key, whpk_…; " +
				"may be repeated [$" + listenSecrets + "]", HideDefault: true},
			&cli.StringFlag{Name: "listen", Usage: "`address` to listen on", Value: "127.0.0.1:9000"},
			&cli.StringFlag{Name: "path", Usage: "`path` that is answered; others are 404", Value: "/"},
			&cli.StringFlag{Name: "fail-rate",
				Usage: "share of good webhooks to answer with 500, from 0 to 1, to see them again", Value: "0"},
			&cli.StringFlag{Name: "count", Usage: "end when this `number` of webhooks was answered with success; 0: go on", Value: "0"},
			&cli.StringFlag{Name: "forward-to", Usage: "`URL` that verified webhooks are passed on to; its answer is handed back"},
		},
		DisableSliceFlagSeparator: true, // a secret may have a comma
		Action: func(ctx context.Context, cmd *cli.Command) error {
			r, err := p.receiver(cmd)
			if err != nil {
				return usageError{err}
			}
			return p.listen(ctx, r)
		},
	}
}

// receiver is what listen was told to be.
type receiver struct {
	address, path string
	count         int64 // of webhooks that are answered with success before it ends; 0: it goes on
	config        webhooks.ListenConfig
}

// receiver reads the flags of listen.
func (p *program) receiver(cmd *cli.Command) (*receiver, error) {
	r := &receiver{path: cmd.String("path"), config: webhooks.ListenConfig{Roll: rand.Float64, Out: p.stdout, Now: time.Now}}
	secrets := cmd.StringSlice("secret")
	if len(secrets) == 0 {
		secrets = strings.Fields(p.environment.get(listenSecrets))
	}
	if len(secrets) == 0 {
		return nil, errors.New("there is no secret to verify with: give --secret, or set " + listenSecrets)
	}
	for _, secret := range secrets {
		key, err := webhooks.ParseVerifyingKey(secret)
		if err != nil {
			return nil, fmt.Errorf("--secret (%s) cannot be used: %w", listenSecrets, err)
		}
		r.config.Keys = append(r.config.Keys, key)
	}
	if err := address(&r.address)(cmd.String("listen")); err != nil {
		return nil, fmt.Errorf("--listen cannot be %q: %w", cmd.String("listen"), err)
	}
	if !strings.HasPrefix(r.path, "/") {
		return nil, fmt.Errorf("--path cannot be %q: it must begin with a slash", r.path)
	}
	rate, err := strconv.ParseFloat(cmd.String("fail-rate"), 64)
	if err != nil || !(rate >= 0 && rate <= 1) { // also refuses NaN
		return nil, fmt.Errorf("--fail-rate cannot be %q: it must be a number from 0 to 1", cmd.String("fail-rate"))
	}
	r.config.FailRate = rate
	r.count, err = strconv.ParseInt(cmd.String("count"), 10, 64)
	if err != nil || r.count < 0 {
		return nil, fmt.Errorf("--count cannot be %q: it must be a whole number, 0 for no end", cmd.String("count"))
	}
	if to := cmd.String("forward-to"); to != "" {
		u, err := url.Parse(to)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return nil, errors.New("--forward-to must be an http or https URL, for example http://localhost:3000/hooks")
		}
		r.config.ForwardTo, r.config.Client = u, &http.Client{Timeout: forwardTimeout}
	}
	return r, nil
}

// forwardTimeout is shorter than the wait of a sender, so that it hears of a target that hangs.
const forwardTimeout = 15 * time.Second

// listen receives until ctx ends, or as many as it was told to. What is being answered then is answered.
func (p *program) listen(ctx context.Context, r *receiver) error {
	listener, err := webhooks.NewListener(r.config)
	if err != nil {
		return usageError{err}
	}
	bound, err := new(net.ListenConfig).Listen(ctx, "tcp", r.address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", r.address, err)
	}
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var taken atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path != r.path {
			http.NotFound(w, request)
			return
		}
		answer := &statusWriter{ResponseWriter: w}
		listener.ServeHTTP(answer, request)
		if answer.status/100 == 2 && taken.Add(1) == r.count {
			enough()
		}
	})
	server := &http.Server{Handler: mux, ReadTimeout: 30 * time.Second, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	if _, err := fmt.Fprintf(p.stdout, "listening on http://%s%s\n\n", bound.Addr(), r.path); err != nil {
		return errors.Join(err, bound.Close()) // nobody would see what comes
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(bound) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), forwardTimeout)
	defer cancel()
	_ = server.Shutdown(patience) // what is left is cut off: this is a tool to look at things with
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// statusWriter keeps the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}
