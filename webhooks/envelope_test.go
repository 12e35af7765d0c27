package webhooks

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"roster/models"
)

var eventTime = time.Date(2026, 1, 2, 4, 4, 5, 678_900_000, time.FixedZone("CET", 3600))

// ofNobody is what an envelope says that was told nothing of where an event comes from.
const ofNobody = `"organization":null,"actor":{"kind":"","id":null,"name":null},"requestId":null,`

func TestRender(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name     string
		envelope Envelope
		want     string
	}{
		{"a created resource",
			Envelope{Type: "user.created", OccurredAt: eventTime, Sequence: 1,
				Organization: &Organization{ID: "2", Name: "<Acme> & Söhne"},
				Actor:        models.Actor{Kind: "system", ID: new("3"), Name: new("\"x\"")}, RequestID: new("r-1"),
				Data: json.RawMessage(`{"type":"users","id":"1"}`)},
			`{"type":"user.created","timestamp":"2026-01-02T03:04:05.678Z","sequence":1,` +
				`"organization":{"id":"2","name":"<Acme> & Söhne"},` +
				`"actor":{"kind":"system","id":"3","name":"\"x\""},"requestId":"r-1","data":{"type":"users","id":"1"}}`},
		{"an update carries its changes",
			Envelope{Type: "user.updated", OccurredAt: eventTime, Sequence: 1 << 60, Data: json.RawMessage(`{}`),
				Changes: json.RawMessage(`{"name":{"before":"A","after":"B"}}`)},
			`{"type":"user.updated","timestamp":"2026-01-02T03:04:05.678Z","sequence":1152921504606846976,` + ofNobody + `"data":{},` +
				`"changes":{"name":{"before":"A","after":"B"}}}`},
		{"data is passed through byte for byte",
			Envelope{Type: "user.updated", OccurredAt: eventTime,
				Data: json.RawMessage("{\"z\": \"<b>&\u2028Zoë ☕\\u003c\", \"a\":1.0e3}")},
			"{\"type\":\"user.updated\",\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"sequence\":0," + ofNobody +
				"\"data\":{\"z\": \"<b>&\u2028Zoë ☕\\u003c\", \"a\":1.0e3}}"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.envelope.Render(DefaultBodyLimit)
			if err != nil || string(got) != v.want {
				t.Errorf("Render = %s, %v\nwant     %s", got, err, v.want)
			}
			if !json.Valid(got) {
				t.Error("the body is not JSON")
			}
		})
	}
}

func TestRenderAtTheLimit(t *testing.T) {
	t.Parallel()
	envelope := func(description string) Envelope {
		data := `{"type":"organizations","id":"0198","attributes":{"description":"` + description +
			`"},"links":{"self":"/public/v2/organizations/0198?a=1&b=<2>"}}`
		return Envelope{Type: "organization.updated", OccurredAt: eventTime, Sequence: 3, Data: json.RawMessage(data),
			Changes: json.RawMessage(`{"description":{}}`)}
	}
	full, err := envelope("ë").Render(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := envelope("ë").Render(len(full)); err != nil || string(got) != string(full) {
		t.Errorf("exactly at the limit: %s, %v", got, err)
	}
	const thinned = `{"type":"organization.updated","timestamp":"2026-01-02T03:04:05.678Z","sequence":3,` + ofNobody + `"thin":true,` +
		`"data":{"type":"organizations","id":"0198","links":{"self":"/public/v2/organizations/0198?a=1&b=<2>"}}}`
	if got, err := envelope("ë").Render(len(full) - 1); err != nil || string(got) != thinned {
		t.Errorf("one byte above the limit: %s, %v\nwant %s", got, err, thinned)
	}
	if got, err := envelope(strings.Repeat("x", 1<<20)).Render(DefaultBodyLimit); err != nil || string(got) != thinned {
		t.Errorf("far above the limit: %.200s, %v", got, err)
	}
	if _, err := envelope("ë").Render(len(thinned) - 1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a limit that nothing fits: %v", err)
	}
	anonymous := Envelope{Type: "x", Data: json.RawMessage(`["` + strings.Repeat("x", 200) + `"]`)}
	if _, err := anonymous.Render(100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("data that is no resource: %v", err)
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]Envelope{
		"no data":                        {Type: "user.created"},
		"data that is not JSON":          {Type: "user.created", Data: json.RawMessage(`{`)},
		"two JSON values":                {Type: "user.created", Data: json.RawMessage(`{},"x":1`)},
		"data that is not UTF-8":         {Type: "user.created", Data: json.RawMessage("\"\xff\"")},
		"changes that are not JSON":      {Type: "user.created", Data: json.RawMessage(`{}`), Changes: json.RawMessage(``)},
		"a type that would break out":    {Type: `user","x":"`, Data: json.RawMessage(`{}`)},
		"a type with a control sequence": {Type: "user\x1b", Data: json.RawMessage(`{}`)},
	} {
		if got, err := e.Render(DefaultBodyLimit); err == nil {
			t.Errorf("%s: rendered %s", name, got)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	e := Envelope{Type: "organization.updated", OccurredAt: eventTime, Sequence: 12345,
		Data:    json.RawMessage(`{"type":"organizations","id":"0198","attributes":{"description":"` + strings.Repeat("x", 1200) + `"}}`),
		Changes: json.RawMessage(`{"description":{"before":"a","after":"b"}}`)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Render(DefaultBodyLimit); err != nil {
			b.Fatal(err)
		}
	}
}
