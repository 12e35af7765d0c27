package target

import (
	"fmt"
	"net/netip"
	"slices"

	"code.dny.dev/ssrf"
)

// Rules say where webhooks may be sent. The zero value admits every public address, on any port, over https only.
//
// They are asked twice: when an endpoint is saved, with CheckURL, for the sake of a clear message; and for every connection, with Permit,
// about the address that is dialled. Only the second keeps out names that resolve to internal addresses, whatever they resolved to before.
type Rules struct {
	// Allow lists internal networks that deliveries may reach, over http too and on any port: for operators who run both ends.
	Allow []netip.Prefix
	// Deny lists public networks that are internal here, in addition to those the internet registries reserve.
	Deny []netip.Prefix
	// Ports are the ports admitted outside Allow; none means any.
	Ports []uint16
	// PlainHTTP admits http outside Allow. The signature still proves who sent the event, but everybody on the way can read it.
	PlainHTTP bool
}

// azureHostAgent is a public address that every virtual machine of Azure reaches its host's agent by, keys included:
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const azureHostAgent = "168.63.129.16/32"

// reserved knows the addresses that the internet registries reserve, and azureHostAgent.
var reserved = ssrf.New(ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix(azureHostAgent)), ssrf.WithAnyPort(), ssrf.WithAnyNetwork())

// BlockedError says that an address is not permitted.
type BlockedError struct {
	Address netip.AddrPort
	Reason  string
}

func (e *BlockedError) Error() string {
	return fmt.Sprintf("%s is not permitted: %s", e.Address, e.Reason)
}

// Permit returns nil if a delivery to a URL with that scheme may connect to the address, and a *BlockedError otherwise.
func (r Rules) Permit(scheme string, to netip.AddrPort) error {
	blocked := func(format string, args ...any) error {
		return &BlockedError{Address: to, Reason: fmt.Sprintf(format, args...)}
	}
	if to.Addr().Zone() != "" {
		return blocked("an address with a zone exists on one machine only")
	}
	target, translated := embedded(to.Addr())
	if r.allows(target) || r.allows(to.Addr()) {
		return nil
	}
	if !r.public(target) {
		if translated {
			return blocked("it stands for %s, which is no public address", target)
		}
		return blocked("it is no public address")
	}
	if len(r.Ports) > 0 && !slices.Contains(r.Ports, to.Port()) {
		return blocked("port %d is not among the permitted ones, %v", to.Port(), r.Ports)
	}
	if scheme != "https" && !r.PlainHTTP {
		return blocked("public addresses are reached over https only")
	}
	return nil
}

// IsPublic tells whether an address is one that anybody may know: outside the networks of Deny and Allow, and public.
func (r Rules) IsPublic(addr netip.Addr) bool {
	target, _ := embedded(addr)
	return !r.allows(target) && !r.allows(addr) && r.public(target)
}

func (r Rules) public(addr netip.Addr) bool {
	return reserved.SafeAddr(addr) == nil && !contains(r.Deny, addr)
}

func (r Rules) allows(addr netip.Addr) bool { return contains(r.Allow, addr) }

func contains(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
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
