package main

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
)

// serveProfiles serves profiles of the program at an address of their own, if there is one. They tell whoever reads them much about it, and
// cost time to make, so they are never where the API is.
func (a *app) serveProfiles(ctx context.Context) error {
	if a.cfg.debugListen == "" {
		return nil
	}
	listener, err := a.listen(ctx, a.cfg.debugListen)
	if err != nil {
		return err
	}
	if !isLoopback(listener.Addr()) {
		a.logger.WarnContext(ctx, "profiles are served to other machines; whoever reaches the address can read them, "+
			"and slow the program down", "address", listener.Addr().String())
	}
	only := http.NewServeMux()
	only.HandleFunc("GET /debug/pprof/", pprof.Index) // and every profile by its name
	only.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	only.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	only.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	only.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	only.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	// A profile that takes its time does not keep the program from stopping.
	working, cutOff := context.WithCancel(context.Background())
	a.atOnce = append(a.atOnce, cutOff)
	a.serve(ctx, "debug", listener, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(working, cancel)()
		only.ServeHTTP(w, r.WithContext(ctx))
	}))
	return nil
}

func isLoopback(address net.Addr) bool {
	at, err := netip.ParseAddrPort(address.String())
	return err == nil && at.Addr().IsLoopback()
}
