package jsonapi

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// listMAC is the authentication of cursors of one list.
func listMAC(list string) func([]byte) []byte {
	return func(payload []byte) []byte {
		m := hmac.New(sha256.New, []byte("key"))
		m.Write(append([]byte(list+"\x00"), payload...))
		return m.Sum(nil)
	}
}

var cursors = []Cursor{
	{Edge: ListStart},
	{Edge: ListEnd},
	{Values: []any{"Ada", int64(-5), nil, true, false, time.UnixMicro(1724150707123457).UTC()}},
	{Values: []any{"", "ä\x00,&=\n", int64(1<<63 - 1), int64(-1 << 63)}},
	{Values: []any{nil}},
	{Values: []any{time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)}},
	{Values: []any{strings.Repeat("名", 300), strings.Repeat("x", 254), strings.Repeat("名", 200), strings.Repeat("名", 200),
		strings.Repeat("名", 200), strings.Repeat("0", 36)}},
}

func TestACursorComesBackAsItWas(t *testing.T) {
	t.Parallel()
	mac := listMAC("users")
	for _, want := range cursors {
		text := want.Encode(mac)
		got, ok := DecodeCursor(text, mac)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%q: %v %s", text, ok, diff)
		}
		if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%q has to be escaped in a URL", text)
		}
	}
}

func TestAForgedCursorIsRefused(t *testing.T) {
	t.Parallel()
	mac := listMAC("users")
	for _, c := range cursors {
		text := c.Encode(mac)
		if _, ok := DecodeCursor(text, listMAC("organizations")); ok {
			t.Errorf("%v is taken for another list", c)
		}
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range raw {
			forged := bytes.Clone(raw)
			forged[i] ^= 1
			if _, ok := DecodeCursor(base64.RawURLEncoding.EncodeToString(forged), mac); ok {
				t.Errorf("%v is taken with another byte %d", c, i)
			}
		}
		for _, other := range []string{"", text[1:], text[:len(text)-1], text + "A", text + "=", text + "\n", text[:3] + "\r\n" + text[3:],
			" " + text} {
			if _, ok := DecodeCursor(other, mac); ok {
				t.Errorf("%q is taken for %q", other, text)
			}
		}
	}
	if _, ok := DecodeCursor(Cursor{Values: []any{strings.Repeat("x", maxCursor)}}.Encode(mac), mac); ok {
		t.Error("a cursor without bounds is taken")
	}
}

// FuzzCursor feeds the reader of authenticated payloads with anything, because nothing else would pass the authentication.
func FuzzCursor(f *testing.F) {
	mac := listMAC("users")
	for _, c := range cursors {
		f.Add(c.appendTo(nil), c.Encode(mac))
	}
	f.Add([]byte{1, 0, cursorString, 0x80, 0}, "AQ==")
	f.Add([]byte{1, 0, cursorTime, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, "-_-_")
	f.Fuzz(func(t *testing.T, payload []byte, text string) {
		if c, ok := parseCursor(payload); ok {
			if !bytes.Equal(c.appendTo(nil), payload) {
				t.Errorf("%x is read as %v, which is written %x", payload, c, c.appendTo(nil))
			}
			encoded := c.Encode(mac)
			again, ok := DecodeCursor(encoded, mac)
			if diff := cmp.Diff(c, again); len(encoded) <= maxCursor && (!ok || diff != "") {
				t.Errorf("%x does not come back: %v %s", payload, ok, diff)
			}
		}
		if c, ok := DecodeCursor(text, mac); ok && c.Encode(mac) != text {
			t.Errorf("%q is another text for %q", text, c.Encode(mac))
		}
	})
}
