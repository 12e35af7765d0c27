package server

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Stream is an answer that is made while it is sent, for as long as the client reads. It is bounded by progress, not by the time of a
// request or of an answer. What fails before its first byte can still be told; what fails later cuts the connection.
type Stream struct {
	ctx   context.Context
	w     http.ResponseWriter
	conn  *http.ResponseController
	stall time.Duration
	begin func() // sends the header; nil once it has
}

// streamPiece is how many bytes have the time of a stall to be taken by the client.
const streamPiece = 16 << 10

// Stream returns the answer as a stream, and what ends the work on it. It fails when the client takes nothing for the time of a stall.
// begin sends the header, right before the first byte.
func (rq *Request) Stream(w http.ResponseWriter, stall time.Duration, begin func()) (*Stream, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(rq.Context()))
	stopped := context.AfterFunc(ExchangeOf(rq.Context()).stop, cancel)
	return &Stream{ctx: ctx, w: w, conn: http.NewResponseController(w), stall: stall, begin: begin}, func() {
		stopped()
		cancel()
	}
}

// HeadOnly reports whether nothing but the header of the answer is asked for.
func (rq *Request) HeadOnly() bool { return ExchangeOf(rq.Context()).head }

// Context returns the context of the work on the stream. It ends when the program stops, not when the time of a request is over, so each
// step of the work needs a time of its own.
func (s *Stream) Context() context.Context { return s.ctx }

// Write implements io.Writer. It sends what it is given.
func (s *Stream) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		piece := p[:min(len(p), streamPiece)]
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.stall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return n, err
		}
		if s.begin != nil {
			s.begin()
			s.begin = nil
		}
		written, err := s.w.Write(piece)
		if n += written; err != nil {
			return n, err
		}
		if err := s.conn.Flush(); err != nil {
			return n, err
		}
		p = p[len(piece):]
	}
	return n, nil
}
