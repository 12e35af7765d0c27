package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(untilSignal(), os.Args, os.Environ(), os.Stdout, os.Stderr, frontDoors))
}

// errInterrupted is the cause of an end that a person asks for, who watches and does not want to wait for what a load balancer needs.
var errInterrupted = errors.New("interrupted")

// untilSignal returns a context that ends with the first signal that asks for a tidy end; after SIGINT, which a terminal sends, with
// errInterrupted as its cause. From then on signals have their usual effect: the second one ends the process at once.
func untilSignal() context.Context {
	ctx, end := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		got := <-signals
		signal.Stop(signals)
		if got == syscall.SIGINT {
			end(errInterrupted)
			return
		}
		end(nil)
	}()
	return ctx
}
