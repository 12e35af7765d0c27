package server

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose word on the client's address and scheme is taken. Anybody else could write these headers.
type Proxies []netip.Prefix

func (p Proxies) trusts(ip netip.Addr) bool {
	for _, network := range p {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}

// clientIP returns the address of the client: the peer of the connection or, if that is a trusted proxy, the last address in
// X-Forwarded-For that is not one. What stands further left was written by the client.
func (p Proxies) clientIP(r *http.Request) netip.Addr {
	peer := peerIP(r)
	if !p.trusts(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		ip, ok := parseHop(hops[i])
		if !ok {
			return peer
		}
		if peer = ip; !p.trusts(ip) {
			return ip
		}
	}
	return peer
}

// secure reports whether the client speaks TLS to us or to a trusted proxy.
func (p Proxies) secure(r *http.Request) bool {
	return r.TLS != nil || p.trusts(peerIP(r)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func peerIP(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // a listener without addresses, such as a Unix socket
	}
	return peer.Addr().Unmap().WithZone("")
}

// parseHop reads one element of X-Forwarded-For; some proxies add the port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return ip.Unmap().WithZone(""), err == nil
}
