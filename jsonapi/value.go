package jsonapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Decode returns the Go value of one attribute that a client sent as JSON: string, int64, bool, Time, Strings or nil. If the value
// cannot be taken it returns what is wrong with it, as the end of a sentence.
func (a *Attribute) Decode(v any) (value any, wrong string) {
	if v == nil {
		return nil, a.checkNull()
	}
	switch a.Kind {
	case String:
		s, ok := v.(string)
		if !ok {
			return nil, "must be a string"
		}
		return s, a.checkText(s)
	case Boolean:
		if b, ok := v.(bool); ok {
			return b, ""
		}
		return nil, "must be true or false"
	case Integer:
		n, ok := v.(json.Number)
		if ok {
			if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
				return i, ""
			}
		}
		return nil, "must be an integer of at most 64 bits"
	case TimeKind, StampKind:
		s, _ := v.(string)
		if t, _, ok := ParseTime(s); ok {
			return Time{t}, ""
		}
		return nil, "must be a time like 2026-01-02T03:04:05+00:00 (RFC 3339)"
	case List:
		return a.decodeList(v)
	default:
		return nil, "cannot be set"
	}
}

// Check returns what is wrong with a value as Decode returns it, as the end of a sentence; "" for nothing.
func (a *Attribute) Check(value any) (wrong string) {
	var kind ValueKind
	switch v := value.(type) {
	case nil:
		return a.checkNull()
	case string:
		if a.Kind == String {
			return a.checkText(v)
		}
		kind = String
	case Strings:
		if a.Kind == List {
			return a.checkList(v)
		}
		kind = List
	case bool:
		kind = Boolean
	case int64:
		kind = Integer
	case Time:
		kind = TimeKind
	}
	if kind != a.Kind {
		return fmt.Sprintf("must not be a %T", value)
	}
	return ""
}

func (a *Attribute) checkNull() (wrong string) {
	if a.Nullable || a.Secret {
		return ""
	}
	return "must not be null"
}

// Parse returns the Go value for text from a query parameter.
func (a *Attribute) Parse(text string) (value any, wrong string) { return parseText(a.Kind, text) }

func parseText(kind ValueKind, text string) (value any, wrong string) {
	if i := unusable(text); i != "" {
		return nil, i
	}
	switch kind {
	case Boolean:
		switch text {
		case "true":
			return true, ""
		case "false":
			return false, ""
		}
		return nil, "must be true or false"
	case Integer:
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i, ""
		}
		return nil, "must be an integer"
	case TimeKind, StampKind:
		t, whole, ok := ParseTime(text)
		if !ok {
			return nil, "must be a time like 2026-01-02T03:04:05+00:00 (RFC 3339; a + in a URL is written %2B)"
		}
		if whole && kind == StampKind {
			return WholeSecond{t}, ""
		}
		return t, ""
	default:
		return text, ""
	}
}

// WholeSecond is a time in a filter that was given without a fraction, for an attribute that is printed without one. It stands for
// the whole second: what a client reads, it can filter by.
type WholeSecond struct{ time.Time }

func (a *Attribute) checkText(s string) (wrong string) {
	if wrong := unusable(s); wrong != "" {
		return wrong
	}
	n := utf8.RuneCountInString(s)
	switch {
	case a.Required && strings.TrimSpace(s) == "":
		return "must not be blank"
	case n < a.Min:
		return fmt.Sprintf("must have at least %d characters", a.Min)
	case n > a.Max:
		return fmt.Sprintf("must have at most %d characters, not %d", a.Max, n)
	case len(a.Enum) > 0 && !slices.Contains(a.Enum, s):
		return "must be one of " + strings.Join(a.Enum, ", ")
	case a.Visible:
		return checkVisible(s)
	case a.Format != "":
		return formats[a.Format](s)
	case !a.Secret && !a.WriteOnly:
		return checkSeen(s)
	}
	return ""
}

// unusable tells why a text can be stored by no database or shown by no terminal.
func unusable(s string) (wrong string) {
	for _, r := range s {
		switch {
		case r == 0:
			return "must not contain the NUL character"
		case r == utf8.RuneError || r == '\t' || r == '\n' || r == '\r':
		case unicode.IsControl(r):
			return fmt.Sprintf("must not contain the control character U+%04X", r)
		}
	}
	return ""
}

func (a *Attribute) decodeList(v any) (value any, wrong string) {
	array, ok := v.([]any)
	if !ok {
		return nil, "must be an array of strings"
	}
	list := make(Strings, 0, min(len(array), a.Max))
	for _, e := range array {
		s, ok := e.(string)
		if !ok {
			return nil, "must be an array of strings"
		}
		list = append(list, s)
	}
	if wrong := a.checkList(list); wrong != "" {
		return nil, wrong
	}
	return list, ""
}

func (a *Attribute) checkList(list Strings) (wrong string) {
	if len(list) > a.Max {
		return fmt.Sprintf("must have at most %d elements", a.Max)
	}
	for i, s := range list {
		if wrong := unusable(s); wrong != "" {
			return wrong
		}
		if len(a.Enum) > 0 && !slices.Contains(a.Enum, s) {
			return fmt.Sprintf("must have only elements of %s, not %q", strings.Join(a.Enum, ", "), clip(s))
		}
		if first := slices.Index(list, s); !a.Repeats && first < i { // by their places: they may be secrets
			return fmt.Sprintf("must not have equal elements, as %d and %d are", first+1, i+1)
		}
	}
	return ""
}
