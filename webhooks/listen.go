package webhooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	listenTolerance = 5 * time.Minute // what the official libraries use
	maxListenBody   = 1 << 20
)

// ListenConfig says how a Listener receives.
type ListenConfig struct {
	Keys      []VerifyingKey // any of them will do
	FailRate  float64        // share of good requests answered with 500, to watch the retries
	Roll      func() float64 // random, in [0,1)
	ForwardTo *url.URL       // where verified requests go as well; nil: nowhere
	Client    *http.Client   // for forwarding; redirects are not followed
	Out       io.Writer
	Now       func() time.Time
}

// Listener is a webhook receiver for people who write one: it verifies each request, shows what is in it and answers. It is safe for
// concurrent use; what it shows of one request stays together.
type Listener struct {
	config ListenConfig
	client http.Client
	mu     sync.Mutex
}

// NewListener returns a listener with that configuration.
func NewListener(config ListenConfig) (*Listener, error) {
	if len(config.Keys) == 0 {
		return nil, errors.New("listen: there is no secret to verify with")
	}
	if config.FailRate < 0 || config.FailRate > 1 {
		return nil, fmt.Errorf("listen: a fail rate is between 0 and 1, not %g", config.FailRate)
	}
	l := &Listener{config: config}
	if config.ForwardTo != nil {
		if config.Client == nil {
			return nil, errors.New("listen: forwarding needs a client")
		}
		l.client = *config.Client
		l.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return l, nil
}

// ServeHTTP answers 401 to what does not verify, 500 at the fail rate, what the target of forwarding answers, or 204.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "webhooks are sent with POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxListenBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			l.show(r.Header, nil, "not checked: "+err.Error(), strconv.Itoa(http.StatusRequestEntityTooLarge))
			http.Error(w, fmt.Sprintf("the body has more than %d bytes", maxListenBody), http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "the body ended early", http.StatusBadRequest)
		return
	}
	if err := Verify(r.Header, body, listenTolerance, l.config.Now(), l.config.Keys...); err != nil {
		l.show(r.Header, body, "REFUSED: "+err.Error(), strconv.Itoa(http.StatusUnauthorized))
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	if l.config.Roll() < l.config.FailRate {
		l.show(r.Header, body, "verified", "500, on purpose")
		http.Error(w, "failing on purpose", http.StatusInternalServerError)
		return
	}
	if l.config.ForwardTo == nil {
		l.show(r.Header, body, "verified", strconv.Itoa(http.StatusNoContent))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	l.forward(w, r, body)
}

// forward sends the same bytes with the same headers on, so that the target can verify them too, and hands its answer back as far as
// the sender acts on it.
func (l *Listener) forward(w http.ResponseWriter, r *http.Request, body []byte) {
	out, err := http.NewRequestWithContext(r.Context(), http.MethodPost, l.config.ForwardTo.String(), bytes.NewReader(body))
	if err == nil {
		out.Header = forwardable(r.Header)
		var response *http.Response
		if response, err = l.client.Do(out); err == nil {
			defer response.Body.Close()
			for _, name := range []string{"Retry-After", "Webhook-Delivery"} {
				if value := response.Header.Get(name); value != "" {
					w.Header().Set(name, value)
				}
			}
			l.show(r.Header, body, "verified", fmt.Sprintf("%d, from %s", response.StatusCode, RedactURL(l.config.ForwardTo.String())))
			w.WriteHeader(response.StatusCode)
			return
		}
	}
	l.show(r.Header, body, "verified", "502, forwarding: "+reasonOf(err))
	http.Error(w, "the target of forwarding cannot be reached", http.StatusBadGateway)
}

// reasonOf leaves out the URL, which url.Error repeats: it may hold credentials.
func reasonOf(err error) string {
	var parse *url.Error
	if errors.As(err, &parse) {
		return parse.Err.Error()
	}
	return err.Error()
}

// forwardable leaves out the headers that belong to the connection.
func forwardable(header http.Header) http.Header {
	out := header.Clone()
	for _, name := range []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		out.Del(name)
	}
	return out
}

// show writes one request and its answer. Everything in it came over the wire and may try to drive the terminal.
func (l *Listener) show(header http.Header, body []byte, signature, answer string) {
	var envelope struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(body, &envelope) != nil || envelope.Type == "" {
		envelope.Type = "(no type)"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s  %s\n", Printable(envelope.Type), Printable(header.Get(HeaderID)))
	fmt.Fprintf(&b, "  attempt    %s\n", attemptTime(header.Get(HeaderTimestamp)))
	fmt.Fprintf(&b, "  signature  %s\n", Printable(signature))
	fmt.Fprintf(&b, "  answer     %s\n", Printable(answer))
	b.WriteString("  " + printableLines(indented(body)) + "\n\n")
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.config.Out.Write(b.Bytes()) // a closed terminal is no reason to refuse events
}

func attemptTime(header string) string {
	unix, err := strconv.ParseInt(header, 10, 64)
	if err != nil {
		return strconv.Quote(header)
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

// indented returns JSON with one member a line, and anything else as it is.
func indented(body []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, body, "  ", "  "); err != nil {
		return string(body)
	}
	return b.String()
}
