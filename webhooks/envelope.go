package webhooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"roster/jsonapi"
	"roster/models"
)

// DefaultBodyLimit is the size above which an event is sent thin. Standard Webhooks asks for less than 20 kB as a rule and names
// no bound; common receivers stop at 100 kB or more.
const DefaultBodyLimit = 64 << 10

// eventTimeLayout is ISO 8601 with milliseconds. It is the time of the event; the time of the attempt is in webhook-timestamp.
const eventTimeLayout = "2006-01-02T15:04:05.000Z07:00"

// Envelope is what a receiver is sent about one event.
type Envelope struct {
	Type         string
	OccurredAt   time.Time
	Sequence     int64           // within the organization, without gaps: receivers find what is missing and put it in order
	Organization *Organization   // whose event it is; nil for none
	Actor        models.Actor    // without id and name if the receiver's organization does not see it
	RequestID    *string         // nil if no request made the change
	Test         bool            // it tells of nothing that happened: somebody tries the receiver
	Data         json.RawMessage // the resource as a JSON:API resource object
	Changes      json.RawMessage // before and after by attribute; nil unless something was updated
}

// Organization is whose event it is, under the name that it had then.
type Organization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ErrTooLarge means that not even the thin form of an event fits.
var ErrTooLarge = errors.New("the event is larger than the limit and cannot be made thinner")

// Render returns the bytes that are stored, signed and sent:
//
//	{"type":"user.updated","timestamp":"2026-01-02T03:04:05.678Z","sequence":7,"organization":{…},"actor":{…},"requestId":"…",
//	 "data":{…},"changes":{…}}
//
// Data and Changes go in as they are, without HTML escaping or reordering. It is called once for each event and organization of
// endpoints, so that every attempt sends the same bytes.
//
// An event of more than limit bytes is thinned: it says "thin":true, has no changes, and its data is only type, id and links.self, which
// the receiver follows to read the rest. If that does not fit either, or data has no type and id, the error is ErrTooLarge.
func (e Envelope) Render(limit int) ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("render event %q: %w", e.Type, err)
	}
	body, err := e.append(make([]byte, 0, e.size()), false)
	if err != nil || len(body) <= limit {
		return body, err
	}
	data, err := thin(e.Data)
	if err != nil {
		return nil, fmt.Errorf("render event %q: %w", e.Type, err)
	}
	e.Data, e.Changes = data, nil
	if body, err = e.append(make([]byte, 0, e.size()), true); err != nil {
		return nil, err
	}
	if len(body) > limit {
		return nil, fmt.Errorf("render event %q: %w", e.Type, ErrTooLarge)
	}
	return body, nil
}

func (e Envelope) check() error {
	if !models.IsEventType(e.Type) {
		return errors.New("its type has not the form of one")
	}
	// json.Valid looks at the grammar only, but JSON on the wire is UTF-8 (RFC 8259, section 8.1).
	if !json.Valid(e.Data) || !utf8.Valid(e.Data) {
		return errors.New("its data is not valid JSON")
	}
	if e.Changes != nil && (!json.Valid(e.Changes) || !utf8.Valid(e.Changes)) {
		return errors.New("its changes are not valid JSON")
	}
	return nil
}

func (e Envelope) size() int {
	const frame = 512
	return frame + len(e.Type) + len(e.Data) + len(e.Changes)
}

func (e Envelope) append(b []byte, thin bool) ([]byte, error) {
	b = append(b, `{"type":"`...)
	b = append(b, e.Type...)
	b = append(b, `","timestamp":"`...)
	b = e.OccurredAt.UTC().AppendFormat(b, eventTimeLayout)
	b = append(b, `","sequence":`...)
	b = strconv.AppendInt(b, e.Sequence, 10)
	for _, member := range []struct {
		name  string
		value any
	}{{"organization", e.Organization}, {"actor", e.Actor}, {"requestId", e.RequestID}} {
		value, err := jsonapi.Marshal(member.value)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", member.name, err)
		}
		b = append(append(append(b, `,"`...), member.name...), `":`...)
		b = append(b, value...)
	}
	if e.Test {
		b = append(b, `,"test":true`...)
	}
	if thin {
		b = append(b, `,"thin":true`...)
	}
	b = append(b, `,"data":`...)
	b = append(b, e.Data...)
	if e.Changes != nil {
		b = append(b, `,"changes":`...)
		b = append(b, e.Changes...)
	}
	return append(b, '}'), nil
}

// thin keeps what is needed to fetch the resource.
func thin(data json.RawMessage) (json.RawMessage, error) {
	var resource struct {
		Type  string `json:"type"`
		ID    string `json:"id"`
		Links *struct {
			Self json.RawMessage `json:"self"`
		} `json:"links,omitempty"`
	}
	if err := json.Unmarshal(data, &resource); err != nil || resource.Type == "" || resource.ID == "" {
		return nil, ErrTooLarge
	}
	if resource.Links != nil && resource.Links.Self == nil {
		resource.Links = nil
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(resource); err != nil {
		return nil, fmt.Errorf("thin its data: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
