package jsonapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of a request document. The deepest that means anything here has nine levels.
const maxDepth = 32

// ReadJSON parses a request body strictly (RFC 8259): UTF-8 without lone surrogates, no name twice in one object, nothing behind the
// value, at most 32 levels. Objects come back as map[string]any, numbers as json.Number. A body that is not such JSON has no pointer
// to name; the error says where the text broke.
func ReadJSON(body []byte) (any, *Error) {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	v, err := readValue(dec)
	if err == nil {
		if _, end := dec.ReadToken(); end == nil || !isEOF(end) {
			err = fmt.Errorf("more text follows the JSON value at byte %d", dec.InputOffset())
		}
	}
	if err == nil {
		return v, nil
	}
	var deep depthError
	if errors.As(err, &deep) {
		return nil, NewError(InvalidJSON, "The document is nested more than %d levels deep.", maxDepth)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, NewError(InvalidJSON, "The body is empty.")
	}
	return nil, NewError(InvalidJSON, "%s", sentence(err))
}

type depthError struct{}

func (depthError) Error() string { return "too deep" }

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// sentence turns the reader's error into one for the client.
func sentence(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		where := fmt.Sprintf(" at byte %d", syntax.ByteOffset)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fmt.Sprintf("The member at %q occurs twice%s.", clip(string(syntax.JSONPointer)), where)
		}
		return "The body breaks the rules of JSON" + where + ": " + syntax.Err.Error() + "."
	}
	return "The body breaks the rules of JSON: " + err.Error() + "."
}

func readValue(dec *jsontext.Decoder) (any, error) {
	if dec.StackDepth() > maxDepth {
		return nil, depthError{}
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		return readObject(dec)
	case '[':
		return readArray(dec)
	case '"':
		return tok.String(), nil
	case '0':
		return json.Number(tok.String()), nil
	case 't', 'f':
		return tok.Bool(), nil
	default:
		return nil, nil
	}
}

func readObject(dec *jsontext.Decoder) (any, error) {
	object := map[string]any{}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		if object[key], err = readValue(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return object, err
}

func readArray(dec *jsontext.Decoder) (any, error) {
	array := []any{}
	for dec.PeekKind() != ']' {
		v, err := readValue(dec)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	_, err := dec.ReadToken()
	return array, err
}
