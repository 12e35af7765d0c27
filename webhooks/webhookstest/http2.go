package webhookstest

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2Receiver accepts connections of HTTP/2 and leaves what is said on them to serve, which begins after the settings.
type http2Receiver struct{ listener net.Listener }

// URL returns the root of the receiver.
func (r *http2Receiver) URL() string { return "https://" + r.listener.Addr().String() + "/" }

func startHTTP2(
	tb testing.TB, config *tls.Config, settings []http2.Setting, serve func(conn net.Conn, framer *http2.Framer),
) *http2Receiver {
	tb.Helper()
	config = config.Clone()
	config.NextProtos = []string{"h2"}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		tb.Fatalf("start an HTTP/2 receiver: %v", err)
	}
	r := &http2Receiver{listener: listener}
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
			running.Go(func() {
				defer conn.Close() //nolint:errcheck // the connection ends here either way
				if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				if framer := http2.NewFramer(conn, conn); framer.WriteSettings(settings...) == nil {
					serve(conn, framer)
				}
			})
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

// NewHTTP2Receiver starts a receiver that leaves the answer to each complete request to answer, and keeps the connection.
//
//nolint:revive // only its URL matters
func NewHTTP2Receiver(tb testing.TB, config *tls.Config, answer func(framer *http2.Framer, stream uint32)) *http2Receiver {
	tb.Helper()
	return startHTTP2(tb, config, nil, func(_ net.Conn, framer *http2.Framer) {
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			switch f := frame.(type) {
			case *http2.SettingsFrame:
				if !f.IsAck() && framer.WriteSettingsAck() != nil {
					return
				}
			case *http2.DataFrame:
				if f.StreamEnded() {
					answer(framer, f.StreamID)
				}
			}
		}
	})
}

// NewFullHTTP2Receiver starts a receiver that admits requests of any size, reads nothing of one but its head, and answers with 200 and
// a body that comes bit by bit: whoever sends to it can soon neither go on, nor give it room for more of its body.
func NewFullHTTP2Receiver(tb testing.TB, config *tls.Config) *http2Receiver { //nolint:revive // only its URL matters
	tb.Helper()
	const most = 1<<31 - 1
	settings := []http2.Setting{{ID: http2.SettingInitialWindowSize, Val: most}}
	return startHTTP2(tb, config, settings, func(_ net.Conn, framer *http2.Framer) {
		if framer.WriteWindowUpdate(0, most-1<<16) != nil {
			return
		}
		stream := uint32(0)
		for stream == 0 {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			if f, ok := frame.(*http2.HeadersFrame); ok {
				stream = f.StreamID
			}
		}
		if WriteStatus(framer, stream, "200", false) != nil {
			return
		}
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for framer.WriteData(stream, false, make([]byte, 1<<13)) == nil {
			<-ticker.C
		}
	})
}

// GoAwayReceiver speaks HTTP/2 and answers 200 to one request on each connection. It meets the second one with GOAWAY, as a server
// does that is being replaced: the request was not looked at and belongs on a new connection.
type GoAwayReceiver struct {
	*http2Receiver
	answered, turnedAway atomic.Int64
}

// NewGoAwayReceiver starts the receiver on a free port of 127.0.0.1.
func NewGoAwayReceiver(tb testing.TB, config *tls.Config) *GoAwayReceiver {
	tb.Helper()
	r := &GoAwayReceiver{}
	r.http2Receiver = startHTTP2(tb, config, nil, r.serve)
	return r
}

// Counts returns how many requests were answered and how many were turned away.
func (r *GoAwayReceiver) Counts() (answered, turnedAway int64) {
	return r.answered.Load(), r.turnedAway.Load()
}

func (r *GoAwayReceiver) serve(conn net.Conn, framer *http2.Framer) {
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
				err = WriteStatus(framer, first, "200", true)
			}
		}
		if err != nil {
			return
		}
	}
}

// WriteStatus answers a request with a status, whatever it is; end says whether that is all.
func WriteStatus(framer *http2.Framer, stream uint32, status string, end bool) error {
	var block bytes.Buffer
	if err := hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: status}); err != nil {
		return err
	}
	return framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: block.Bytes(), EndStream: end, EndHeaders: true,
	})
}
