package webhookstest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Captured is a request as it came off the wire: nothing is sorted, joined or left out.
type Captured struct {
	Line    string      // of HTTP/1.1
	Headers [][2]string // with the pseudo-headers of HTTP/2
	Body    []byte
}

// Value returns the value of a header, in whatever case its name is; "" if there is none.
func (c Captured) Value(name string) string {
	for _, h := range c.Headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// RawReceiver reads what comes off its connections itself, with no library of HTTP, and answers each request alike.
type RawReceiver struct {
	url      string
	captured chan Captured
}

// URL returns the root of the receiver.
func (r *RawReceiver) URL() string { return r.url }

// Next waits for the next request.
func (r *RawReceiver) Next(ctx context.Context) (Captured, error) {
	select {
	case c := <-r.captured:
		return c, nil
	case <-ctx.Done():
		return Captured{}, fmt.Errorf("wait for a request: %w", ctx.Err())
	}
}

const maxCaptured = 64 // requests that nobody has asked for yet

// NewRawReceiver starts a receiver of HTTP/1.1, with TLS unless config is nil. It answers each request with the lines of an answer, and a
// body.
func NewRawReceiver(tb testing.TB, config *tls.Config, body string, lines ...string) *RawReceiver {
	tb.Helper()
	r := &RawReceiver{captured: make(chan Captured, maxCaptured)}
	answer := func(x *Exchange) {
		c, err := readRaw(x.in)
		if err != nil {
			return
		}
		r.captured <- c
		if x.Write(strings.Join(lines, "\r\n") + "\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body) {
			x.Keep()
		}
	}
	r.url = start(tb, "127.0.0.1:0", config, []Answer{answer}).URL()
	return r
}

// readRaw reads a request with a Content-Length.
func readRaw(in *bufio.Reader) (c Captured, err error) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return Captured{}, err
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": "); {
		case c.Line == "":
			c.Line = strings.TrimSuffix(line, "\r\n")
		case line != "\r\n":
			c.Headers = append(c.Headers, [2]string{name, value})
		default:
			length, err := strconv.Atoi(c.Value("Content-Length"))
			if err != nil {
				return Captured{}, err
			}
			c.Body = make([]byte, length)
			_, err = io.ReadFull(in, c.Body)
			return c, err
		}
	}
}

// NewRawHTTP2Receiver starts a receiver of HTTP/2 that answers each request with 200, headers and a body.
func NewRawHTTP2Receiver(tb testing.TB, config *tls.Config, body string, headers ...[2]string) *RawReceiver {
	tb.Helper()
	r := &RawReceiver{captured: make(chan Captured, maxCaptured)}
	r.url = startHTTP2(tb, config, nil, func(_ net.Conn, framer *http2.Framer) {
		framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		begun := map[uint32]*Captured{}
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
			case *http2.MetaHeadersFrame:
				c := &Captured{}
				for _, field := range f.Fields {
					c.Headers = append(c.Headers, [2]string{field.Name, field.Value})
				}
				begun[f.StreamID] = c
			case *http2.DataFrame:
				c := begun[f.StreamID]
				c.Body = append(c.Body, f.Data()...)
				if f.StreamEnded() {
					r.captured <- *c
					if answerRaw(framer, f.StreamID, body, headers) != nil {
						return
					}
				}
			}
		}
	}).URL()
	return r
}

func answerRaw(framer *http2.Framer, stream uint32, body string, headers [][2]string) error {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, h := range append([][2]string{{":status", "200"}}, headers...) {
		if err := encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			return err
		}
	}
	if err := framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true,
	}); err != nil {
		return err
	}
	return framer.WriteData(stream, true, []byte(body))
}
