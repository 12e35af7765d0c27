package webhookstest

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// DNS is a small DNS server. Names it was not told about do not exist.
type DNS struct {
	address string

	mu    sync.Mutex
	names map[string]*name
}

type name struct {
	answers [][]netip.Addr
	asked   map[uint16]int // by type, since every lookup asks for A and AAAA
	rcode   int
	silent  bool
}

// NewDNS starts a DNS server on a free UDP port of 127.0.0.1.
func NewDNS(tb testing.TB) *DNS {
	tb.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("start a DNS server: %v", err)
	}
	d := &DNS{address: conn.LocalAddr().String(), names: map[string]*name{}}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(d.serve), NotifyStartedFunc: func() { close(started) }}
	stopped := make(chan error, 1)
	go func() { stopped <- server.ActivateAndServe() }()
	<-started
	tb.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			tb.Errorf("stop the DNS server: %v", err)
		}
		if err := <-stopped; err != nil {
			tb.Errorf("serve DNS: %v", err)
		}
	})
	return d
}

// Resolver asks this server only. A lookup that is given up ends at once; the system's own resolver would go on waiting for its
// answer in the background, for five seconds or what resolv.conf says.
func (d *DNS) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "udp", d.address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		return conn, nil
	}}
}

// Answer sets what a host name resolves to: addresses separated by spaces, in order. With several answers each lookup gets the next
// one and the last repeats, which is how a name is rebound between a check and its use.
func (d *DNS) Answer(host string, answers ...string) {
	n := &name{asked: map[uint16]int{}}
	for _, answer := range answers {
		var addresses []netip.Addr
		for _, address := range strings.Fields(answer) {
			addresses = append(addresses, netip.MustParseAddr(address))
		}
		n.answers = append(n.answers, addresses)
	}
	d.set(host, n)
}

// Fail lets lookups of a host name end with that code, for example dns.RcodeServerFailure.
func (d *DNS) Fail(host string, rcode int) { d.set(host, &name{rcode: rcode}) }

// Ignore lets lookups of a host name go unanswered.
func (d *DNS) Ignore(host string) { d.set(host, &name{silent: true}) }

func (d *DNS) set(host string, n *name) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names[dns.CanonicalName(host)] = n
}

func (d *DNS) serve(w dns.ResponseWriter, query *dns.Msg) {
	if reply := d.reply(query); reply != nil {
		_ = w.WriteMsg(reply) // the one who asked may have gone
	}
}

func (d *DNS) reply(query *dns.Msg) *dns.Msg {
	d.mu.Lock()
	defer d.mu.Unlock()
	question := query.Question[0]
	n := d.names[dns.CanonicalName(question.Name)]
	switch {
	case n == nil:
		return new(dns.Msg).SetRcode(query, dns.RcodeNameError)
	case n.silent:
		return nil
	case n.rcode != dns.RcodeSuccess:
		return new(dns.Msg).SetRcode(query, n.rcode)
	}
	turn := min(n.asked[question.Qtype], len(n.answers)-1)
	n.asked[question.Qtype]++
	reply := new(dns.Msg).SetReply(query)
	for _, address := range n.answers[turn] {
		header := dns.RR_Header{Name: question.Name, Rrtype: question.Qtype, Class: dns.ClassINET}
		switch {
		case question.Qtype == dns.TypeA && address.Is4():
			reply.Answer = append(reply.Answer, &dns.A{Hdr: header, A: address.AsSlice()})
		case question.Qtype == dns.TypeAAAA && address.Is6():
			reply.Answer = append(reply.Answer, &dns.AAAA{Hdr: header, AAAA: address.AsSlice()})
		}
	}
	return reply
}
