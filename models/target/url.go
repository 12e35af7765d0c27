package target

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxURLLength is what common browsers, proxies and databases agree on.
const maxURLLength = 2048

// CheckURL returns nil if an endpoint may be saved with that URL. Otherwise the error is a sentence for the person who typed it.
// It resolves no names: what a name resolves to is checked when it is dialled.
func (r Rules) CheckURL(rawURL string) error {
	if len(rawURL) > maxURLLength {
		return fmt.Errorf("the URL has %d characters, at most %d are taken", len(rawURL), maxURLLength)
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return errors.New("the URL cannot be read") // the error would repeat some of it
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the URL must start with https://")
	case u.Hostname() == "":
		return errors.New("the URL has no host")
	case u.User != nil:
		return errors.New("the URL must not carry a user name or password; use a custom header for credentials")
	case u.Fragment != "" || strings.HasSuffix(rawURL, "#"):
		return errors.New("the URL must not have a fragment (#): it would never be sent")
	case u.Scheme == "http" && !r.PlainHTTP && len(r.Allow) == 0:
		return errors.New("the URL must start with https://")
	}
	port, err := portOf(u)
	if err != nil {
		return err
	}
	if err := r.checkHost(u, port); err != nil {
		return err
	}
	return checkQuery(rawURL)
}

// checkQuery finds what a query must not have in it: it is sent as it is, and servers refuse a request whose first line has such
// characters. Brackets are no trouble to any. The character is told by its place, because it may be one of a secret.
func checkQuery(rawURL string) error {
	before, query, _ := strings.Cut(rawURL, "?")
	place := utf8.RuneCountInString(before) + 1
	for i, r := range query {
		place++
		switch {
		case r == '%' && !isEscape(query[i:]):
			return fmt.Errorf("character %d of the URL is a %% without two hexadecimal digits behind it", place)
		case r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r):
			return fmt.Errorf("character %d of the URL, in its query, must be percent-encoded", place)
		}
	}
	return nil
}

func isEscape(s string) bool {
	const hex = "0123456789abcdefABCDEF"
	return len(s) > 2 && strings.IndexByte(hex, s[1]) >= 0 && strings.IndexByte(hex, s[2]) >= 0
}

func (r Rules) checkHost(u *url.URL, port uint16) error {
	host := u.Hostname()
	if strings.Contains(host, "%") {
		return fmt.Errorf("the host %q has a zone, which exists on one machine only", host)
	}
	addr, isAddr, err := literalAddress(host)
	if err != nil {
		return err
	}
	if isAddr {
		return r.checkLiteral(u.Scheme, host, netip.AddrPortFrom(addr, port))
	}
	name, err := hostNames.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil {
		return fmt.Errorf("the host %.80q is not a domain name", host)
	}
	if err := checkName(name); err != nil {
		return fmt.Errorf("the host %.80q %w", host, err)
	}
	// RFC 6761, section 6.3: these names mean the loopback interface, whatever the DNS says.
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		loopback4, loopback6 := netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()
		if !r.allows(loopback4) && !r.allows(loopback6) {
			return fmt.Errorf("the host %q is this machine itself", host)
		}
	}
	return nil
}

// hostNames reads names of hosts as a browser does; checkName holds what it leaves open.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// hostLabel is a part of a name: of letters, digits and hyphens, as RFC 1123 has it, or with underscores, which resolvers take and private
// networks use.
var hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$`)

// checkName returns nil for a name that a resolver can look up (RFC 1035, section 2.3.4).
func checkName(name string) error {
	const longest, longestLabel = 253, 63
	if len(name) > longest {
		return fmt.Errorf("has %d characters, at most %d can be looked up", len(name), longest)
	}
	for label := range strings.SplitSeq(name, ".") {
		switch {
		case label == "":
			return errors.New("has an empty part between two full stops")
		case len(label) > longestLabel:
			return fmt.Errorf("has a part of %d characters, at most %d can be looked up", len(label), longestLabel)
		case !hostLabel.MatchString(label):
			return errors.New("is not a domain name")
		}
	}
	return nil
}

func (r Rules) checkLiteral(scheme, host string, to netip.AddrPort) error {
	var blocked *BlockedError
	if err := r.Permit(scheme, to); errors.As(err, &blocked) {
		if host != to.Addr().String() {
			return fmt.Errorf("the host %q is the address %s, which is not permitted: %s", host, to.Addr(), blocked.Reason)
		}
		return fmt.Errorf("the host %q is not permitted: %s", host, blocked.Reason)
	}
	// A resolver would look "127.1" up as a name; whoever wrote it meant the address.
	if to.Addr().Is4() && host != to.Addr().String() {
		return fmt.Errorf("write the host %q as %s", host, to.Addr())
	}
	return nil
}

// literalAddress reads a host that is an address in any spelling browsers and system resolvers take: the IPv4 parser of
// https://url.spec.whatwg.org/#concept-ipv4-parser, which accepts 127.1, 0x7f000001 and 2130706433, after full-width digits and
// stops have become ASCII. It returns false for names.
func literalAddress(host string) (netip.Addr, bool, error) {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return addr, false, fmt.Errorf("the host %q is not an IPv6 address", host)
		}
		return addr, true, nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		ascii = host
	}
	parts := strings.Split(strings.TrimSuffix(ascii, "."), ".")
	if !looksNumeric(parts[len(parts)-1]) {
		return netip.Addr{}, false, nil
	}
	value, ok := parseIPv4(parts)
	if !ok {
		return netip.Addr{}, false, fmt.Errorf("the host %q ends in a number but is not an IPv4 address", host)
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true, nil
}

func looksNumeric(label string) bool {
	if label == "" {
		return false
	}
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	_, ok := parseIPv4Part(label)
	return ok
}

// parseIPv4 reads one to four numbers, of which the last fills all bytes that the others leave.
func parseIPv4(parts []string) (uint64, bool) {
	if len(parts) > 4 {
		return 0, false
	}
	var value uint64
	for i, part := range parts {
		n, ok := parseIPv4Part(part)
		if !ok {
			return 0, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return 0, false
			}
			value |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(5-len(parts))) {
			return 0, false
		}
		value |= n
	}
	return value, true
}

// parseIPv4Part reads a decimal, octal (0…) or hexadecimal (0x…) number.
func parseIPv4Part(s string) (uint64, bool) {
	base := 10
	switch lower := strings.ToLower(s); {
	case strings.HasPrefix(lower, "0x"):
		s, base = s[2:], 16
		if s == "" {
			return 0, true
		}
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	n, err := strconv.ParseUint(s, base, 33)
	return n, err == nil
}

func portOf(u *url.URL) (uint16, error) {
	if u.Port() == "" {
		if strings.HasSuffix(u.Host, ":") {
			return 0, errors.New("the URL has a colon but no port after its host")
		}
		if u.Scheme == "http" {
			return 80, nil
		}
		return 443, nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("%q is not a port", u.Port())
	}
	return uint16(port), nil
}
