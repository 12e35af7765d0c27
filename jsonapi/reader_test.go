package jsonapi_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"roster/jsonapi"
)

func TestReadJSONTakes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]any{
		`null`:                     nil,
		` true `:                   true,
		"\t\r\n{}\n":               map[string]any{},
		`[]`:                       []any{},
		`""`:                       "",
		`-0`:                       json.Number("-0"),
		`1.50`:                     json.Number("1.50"),
		`1e400`:                    json.Number("1e400"),
		`9007199254740993`:         json.Number("9007199254740993"),
		strings.Repeat("9", 400):   json.Number(strings.Repeat("9", 400)),
		`"\u00e9\ud83d\ude00"`:     "é😀",
		`"é😀` + "\uFFFD" + `"`:     "é😀\uFFFD",
		`"\u0000"`:                 "\x00", // whether a NUL can be stored is for the attribute to say
		`{"a":{"b":[1,"x",null]}}`: map[string]any{"a": map[string]any{"b": []any{json.Number("1"), "x", nil}}},
		`{"a":1,"A":2}`:            map[string]any{"a": json.Number("1"), "A": json.Number("2")},
		`{"":1}`:                   map[string]any{"": json.Number("1")},
		`{"a":{"x":1},"b":{"x":1}}`: map[string]any{
			"a": map[string]any{"x": json.Number("1")}, "b": map[string]any{"x": json.Number("1")},
		},
		strings.Repeat("[", 32) + strings.Repeat("]", 32): nested(32),
	} {
		got, e := jsonapi.ReadJSON([]byte(body))
		if e != nil {
			t.Errorf("%.60s is refused: %v", body, e)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%.60s is read as %#v, want %#v", body, got, want)
		}
	}
}

func nested(n int) any {
	v := []any{}
	for range n - 1 {
		v = []any{v}
	}
	return v
}

func TestReadJSONRefuses(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		"":                               "The body is empty.",
		" \n\t":                          "The body is empty.",
		"{":                              "rules of JSON",
		"nul":                            "rules of JSON",
		"{]":                             "rules of JSON",
		`{"a" 1}`:                        "rules of JSON",
		`{"a":1,}`:                       "rules of JSON",
		`[1,]`:                           "rules of JSON",
		`{a:1}`:                          "rules of JSON",
		`{'a':1}`:                        "rules of JSON",
		`{1:1}`:                          "rules of JSON",
		`[1 2]`:                          "rules of JSON",
		`NaN`:                            "rules of JSON",
		`Infinity`:                       "rules of JSON",
		`01`:                             "rules of JSON",
		`+1`:                             "rules of JSON",
		`.5`:                             "rules of JSON",
		`1.`:                             "rules of JSON",
		`0x10`:                           "JSON", // a number, and then more
		`// c` + "\n{}":                  "rules of JSON",
		`{"a":1} /* c */`:                "more text",
		"{} {}":                          "more text",
		"{}\x00":                         "more text",
		"{},":                            "more text",
		"null null":                      "more text",
		"\xEF\xBB\xBF{}":                 "rules of JSON", // a byte order mark (RFC 8259 §8.1)
		"\"\xff\"":                       "rules of JSON",
		"\"\xc0\xaf\"":                   "rules of JSON", // overlong
		"\"\xed\xa0\x80\"":               "rules of JSON", // a surrogate in UTF-8
		"{\"\xff\":1}":                   "rules of JSON",
		`"\ud800"`:                       "rules of JSON",
		`"\udc00\ud800"`:                 "rules of JSON",
		`"\ud83dx"`:                      "rules of JSON",
		`"\u12"`:                         "rules of JSON",
		`"\x41"`:                         "rules of JSON",
		"\"a\nb\"":                       "rules of JSON",
		"\"\x00\"":                       "rules of JSON",
		`"open`:                          "rules of JSON",
		`{"a":1,"a":1}`:                  `"/a" occurs twice`,
		`{"data":{"x":1,"\u0078":2}}`:    `"/data/x" occurs twice`,
		strings.Repeat("[", 33):          "more than 32 levels",
		strings.Repeat(`{"a":`, 33):      "more than 32 levels",
		strings.Repeat("[", 1<<20):       "more than 32 levels",
		strings.Repeat("[{\"a\":", 5000): "more than 32 levels",
		`{"` + strings.Repeat("x", 5000) + `":1,"` + strings.Repeat("x", 5000) + `":1}`: "occurs twice",
	} {
		_, e := jsonapi.ReadJSON([]byte(body))
		switch {
		case e == nil:
			t.Errorf("%.60q is taken", body)
		case !strings.Contains(e.Detail, says):
			t.Errorf("%.60q is refused with %q, want %q", body, e.Detail, says)
		case e.Code != jsonapi.InvalidJSON || e.Source != nil:
			t.Errorf("%.60q is refused as %v with source %v", body, e.Code, e.Source)
		case len(e.Detail) > 600:
			t.Errorf("%.60q is refused with a detail of %d bytes", body, len(e.Detail))
		}
	}
}
