package target

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func TestPermit(t *testing.T) {
	t.Parallel()
	open := Rules{}
	for _, refused := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
		"169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1",
		"198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::",
		"3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0",
		"fec0::1", "ff02::1",
	} {
		var blocked *BlockedError
		err := open.Permit("https", netip.AddrPortFrom(netip.MustParseAddr(refused), 443))
		if !errors.As(err, &blocked) {
			t.Errorf("%s is permitted", refused)
		}
	}
	for _, permitted := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
		"169.253.255.255", "192.167.255.255", "223.255.255.255", "168.63.129.17", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111",
		"2a00:1450:4001::1",
	} {
		if err := open.Permit("https", netip.AddrPortFrom(netip.MustParseAddr(permitted), 8443)); err != nil {
			t.Errorf("%s: %v", permitted, err)
		}
	}
}

func TestPermitFollowsTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name    string
		rules   Rules
		scheme  string
		to      string
		blocked string // part of the reason; empty: permitted
	}{
		{"http to a public address", Rules{}, "http", "8.8.8.8:80", "https only"},
		{"http where it is admitted", Rules{PlainHTTP: true}, "http", "8.8.8.8:80", ""},
		{"an unknown scheme counts as plain", Rules{}, "", "8.8.8.8:80", "https only"},
		{"any port", Rules{}, "https", "8.8.8.8:12345", ""},
		{"a port off the list", Rules{Ports: []uint16{443}}, "https", "8.8.8.8:8443", "port 8443"},
		{"a port on the list", Rules{Ports: []uint16{443, 8443}}, "https", "8.8.8.8:8443", ""},
		{"an allowed network", Rules{Allow: prefixes("10.1.0.0/16"), Ports: []uint16{443}}, "http", "10.1.2.3:8080", ""},
		{"next to an allowed network", Rules{Allow: prefixes("10.1.0.0/16")}, "https", "10.2.0.1:443", "no public address"},
		{"allowed, IPv4-mapped", Rules{Allow: prefixes("10.1.0.0/16")}, "http", "[::ffff:10.1.2.3]:80", ""},
		{"allowed, behind NAT64", Rules{Allow: prefixes("10.1.0.0/16")}, "http", "[64:ff9b::a01:203]:80", ""},
		{"not allowed, behind NAT64", Rules{Allow: prefixes("10.1.0.0/16")}, "https", "[64:ff9b::a02:1]:443", "stands for 10.2.0.1"},
		{"an allowed IPv6 network", Rules{Allow: prefixes("fd00:1::/32")}, "http", "[fd00:1::5]:80", ""},
		{"an allowed network does not cover its zones", Rules{Allow: prefixes("fe80::/10")}, "http", "[fe80::1%eth0]:80", "zone"},
		{"a public network that is internal here", Rules{Deny: prefixes("8.8.8.0/24")}, "https", "8.8.8.8:443", "no public address"},
		{"the same over IPv6", Rules{Deny: prefixes("2606:4700::/32")}, "https", "[2606:4700::1]:443", "no public address"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			err := v.rules.Permit(v.scheme, netip.MustParseAddrPort(v.to))
			switch {
			case v.blocked == "" && err != nil:
				t.Error(err)
			case v.blocked != "" && (err == nil || !strings.Contains(err.Error(), v.blocked)):
				t.Errorf("Permit = %v, want a reason with %q", err, v.blocked)
			}
		})
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	open, http := Rules{}, Rules{PlainHTTP: true}
	selfHosted := Rules{Allow: prefixes("127.0.0.0/8", "10.0.0.0/8")}
	for _, v := range []struct {
		rules Rules
		url   string
		want  string // part of the message; empty: taken
	}{
		{open, "https://example.com/hooks?tenant=1", ""},
		{open, "HTTPS://EXAMPLE.com", ""},
		{open, "https://example.com.:8443/", ""},
		{open, "https://bücher.example/", ""},
		{open, "https://8.8.8.8/", ""},
		{open, "https://[2606:4700::1111]/", ""},
		{open, "https://1and1.example/", ""},
		{open, "https://hooks.example.0xyz/", ""},
		{open, "https://my_service.example.com/", ""},
		{open, "https://" + strings.Repeat("a", 63) + ".example/", ""},
		{open, "https://example.com/a%20b c?token=a%20b&x[]=1+2,3;4", ""},
		{http, "http://example.com/", ""},
		{selfHosted, "http://example.internal/", ""}, // decided when it is dialled
		{selfHosted, "http://127.0.0.1:8080/", ""},
		{selfHosted, "http://localhost:8080/", ""},
		{selfHosted, "http://[::ffff:10.0.0.1]/", ""},

		{open, "", "must start with https"},
		{open, "example.com/hooks", "must start with https"},
		{open, "ftp://example.com", "must start with https"},
		{open, "file:///etc/passwd", "must start with https"},
		{open, "javascript:alert(1)", "must start with https"},
		{open, "http://example.com/", "must start with https"},
		{open, "https:///path", "no host"},
		{open, "https:example.com", "no host"},
		{open, "https://:443/", "no host"},
		{open, "https://user:pass@example.com/", "user name or password"},
		{open, "https://user@example.com/", "user name or password"},
		{open, "https://@example.com/", "user name or password"},
		{open, "https://example.com/#part", "fragment"},
		{open, "https://example.com/#", "fragment"},
		{open, "https://example.com:/", "no port"},
		{open, "https://example.com:0/", "not a port"},
		{open, "https://example.com:65536/", "not a port"},
		{open, "https://example.com:port/", "cannot be read"},
		{open, "https://example.com/\r\nx: y", "cannot be read"},
		{open, "https://exa mple.com/", "cannot be read"},
		{open, "https://" + strings.Repeat("a", 2048) + ".example/", "at most 2048"},
		{open, "https://-a-.example/", "not a domain name"},
		{open, "https://a!b.example/", "not a domain name"},
		{open, "https://example..com/", "empty part"},
		{open, "https://.example.com/", "empty part"},
		{open, "https://example.com../", "empty part"},
		{open, "https://" + strings.Repeat("a", 64) + ".example/", "a part of 64 characters"},
		{open, "https://" + strings.Repeat("abcdefg.", 32) + "example/", "has 263 characters"},
		{open, "https://example.com/?a b", "character 23 of the URL"},
		{open, "https://example.com/ü?a=1&b=hunter2\"", "character 36 of the URL"},
		{open, "https://example.com/?name=Zoë", "character 29 of the URL"},
		{open, "https://example.com/?a=100%", "character 27 of the URL"},
		{open, "https://example.com/?a=%zz", "character 24 of the URL"},
		{open, "https://256.1.1.1/", "ends in a number"},
		{open, "https://1.2.3.4.5/", "ends in a number"},
		{open, "https://example.123/", "ends in a number"},
		{open, "https://99999999999/", "ends in a number"},
		{open, "https://134744072/", "write the host"},

		{open, "https://127.0.0.1/", "no public address"},
		{open, "https://127.0.0.1./", "127.0.0.1"},
		{open, "https://127.1/", "127.0.0.1"},
		{open, "https://0x7f000001/", "127.0.0.1"},
		{open, "https://0X7F.1/", "127.0.0.1"},
		{open, "https://2130706433/", "127.0.0.1"},
		{open, "https://017700000001/", "127.0.0.1"},
		{open, "https://0177.0.0.1/", "127.0.0.1"},
		{open, "https://0/", "0.0.0.0"},
		{open, "https://0x/", "0.0.0.0"},
		{open, "https://１２７.０.０.１/", "127.0.0.1"},
		{open, "https://127。0。0。1/", "127.0.0.1"},
		{open, "https://①②⑦.1/", "127.0.0.1"},
		{open, "https://169.254.169.254/latest/meta-data", "no public address"},
		{open, "https://100.64.0.1/", "no public address"},
		{open, "https://[::1]/", "no public address"},
		{open, "https://[::ffff:10.0.0.1]/", "10.0.0.1"},
		{open, "https://[::ffff:a00:1]/", "10.0.0.1"},
		{open, "https://[64:ff9b::a00:1]/", "10.0.0.1"},
		{open, "https://[2002:7f00:1::]/", "no public address"},
		{open, "https://[fd00:ec2::254]/", "no public address"},
		{open, "https://[fe80::1%25eth0]/", "zone"},
		{open, "https://[v1.fe80::1]/", "cannot be read"},
		{open, "https://localhost/", "this machine"},
		{open, "https://LOCALHOST./", "this machine"},
		{open, "https://a.localhost/", "this machine"},
		{selfHosted, "http://192.168.0.1/", "no public address"},
		{selfHosted, "http://8.8.8.8/", "https only"},
	} {
		err := v.rules.CheckURL(v.url)
		switch {
		case v.want == "" && err != nil:
			t.Errorf("%.60s: %v", v.url, err)
		case v.want != "" && err == nil:
			t.Errorf("%.60s was taken, want %q", v.url, v.want)
		case v.want != "" && !strings.Contains(err.Error(), v.want):
			t.Errorf("%.60s: %v, want %q", v.url, err, v.want)
		case err != nil && strings.Contains(err.Error(), "pass"):
			if strings.Contains(err.Error(), "user:pass") {
				t.Errorf("the message repeats a password: %v", err)
			}
		}
	}
}
