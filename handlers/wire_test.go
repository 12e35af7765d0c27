package handlers_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"roster/jsonapi"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/server"
)

// onWire is a request as its bytes, but for the credential.
type onWire struct {
	method, path, header, body string
	// halfClose: the client says that it sends nothing more, and waits for the answer.
	halfClose bool
}

// request returns one with a line of header that tells how its body comes.
func request(method, path, header, body string) onWire {
	return onWire{method: method, path: path, header: header, body: body}
}

// whole returns a request with a body of the announced length, and the end of what the client sends.
func whole(method, path, body string, headers ...string) onWire {
	headers = append(headers, fmt.Sprintf("Content-Length: %d", len(body)))
	return onWire{method, path, strings.Join(headers, "\r\n"), body, true}
}

// wire sends the bytes of a request and returns the answer, or nil if the connection was cut without one.
func (s *service) wire(rq onWire) *answer {
	s.t.Helper()
	return s.wireText(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n%s\r\n\r\n%s",
		rq.method, rq.path, s.key, jsonapi.MediaType, rq.header, rq.body), rq.halfClose)
}

func (s *service) wireText(text string, halfClose bool) *answer {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the server may have closed it
	_, _ = io.WriteString(conn, text)
	if halfClose {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	method, _, _ := strings.Cut(text, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return &answer{s.t, res.StatusCode, res.Header, body}
}

// TestAClientThatHasSentEverythingIsAnswered: the end of what a client sends is not the end of the client.
func TestAClientThatHasSentEverythingIsAnswered(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		parent, _ := s.organization("Parent")
		body := fmt.Sprintf(`{"data":{"type":"organizations","attributes":{"name":"Child"},"relationships":{"parent":{"data":{`+
			`"type":"organizations","id":%q}}}}}`, parent)
		operations := jsonapi.ContentType([]string{jsonapi.AtomicExt}, nil)
		add := `{"atomic:operations":[{"op":"add",` + strings.TrimPrefix(body, "{") + `]}`
		const tries = 20
		for n := range tries {
			created := s.wire(whole("POST", managed, body)).want(201).text("data", "links", "self")
			s.wire(whole("POST", managed, body, fmt.Sprintf("Idempotency-Key: %d", n))).want(201)
			s.wire(whole("PATCH", created, fmt.Sprintf(`{"data":{"type":"organizations","id":%q,"attributes":{"name":"Other"}}}`,
				created[len(managed)+1:]))).want(200)
			s.wire(whole("GET", created, "")).want(200)
			s.wire(whole("DELETE", created, "")).want(204)
			s.wireText(fmt.Sprintf("POST /public/v2/operations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: "+
				"%s\r\nContent-Length: %d\r\n\r\n%s",
				s.key, operations, len(add), add), true).want(200)
		}
		if total := s.get(managed+"?filter[parent]="+parent).json("meta", "total"); total != float64(2*tries) {
			t.Errorf("%v organizations are there, and %d were answered for", total, 2*tries)
		}
	})
}

// TestABodyThatIsNotWhatWasAnnouncedIsRefused, and nothing is done: neither a part of a body nor a success that is none.
func TestABodyThatIsNotWhatWasAnnouncedIsRefused(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		whole := `{"data":{"type":"organizations","attributes":{"name":"Whole"}}}`
		length, chunked := fmt.Sprintf("Content-Length: %d", len(whole)+1), "Transfer-Encoding: chunked"
		chunk := fmt.Sprintf("%x\r\n%s\r\n", len(whole), whole)
		for _, rq := range []onWire{
			{header: length, body: whole, halfClose: true},
			{header: length, body: "", halfClose: true},
			{header: chunked, body: chunk, halfClose: true},
			{header: chunked, body: chunk[:20], halfClose: true},
			{header: chunked, body: "", halfClose: true},
			{header: chunked, body: "zz\r\n"},
			{header: chunked, body: chunk + "-1\r\n"},
			{header: chunked, body: chunk[:len(chunk)-2] + "0\r\n\r\n"},
			{header: chunked, body: "11111111111111111\r\n"},
			{header: chunked, body: strings.Repeat("0", 5000) + "\r\n"},
			{header: chunked, body: chunk + "0\r\nnot a trailer\r\n\r\n"},
		} {
			for _, key := range []string{"", "\r\nIdempotency-Key: k"} {
				rq.method, rq.path = "POST", managed
				sent := rq
				sent.header += key
				a := s.wire(sent)
				if a == nil {
					t.Errorf("%s %.40q: the connection was cut without an answer", sent.header, sent.body)
					continue
				}
				if got := a.want(400).errors()[0]; got != (errorObject{"400", "malformed_body", "", "", ""}) {
					t.Errorf("%s %.40q: %v", sent.header, sent.body, got)
				}
			}
		}
		if total := s.get(managed).json("meta", "total"); total != 0.0 {
			t.Errorf("%v organizations were made of it", total)
		}
	})
}

// TestARequestThatWasGivenUpDoesNothing resets a stream of HTTP/2 in the middle of its body.
func TestARequestThatWasGivenUpDoesNothing(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		s := newServiceWith(t, db, overHTTP2)
		ctx, giveUp := context.WithCancel(t.Context())
		body, half := io.Pipe()
		req, err := http.NewRequestWithContext(ctx, "POST", s.url+managed, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		req.Header.Set("Content-Type", jsonapi.MediaType)
		client := &http.Transport{Protocols: &http.Protocols{}}
		client.Protocols.SetUnencryptedHTTP2(true)
		defer client.CloseIdleConnections()
		go func() {
			_, _ = io.WriteString(half, `{"data":{"type":"organizations","attributes":{"name":"Half"}}`) // returns when it is read
			giveUp()
		}()
		if res, err := client.RoundTrip(req); err == nil {
			t.Errorf("status %d", res.StatusCode)
			_ = res.Body.Close()
		}
		req, err = http.NewRequestWithContext(t.Context(), "GET", s.url+managed, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		res, err := client.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		listed, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if total := (&answer{t: t, Body: listed}).json("meta", "total"); res.Proto != "HTTP/2.0" || total != 0.0 {
			t.Errorf("%s: %v organizations", res.Proto, total)
		}
	})
}

// overHTTP2 lets a server speak HTTP/2 without TLS, too.
func overHTTP2(_ *server.Config, server *http.Server) {
	server.Protocols = &http.Protocols{}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
}

// TestWhatNetHTTPAnswersItself holds the list of docs/clients.md: no other answer is without a document.
func TestWhatNetHTTPAnswersItself(t *testing.T) {
	t.Parallel()
	small := func(_ *server.Config, server *http.Server) { server.MaxHeaderBytes = 4096 }
	s := newServiceWith(t, modelstest.Open(t, store.SQLite), small)
	const line, end = "POST /public/v2/users HTTP/1.1\r\n", "\r\n\r\n"
	for text, status := range map[string]int{
		"nonsense\r\n\r\n": 400,
		"GET /public/v2/users/%zz HTTP/1.1\r\nHost: x" + end:                                        400,
		"GET /public/v2/users HTTP/1.1" + end:                                                       400,
		line + "Host: x\r\nX\x00: 1" + end:                                                          400,
		line + "Host: x\r\nContent-Length: 5\r\nContent-Length: 6" + end + "hello":                  400,
		line + "Host: x\r\nExpect: the-unexpected\r\nContent-Length: 2" + end + "{}":                417,
		line + "Host: x\r\nX: " + strings.Repeat("x", 20_000) + end:                                 431,
		line + "Host: x\r\nTransfer-Encoding: gzip, chunked" + end:                                  501,
		"GET /public/v2/users HTTP/3.0\r\nHost: x" + end:                                            505,
		line + "Host: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked" + end + "zz\r\n": 401, // of the service, with a document
	} {
		a := s.wireText(text, false)
		if a == nil || a.Status != status {
			t.Errorf("%.60q: %+v, want %d", text, a, status)
			continue
		}
		want := "text/plain; charset=utf-8"
		if status == http.StatusUnauthorized {
			want = jsonapi.MediaType
		}
		if got := a.Header.Get("Content-Type"); got != want && (status != 417 || len(a.Body) > 0) {
			t.Errorf("%.60q: %d with the media type %q", text, status, got)
		}
	}
}
