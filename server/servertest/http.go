package servertest

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// Reply is an answer whose body has been read.
type Reply struct {
	StatusCode int
	Proto      string
	Header     http.Header
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
	return Reply{answer.StatusCode, answer.Proto, answer.Header}, body, errors.Join(err, answer.Body.Close())
}
