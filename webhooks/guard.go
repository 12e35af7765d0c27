package webhooks

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"code.dny.dev/ssrf"
)

// GuardConfig says where deliveries may go. The zero value admits every public address, on any port, over https only.
type GuardConfig struct {
	// Allow lists internal networks that deliveries may reach, over http too and on any port: for operators who run both ends.
	Allow []netip.Prefix
	// Deny lists public networks that are internal here, in addition to those the internet registries reserve.
	Deny []netip.Prefix
	// Ports are the ports admitted outside Allow; none means any.
	Ports []uint16
	// PlainHTTP admits http outside Allow. The signature still proves who sent the event, but everybody on the way can read it.
	PlainHTTP bool
}

// Guard decides which addresses deliveries may connect to. It is asked twice: when an endpoint is saved, with CheckURL, for the
// sake of a clear message; and for every connection, with Permit, about the address that is dialled. Only the second keeps out
// names that resolve to internal addresses, whatever they resolved to before.
type Guard struct {
	config GuardConfig
	public *ssrf.Guardian
}

// azureHostAgent is a public address that every virtual machine of Azure reaches its host's agent by, keys included:
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const azureHostAgent = "168.63.129.16/32"

// NewGuard returns a guard with that configuration.
func NewGuard(config GuardConfig) *Guard {
	denied4, denied6 := []netip.Prefix{netip.MustParsePrefix(azureHostAgent)}, []netip.Prefix{}
	for _, prefix := range config.Deny {
		if prefix.Addr().Is4() {
			denied4 = append(denied4, prefix)
		} else {
			denied6 = append(denied6, prefix)
		}
	}
	return &Guard{
		config: config,
		public: ssrf.New(
			ssrf.WithDeniedV4Prefixes(denied4...), ssrf.WithDeniedV6Prefixes(denied6...), ssrf.WithAnyPort(), ssrf.WithAnyNetwork(),
		),
	}
}

// BlockedError says that the guard does not permit an address.
type BlockedError struct {
	Address netip.AddrPort
	Reason  string
}

func (e *BlockedError) Error() string {
	return fmt.Sprintf("%s is not permitted: %s", e.Address, e.Reason)
}

// Permit returns nil if a delivery to a URL with that scheme may connect to the address, and a *BlockedError otherwise.
func (g *Guard) Permit(scheme string, to netip.AddrPort) error {
	blocked := func(format string, args ...any) error {
		return &BlockedError{Address: to, Reason: fmt.Sprintf(format, args...)}
	}
	if to.Addr().Zone() != "" {
		return blocked("an address with a zone exists on one machine only")
	}
	target, translated := embedded(to.Addr())
	if g.allows(target) || g.allows(to.Addr()) {
		return nil
	}
	if err := g.public.SafeAddr(target); err != nil {
		if translated {
			return blocked("it stands for %s, which is no public address", target)
		}
		return blocked("it is no public address")
	}
	if len(g.config.Ports) > 0 && !slices.Contains(g.config.Ports, to.Port()) {
		return blocked("port %d is not among the permitted ones, %v", to.Port(), g.config.Ports)
	}
	if scheme != "https" && !g.config.PlainHTTP {
		return blocked("public addresses are reached over https only")
	}
	return nil
}

// isPublic tells whether an address is one that anybody may know: outside the networks of Deny and Allow, and public.
func (g *Guard) isPublic(addr netip.Addr) bool {
	target, _ := embedded(addr)
	return !g.allows(target) && !g.allows(addr) && g.public.SafeAddr(target) == nil
}

func (g *Guard) allows(addr netip.Addr) bool {
	return slices.ContainsFunc(g.config.Allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// embedded returns the IPv4 address that the system (IPv4-mapped, RFC 4291) or the network (NAT64, RFC 6052) turns addr into, and
// whether it does. The other forms that carry an IPv4 address, 6to4, Teredo and IPv4-compatible, are not public as a whole.
func embedded(addr netip.Addr) (netip.Addr, bool) {
	if addr.Is4In6() {
		return addr.Unmap(), true
	}
	if ssrf.IPv6NAT64Prefix.Contains(addr) {
		b := addr.As16()
		return netip.AddrFrom4([4]byte(b[12:])), true
	}
	return addr, false
}

// dialled reads the address as net.Dialer hands it to Control.
func dialled(network, address string) (netip.AddrPort, error) {
	if network != "tcp4" && network != "tcp6" {
		return netip.AddrPort{}, fmt.Errorf("dial %s over %s: only TCP is permitted", address, network)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return netip.AddrPort{}, errors.Join(fmt.Errorf("dial %q", address), err)
	}
	return to, nil
}
