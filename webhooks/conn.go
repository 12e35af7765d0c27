package webhooks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// ending is how the other side has ended a connection.
type ending int32

const (
	notEnded ending = iota
	endedClosed
	endedReset
)

// conn is a connection to a receiver, or to the proxy, that remembers how the other side ended it: the parsers above it look ahead, and
// what they pass over does not come again.
type conn struct {
	net.Conn
	ended atomic.Int32
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		c.ended.CompareAndSwap(int32(notEnded), int32(endedClosed))
	case errors.Is(err, syscall.ECONNRESET):
		c.ended.CompareAndSwap(int32(notEnded), int32(endedReset))
	}
	return n, err
}

func (c *conn) ending() ending { return ending(c.ended.Load()) }

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// remembering wraps what a dialer opens.
func remembering(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		opened, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: opened}, nil
	}
}

// connOf returns the connection below what is around it, or nil if it is none of ours.
func connOf(c net.Conn) *conn {
	for {
		switch around := c.(type) {
		case *conn:
			return around
		case *heard:
			c = around.Conn
		case *tls.Conn:
			c = around.NetConn()
		default:
			return nil
		}
	}
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
