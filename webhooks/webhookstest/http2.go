package webhookstest

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// GoAwayReceiver speaks HTTP/2 and answers 200 to one request on each connection. It meets the second one with GOAWAY, as a server
// does that is being replaced: the request was not looked at and belongs on a new connection.
type GoAwayReceiver struct {
	listener             net.Listener
	answered, turnedAway atomic.Int64
}

// NewGoAwayReceiver starts the receiver on a free port of 127.0.0.1.
func NewGoAwayReceiver(tb testing.TB, config *tls.Config) *GoAwayReceiver {
	tb.Helper()
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		tb.Fatalf("start an HTTP/2 receiver: %v", err)
	}
	r := &GoAwayReceiver{listener: listener}
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			running.Go(func() { r.serve(conn) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return r
}

// URL returns the root of the receiver.
func (r *GoAwayReceiver) URL() string { return "https://" + r.listener.Addr().String() + "/" }

// Counts returns how many requests were answered and how many were turned away.
func (r *GoAwayReceiver) Counts() (answered, turnedAway int64) {
	return r.answered.Load(), r.turnedAway.Load()
}

func (r *GoAwayReceiver) serve(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // the connection ends here either way
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	if framer.WriteSettings() != nil {
		return
	}
	var first uint32
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				err = framer.WriteSettingsAck()
			}
		case *http2.HeadersFrame:
			if first != 0 {
				r.turnedAway.Add(1)
				_ = framer.WriteGoAway(first, http2.ErrCodeNo, nil)
				_, _ = io.Copy(io.Discard, conn) // until the sender has read it and gone
				return
			}
			first = f.StreamID
		case *http2.DataFrame:
			if f.StreamEnded() && f.StreamID == first {
				r.answered.Add(1)
				err = writeOK(framer, first)
			}
		}
		if err != nil {
			return
		}
	}
}

func writeOK(framer *http2.Framer, stream uint32) error {
	var block bytes.Buffer
	if err := hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: "200"}); err != nil {
		return err
	}
	return framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true,
	})
}
