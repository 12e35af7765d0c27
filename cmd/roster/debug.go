package main

import (
	"context"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"net/url"
	"strings"
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
	// Without pprof.Cmdline: what is on the command line can hold a password.
	only := http.NewServeMux()
	only.HandleFunc("GET /debug/pprof/", pprof.Index) // and every profile by its name
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
		if isLoopback(listener.Addr()) && !isOwnName(r.Host, a.cfg.debugListen) {
			http.Error(w, "Profiles are served by the name localhost, or the address of this machine.", http.StatusMisdirectedRequest)
			return
		}
		only.ServeHTTP(w, r.WithContext(ctx))
	}))
	return nil
}

func isLoopback(address net.Addr) bool {
	at, err := netip.ParseAddrPort(address.String())
	return err == nil && at.Addr().IsLoopback()
}

// isOwnName reports whether the Host of a request is one that this machine calls itself by, or the one that the settings listen at. A page
// of somebody else, open in a browser here, whose own name leads to 127.0.0.1 of a sudden, has another.
func isOwnName(host, listen string) bool {
	name, own := (&url.URL{Host: host}).Hostname(), (&url.URL{Host: listen}).Hostname()
	if at, err := netip.ParseAddr(name); err == nil {
		return at.IsLoopback()
	}
	return strings.EqualFold(name, "localhost") || strings.EqualFold(name, own)
}
