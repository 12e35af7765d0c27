package jsonapi

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// Cursor is a place in a sorted list (cursor pagination profile, § Terminology): that of one item, or one of the two ends. It knows the
// place by the values that the list is sorted by, so that it stays usable when its item is gone.
type Cursor struct {
	// Edge is set for an end of the list; then there are no values.
	Edge Edge
	// Values are those of the sort keys, in their order: string, int64, bool, time.Time to the microsecond, or nil.
	Values []any
}

// Edge is an end of a list.
type Edge byte

// The ends of a list.
const (
	NoEdge Edge = iota
	ListStart
	ListEnd
)

// cursorVersion is the first byte of every cursor. A cursor of another version is refused like a forged one.
const cursorVersion = 1

// Sizes of the encoded form.
const (
	cursorMACSize = 16
	// maxCursor bounds the text. The longest one that this program makes, with the five longest sort keys, is shorter.
	maxCursor = 8192
	// usualCursor has room for a time, an id and what authenticates them.
	usualCursor = 96
)

// Encode returns the cursor as an opaque text for URLs. mac authenticates it together with the list it belongs to: DecodeCursor takes it
// only with the same one. mac must return at least 16 bytes.
func (c Cursor) Encode(mac func(payload []byte) []byte) string {
	payload := c.appendTo(make([]byte, 0, usualCursor))
	return base64.RawURLEncoding.EncodeToString(append(payload, mac(payload)[:cursorMACSize]...))
}

// DecodeCursor reads what Encode returned. ok is false for anything else: a text that was changed, or made for another list.
func DecodeCursor(text string, mac func(payload []byte) []byte) (c Cursor, ok bool) {
	if len(text) > maxCursor {
		return Cursor{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// The decoder passes over line breaks; one place has one text.
	if err != nil || len(raw) <= cursorMACSize || base64.RawURLEncoding.EncodedLen(len(raw)) != len(text) {
		return Cursor{}, false
	}
	payload := raw[:len(raw)-cursorMACSize]
	if !hmac.Equal(raw[len(payload):], mac(payload)[:cursorMACSize]) {
		return Cursor{}, false
	}
	return parseCursor(payload)
}

// The kinds of value within a cursor.
const (
	cursorNull = iota
	cursorString
	cursorInteger
	cursorTime
	cursorFalse
	cursorTrue
)

func (c Cursor) appendTo(b []byte) []byte {
	b = append(b, cursorVersion, byte(c.Edge))
	for _, value := range c.Values {
		switch v := value.(type) {
		case string:
			b = append(b, cursorString)
			b = binary.AppendUvarint(b, uint64(len(v)))
			b = append(b, v...)
		case int64:
			b = binary.AppendVarint(append(b, cursorInteger), v)
		case time.Time:
			b = binary.AppendVarint(append(b, cursorTime), v.UnixMicro())
		case bool:
			b = append(b, cursorFalse)
			if v {
				b[len(b)-1] = cursorTrue
			}
		default:
			b = append(b, cursorNull)
		}
	}
	return b
}

// parseCursor reads a payload. It takes only what appendTo writes.
func parseCursor(payload []byte) (c Cursor, ok bool) {
	if len(payload) < 2 || payload[0] != cursorVersion || payload[1] > byte(ListEnd) {
		return Cursor{}, false
	}
	c.Edge = Edge(payload[1])
	for rest := payload[2:]; len(rest) > 0; {
		value, size := parseCursorValue(rest)
		if size == 0 {
			return Cursor{}, false
		}
		c.Values, rest = append(c.Values, value), rest[size:]
	}
	if (c.Edge == NoEdge) != (len(c.Values) > 0) || !bytes.Equal(c.appendTo(nil), payload) { // numbers have longer spellings
		return Cursor{}, false
	}
	return c, true
}

// parseCursorValue reads one value and returns the number of its bytes, 0 if it cannot be read.
func parseCursorValue(b []byte) (value any, size int) {
	body := b[1:]
	switch b[0] {
	case cursorNull:
		return nil, 1
	case cursorFalse, cursorTrue:
		return b[0] == cursorTrue, 1
	case cursorString:
		length, n := binary.Uvarint(body)
		if n <= 0 || length > uint64(len(body)-n) {
			return nil, 0
		}
		return string(body[n : n+int(length)]), 1 + n + int(length)
	case cursorInteger, cursorTime:
		number, n := binary.Varint(body)
		if n <= 0 {
			return nil, 0
		}
		if b[0] == cursorTime {
			return time.UnixMicro(number).UTC(), 1 + n
		}
		return number, 1 + n
	default:
		return nil, 0
	}
}
