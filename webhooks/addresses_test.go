package webhooks

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"roster/models/target"
	"roster/webhooks/webhookstest"
)

func TestAddressesAreCheckedWhenTheyAreDialled(t *testing.T) {
	t.Parallel()
	inside := webhookstest.NewReceiver(t)
	names := webhookstest.NewDNS(t)
	names.Answer("inside.test", "127.0.0.1")
	names.Answer("metadata.test", "169.254.169.254 fd00:ec2::254")
	names.Answer("mapped.test", "::ffff:127.0.0.1")
	names.Answer("half.test", "127.0.0.2 127.0.0.1") // nothing listens on the first, the second is internal
	guarded := func(c *SenderConfig) {
		c.Targets = allowing("127.0.0.2/32")
		c.Resolver = names.Resolver()
	}
	port := inside.Address().Port()
	for _, url := range []string{
		inside.URL(), inside.URLAt("inside.test"), inside.URLAt("mapped.test"), inside.URLAt("half.test"), "https://metadata.test/",
		fmt.Sprintf("http://[::ffff:127.0.0.1]:%d/", port), fmt.Sprintf("http://[::1]:%d/", port), "https://[64:ff9b::a00:1]/",
		"https://[2002:7f00:1::]/", "https://[fe80::1%25lo]/",
	} {
		result := newSender(t, guarded).Send(t.Context(), delivery(t, url))
		if result.Code != CodeBlockedAddress || !strings.Contains(result.Detail, "not permitted") {
			t.Errorf("%s: code %q, detail %q", url, result.Code, result.Detail)
		}
	}
	if n := inside.Connections(); n != 0 {
		t.Errorf("the internal service saw %d connections", n)
	}
}

func TestDNSRebindingIsBlocked(t *testing.T) {
	t.Parallel()
	// 127.0.0.2 stands for a public address here, 127.0.0.1 for an internal one, both on one port.
	inside := webhookstest.NewReceiver(t)
	outside := webhookstest.NewReceiverAt(t, fmt.Sprintf("127.0.0.2:%d", inside.Address().Port()),
		webhookstest.Raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
	names := webhookstest.NewDNS(t)
	names.Answer("rebound.test", "127.0.0.2", "127.0.0.1")
	s := newSender(t, func(c *SenderConfig) {
		c.Targets = allowing("127.0.0.2/32")
		c.Resolver = names.Resolver()
	})
	if result := s.Send(t.Context(), delivery(t, outside.URLAt("rebound.test"))); !result.Succeeded() || result.Timings.DNS <= 0 {
		t.Errorf("before the name was rebound: %+v", result)
	}
	result := s.Send(t.Context(), delivery(t, outside.URLAt("rebound.test")))
	if result.Code != CodeBlockedAddress || inside.Connections() != 0 {
		t.Errorf("after: code %q, detail %q, %d connections inside", result.Code, result.Detail, inside.Connections())
	}
}

func TestDNSFaults(t *testing.T) {
	t.Parallel()
	names := webhookstest.NewDNS(t)
	names.Fail("broken.test", dns.RcodeServerFailure)
	names.Ignore("silent.test")
	names.Answer("empty.test", "")
	for host, want := range map[string]Code{
		"missing.test": CodeDNSError, "broken.test": CodeDNSError, "empty.test": CodeDNSError, "silent.test": CodeTimeout,
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			timeout := patient
			if want == CodeTimeout {
				timeout = hasty
			}
			s := newSender(t, within(timeout), func(c *SenderConfig) { c.Resolver = names.Resolver() })
			result := s.Send(t.Context(), delivery(t, "https://"+host+"/"))
			if result.Code != want || want == CodeTimeout && !strings.Contains(result.Detail, "resolved") {
				t.Errorf("code %q, detail %q, want %q", result.Code, result.Detail, want)
			}
		})
	}
}

func TestProxies(t *testing.T) {
	names := webhookstest.NewDNS(t)
	names.Answer("receiver.test", "127.0.0.1")
	receiver := webhookstest.NewReceiver(t)
	proxy := webhookstest.NewReceiver(t)

	t.Run("the environment's proxy is not used", func(t *testing.T) {
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			t.Setenv(name, proxy.URL())
		}
		s := newSender(t, func(c *SenderConfig) { c.Resolver = names.Resolver() })
		result := s.Send(t.Context(), delivery(t, receiver.URLAt("receiver.test")))
		if !result.Succeeded() || proxy.Connections() != 0 || len(receiver.Requests()) != 1 {
			t.Errorf("%d connections to the proxy, result: %+v", proxy.Connections(), result)
		}
	})

	through := func(url *url.URL) func(*SenderConfig) {
		return func(c *SenderConfig) {
			c.Proxy = url
			c.Targets = target.Rules{PlainHTTP: true} // does not admit the proxy, and need not
		}
	}
	address, err := url.Parse(proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a configured one is", func(t *testing.T) {
		result := newSender(t, through(address)).Send(t.Context(), delivery(t, "http://somewhere.test/hooks"))
		requests := proxy.Requests()
		if !result.Succeeded() || len(requests) != 1 || requests[0].Path != "http://somewhere.test/hooks" {
			t.Errorf("%v, result: %+v", requests, result)
		}
	})
	t.Run("literal internal hosts are refused before it", func(t *testing.T) {
		before := proxy.Connections()
		for _, u := range []string{"http://127.0.0.1/", "http://127.1/", "http://localhost/", "http://0x7f000001/"} {
			if result := newSender(t, through(address)).Send(t.Context(), delivery(t, u)); result.Code != CodeBlockedAddress {
				t.Errorf("%s: %+v", u, result)
			}
		}
		if proxy.Connections() != before {
			t.Error("the proxy was asked")
		}
	})
	t.Run("its refusals and failures are told apart", func(t *testing.T) {
		connect := func(status int) webhookstest.Answer {
			return webhookstest.Raw(fmt.Sprintf("HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n", status))
		}
		for status, want := range map[int]Code{403: CodeBlockedAddress, 407: CodeBlockedAddress, 502: CodeUnreachable} {
			proxy.Script(connect(status))
			if result := newSender(t, through(address)).Send(t.Context(), delivery(t, "https://somewhere.test/")); result.Code != want {
				t.Errorf("%d: code %q, detail %q, want %q", status, result.Code, result.Detail, want)
			}
		}
		proxy.Close()
		result := newSender(t, through(address)).Send(t.Context(), delivery(t, "https://somewhere.test/"))
		if result.Code != CodeProxyError || !result.Code.OurFault() {
			t.Errorf("no proxy there: code %q, detail %q", result.Code, result.Detail)
		}
	})
}
