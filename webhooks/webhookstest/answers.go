package webhookstest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Status reads the request, answers with that status and keeps the connection.
func Status(status int, headers ...string) Answer { return Body(status, nil, headers...) }

// Body is Status with a body.
func Body(status int, body []byte, headers ...string) Answer {
	return func(x *Exchange) {
		if x.Read() && x.Respond(status, body, headers...) {
			x.Keep()
		}
	}
}

// RetryAfter answers with a status and that value of Retry-After.
func RetryAfter(status int, value string) Answer { return Status(status, "Retry-After: "+value) }

// Redirect answers with a status and that Location.
func Redirect(status int, location string) Answer { return Status(status, "Location: "+location) }

// Flapping takes every n-th request and answers 503 to the others.
func Flapping(n int64) Answer {
	var count atomic.Int64
	return func(x *Exchange) {
		if count.Add(1)%n == 0 {
			Status(http.StatusOK)(x)
			return
		}
		Status(http.StatusServiceUnavailable)(x)
	}
}

// Silence reads the request and never answers.
func Silence() Answer {
	return func(x *Exchange) {
		x.Read()
		x.Hang()
	}
}

// SlowHeaders answers with one byte of header per interval, for ever.
func SlowHeaders(interval time.Duration) Answer {
	return func(x *Exchange) {
		x.Read()
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for i := 0; x.Write(slowText[i%len(slowText) : i%len(slowText)+1]); i++ {
			<-ticker.C
		}
	}
}

const slowText = "HTTP/1.1 200 OK\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// HangingBody answers 200 with headers and the beginning of a body that never goes on.
func HangingBody(status int) Answer {
	return func(x *Exchange) {
		x.Read()
		x.Write(fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: 1000\r\n\r\nbegun", status, http.StatusText(status)))
		x.Hang()
	}
}

// EndlessBody answers with a chunked body that never ends.
func EndlessBody(status int) Answer {
	return func(x *Exchange) {
		x.Read()
		x.Write(fmt.Sprintf("HTTP/1.1 %d OK\r\nTransfer-Encoding: chunked\r\n\r\n", status))
		x.WriteForEver([]byte("1000\r\n" + strings.Repeat("x", 0x1000) + "\r\n"))
	}
}

// HugeBody announces a body of that many bytes, by the gigabyte, and sends as much of it as is read.
func HugeBody(status int, size int64) Answer {
	return func(x *Exchange) {
		x.Read()
		x.Write(fmt.Sprintf("HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n", status, size))
		x.WriteForEver(make([]byte, 1<<14)) // nobody reads as far as size
	}
}

// GzipBomb answers 200 with a compressed body that expands a thousandfold to size bytes.
func GzipBomb(size int) Answer {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<16)
	for range size / len(zeros) {
		_, _ = z.Write(zeros) // into memory: cannot fail
	}
	_ = z.Close()
	return Body(http.StatusOK, bomb.Bytes(), "Content-Encoding: gzip")
}

// EndlessHeaders answers with headers that never end.
func EndlessHeaders() Answer {
	return func(x *Exchange) {
		x.Read()
		x.Write("HTTP/1.1 200 OK\r\n")
		x.WriteForEver([]byte("X-More: " + strings.Repeat("x", 1000) + "\r\n"))
	}
}

// EndlessHints answers with interim responses that never end.
func EndlessHints() Answer {
	return func(x *Exchange) {
		x.Read()
		x.WriteForEver([]byte("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"))
	}
}

// Raw reads the request, answers with that text, whatever it is, and closes the connection.
func Raw(text string) Answer {
	return func(x *Exchange) {
		x.Read()
		x.Write(text)
	}
}

// Stay reads the request, answers with that text, whatever it is, and keeps the connection until the sender ends it.
func Stay(text string) Answer {
	return func(x *Exchange) {
		x.Read()
		x.Write(text)
		x.Hang()
	}
}

// Again reads the request and answers with the same text again and again, an interval apart.
func Again(text string, interval time.Duration) Answer {
	return func(x *Exchange) {
		x.Read()
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for x.Write(text) {
			<-ticker.C
		}
	}
}

// Then gives an answer and tells when it is over.
func Then(answer Answer, over func()) Answer {
	return func(x *Exchange) {
		answer(x)
		over()
	}
}

// Early answers 200 before it reads the body.
func Early() Answer {
	return func(x *Exchange) {
		request, ok := x.ReadHead()
		x.Respond(http.StatusOK, nil)
		if ok && x.ReadBody(request) {
			x.Keep()
		}
	}
}

// ResetMidRequest breaks the connection off after the first byte of the request.
func ResetMidRequest() Answer { return func(x *Exchange) { x.Reset() } }

// ResetAfterRequest reads the request and breaks the connection off.
func ResetAfterRequest() Answer {
	return func(x *Exchange) {
		x.Read()
		x.Reset()
	}
}

// ResetMidAnswer breaks the connection off in the middle of the headers.
func ResetMidAnswer() Answer {
	return func(x *Exchange) {
		x.Read()
		x.Write("HTTP/1.1 200 OK\r\nDate: x\r\n")
		x.Reset()
	}
}

// CloseWithoutAnswer reads the request, without recording it, and closes the connection in order: what a sender sees that reuses
// a connection just as the receiver closes it.
func CloseWithoutAnswer() Answer {
	return func(x *Exchange) {
		if request, ok := x.ReadHead(); ok {
			_ = request.Body.Close() // reads it to the end, or the close would turn into a reset
		}
	}
}
