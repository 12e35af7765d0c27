package servertest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Reply is an answer whose body has been read.
type Reply struct {
	StatusCode int
	Proto      string
	Header     http.Header
	Close      bool // the server takes no other request on the connection
}

// Fresh returns a transport that opens a connection for each request and neither asks for gzip nor undoes it.
func Fresh() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, DisableCompression: true}
}

// Exchange sends a request and returns the answer and its body. It follows no redirect. headers are name and value in turn.
func Exchange(
	ctx context.Context, through http.RoundTripper, method, url string, content io.Reader, headers ...string,
) (Reply, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return Reply{}, nil, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	answer, err := through.RoundTrip(req)
	if err != nil {
		return Reply{}, nil, err
	}
	body, err := io.ReadAll(answer.Body)
	return Reply{answer.StatusCode, answer.Proto, answer.Header, answer.Close}, body, errors.Join(err, answer.Body.Close())
}

// Drain reads an answer to its end, with a credential, and returns when its first byte came, how many there were, and the most of what is
// measured each time that so many more have come.
func Drain(ctx context.Context, url, credential string, every int, measure func() float64) (
	first time.Duration, most float64, bytes int, err error,
) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, 0, err
	}
	req.Header.Set("Authorization", credential)
	began := time.Now()
	answer, err := Fresh().RoundTrip(req)
	if err != nil {
		return 0, 0, 0, err
	}
	piece, next := make([]byte, 16<<10), every
	for {
		n, err := answer.Body.Read(piece)
		if bytes == 0 && n > 0 {
			first = time.Since(began)
		}
		if bytes += n; bytes >= next {
			next, most = bytes+every, max(most, measure())
		}
		if errors.Is(err, io.EOF) {
			return first, most, bytes, answer.Body.Close()
		}
		if err != nil {
			return first, most, bytes, errors.Join(err, answer.Body.Close())
		}
	}
}
