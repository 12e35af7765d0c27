package jsonapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// encoder appends JSON and keeps the first error.
type encoder struct {
	out []byte
	err error
	// fleeting: a fleeting attribute was come to. settled: they are left out.
	fleeting, settled bool
}

// name begins a member of an object whose names need no escape.
func (e *encoder) name(name string) {
	e.comma()
	e.out = append(append(append(e.out, '"'), name...), `":`...)
}

// comma separates what follows from what stands before it in the same object or array.
func (e *encoder) comma() {
	if last := e.out[len(e.out)-1]; last != '{' && last != '[' {
		e.out = append(e.out, ',')
	}
}

// each appends an array.
func each[T any](e *encoder, values []T, print func(T)) {
	e.out = append(e.out, '[')
	for i, v := range values {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		print(v)
	}
	e.out = append(e.out, ']')
}

// value appends anything: what attributes and meta are mostly made of without reflection.
func (e *encoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.out = append(e.out, Null...)
	case string:
		e.text(v)
	case bool:
		e.toggle(v)
	case int:
		e.integer(int64(v))
	case int64:
		e.integer(v)
	case Time:
		e.time(v)
	case Stamp:
		e.stamp(v)
	case Strings:
		e.list(v)
	case Raw:
		e.raw(v)
	case map[string]any:
		e.object(v)
	default:
		e.pointer(v)
	}
}

// pointer appends what is pointed to, null for nil.
func (e *encoder) pointer(v any) {
	switch v := v.(type) {
	case *string:
		pointed(e, v, e.text)
	case *bool:
		pointed(e, v, e.toggle)
	case *int64:
		pointed(e, v, e.integer)
	case *Time:
		pointed(e, v, e.time)
	case *Stamp:
		pointed(e, v, e.stamp)
	case *Strings:
		pointed(e, v, e.list)
	case *Raw:
		pointed(e, v, e.raw)
	default:
		e.reflected(v)
	}
}

func pointed[T any](e *encoder, v *T, print func(T)) {
	if v == nil {
		e.out = append(e.out, Null...)
		return
	}
	print(*v)
}

func (e *encoder) toggle(on bool)    { e.out = strconv.AppendBool(e.out, on) }
func (e *encoder) integer(n int64)   { e.out = strconv.AppendInt(e.out, n, 10) }
func (e *encoder) time(t Time)       { e.moment(t.Truncate(time.Microsecond), time.RFC3339Nano) }
func (e *encoder) stamp(t Stamp)     { e.moment(t.Time, time.RFC3339) }
func (e *encoder) list(list Strings) { each(e, list, e.text) }

// reflected appends anything, by reflection.
func (e *encoder) reflected(v any) {
	buf := bytes.NewBuffer(e.out)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		e.failed(fmt.Errorf("encode document: %w", err))
	}
	e.out = bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// moment appends a time in a layout that ends with Z in UTC, where package time is quick, with the offset in digits.
func (e *encoder) moment(t time.Time, layout string) {
	e.out = t.UTC().AppendFormat(append(e.out, '"'), layout)
	e.out = append(e.out[:len(e.out)-len("Z")], `+00:00"`...)
}

func (e *encoder) failed(err error) {
	if e.err == nil {
		e.err = err
	}
}

// object appends a map, in the order of its names.
func (e *encoder) object(members map[string]any) {
	if members == nil {
		e.out = append(e.out, Null...)
		return
	}
	e.out = append(e.out, '{')
	if len(members) == 0 {
		e.out = append(e.out, '}')
		return
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		e.comma()
		e.text(name)
		e.out = append(e.out, ':')
		e.value(members[name])
	}
	e.out = append(e.out, '}')
}

// raw appends JSON without the white space between its tokens.
func (e *encoder) raw(r Raw) {
	if len(r) == 0 {
		e.out = append(e.out, Null...)
		return
	}
	compacted := bytes.NewBuffer(e.out)
	e.failed(json.Compact(compacted, r))
	e.out = compacted.Bytes()
}

// text appends a string.
func (e *encoder) text(s string) {
	e.out = append(e.out, '"')
	e.escaped(s)
	e.out = append(e.out, '"')
}

// escapes are how the characters are printed that have escapes of their own; other control characters have the general one.
var escapes = map[byte]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// ordinary are the bytes that stand for a character which is printed as it is.
var ordinary = func() (table [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// escaped appends the text of a string: what JSON wants escaped, the line ends of JavaScript (U+2028, U+2029), and U+FFFD for each byte
// that is no UTF-8.
func (e *encoder) escaped(s string) {
	const digits = "0123456789abcdef"
	plain := 0 // what is not appended yet begins here
	for i := 0; i < len(s); {
		if ordinary[s[i]] { // as most texts are from end to end
			i++
			continue
		}
		c, width := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && c != '\u2028' && c != '\u2029' && (c != utf8.RuneError || width > 1) {
			i += width
			continue
		}
		e.out = append(e.out, s[plain:i]...)
		if short, ok := escapes[s[i]]; ok {
			e.out = append(e.out, short...)
		} else {
			e.out = append(e.out, '\\', 'u', digits[c>>12&15], digits[c>>8&15], digits[c>>4&15], digits[c&15])
		}
		i += width
		plain = i
	}
	e.out = append(e.out, s[plain:]...)
}
