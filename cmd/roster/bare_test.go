package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"roster/models/store"
)

// asBare makes the test binary serve the bare handlers: what the service is measured against. Each runs the statement of a request, with
// the condition of its scope, and writes the same bytes by hand. It asks for no key, counts nothing, logs nothing and names no error.
// They have a process of their own, as the service has, so that neither shares a collector with the clients.
const asBare = "ROSTER_BENCH_AS_BARE"

// bareSpec is what that process reads from its standard input: the answer n is given below /n.
type bareSpec struct {
	Dialect store.Dialect
	URL     string
	Answers []*bareAnswer
}

// bareAnswer is a handler.
type bareAnswer struct {
	Kind string // of bareKinds
	Gzip bool

	List   bareList   // of the kinds list and one
	Create bareCreate // of the kind create
}

// bareKinds are the handlers that there are.
var bareKinds = map[string]func(bareDatabase, *bareAnswer) http.HandlerFunc{
	"list": func(db bareDatabase, a *bareAnswer) http.HandlerFunc { return a.List.compiled().list(db) },
	"one":  func(db bareDatabase, a *bareAnswer) http.HandlerFunc { return a.List.compiled().one(db) },
	"checks": func(db bareDatabase, _ *bareAnswer) http.HandlerFunc {
		return (&bareChecks{db.(*barePostgres).pool}).answer
	},
	"evaluate": func(db bareDatabase, _ *bareAnswer) http.HandlerFunc {
		return (&bareChecks{db.(*barePostgres).pool}).evaluate
	},
	"create": func(db bareDatabase, a *bareAnswer) http.HandlerFunc { return a.Create.handler(db) },
}

// serveBare is the main function of the process: it prints its address and serves until its input ends.
func serveBare() error {
	var spec bareSpec
	input := json.NewDecoder(os.Stdin)
	if err := input.Decode(&spec); err != nil {
		return fmt.Errorf("read what to serve: %w", err)
	}
	db, err := openBare(context.Background(), spec.Dialect, spec.URL)
	if err != nil {
		return err
	}
	gzipped, err := gzhttp.NewWrapper(gzhttp.EnableZstd(false))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	for n, answer := range spec.Answers {
		var handler http.Handler = bareKinds[answer.Kind](db, answer)
		if answer.Gzip {
			handler = gzipped(handler)
		}
		mux.Handle("/"+strconv.Itoa(n)+"/", handler)
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with whoever started this
		_ = server.Close()
	}()
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func send(w http.ResponseWriter, mediaType string, status int, out []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(out)
}

func sendError(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusInternalServerError)
}
