package importing

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"roster/jsonapi"
)

// Format is how a file lists people.
type Format string

// The formats: one JSON object on each line, or a table with a line of names in front (RFC 4180).
const (
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// record is what a file says of one person.
type record struct {
	line int // on which it begins
	said map[string]any
	err  error // why it cannot be read; then nothing is said
}

// source returns the next record. The error is io.EOF behind the last one; any other ends the reading.
type source func() (record, error)

// open returns the source of a file. It fails if the file does not begin as the format does.
func (f Format) open(in io.Reader) (source, error) {
	if f == NDJSON {
		return objects{newLines(in)}.next, nil
	}
	t := &table{lines: newLines(in)}
	return t.next, t.readHeader()
}

var (
	errLong = fmt.Errorf("the line is longer than %d bytes", maxLine)
	errText = errors.New("the line is not UTF-8")
)

// objects reads NDJSON.
type objects struct{ *lines }

func (o objects) next() (record, error) {
	next, err := o.first()
	if err != nil {
		return record{}, err
	}
	o.take(1)
	r := record{line: next.number}
	value, wrong := jsonapi.ReadJSON(next.text)
	said, isObject := value.(map[string]any)
	switch {
	case next.long:
		r.err = errLong
	case !utf8.Valid(next.text):
		r.err = errText
	case wrong != nil:
		r.err = errors.New(strings.TrimSuffix(wrong.Detail, "."))
	case !isObject:
		r.err = errors.New("the line is no JSON object")
	default:
		r.said = said
	}
	return r, nil
}

// table reads CSV.
type table struct {
	*lines
	names []string
}

// readHeader reads the line of names.
func (t *table) readHeader() error {
	number, names, err := t.cells()
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("the file is empty, without a line of names in front")
	case err != nil:
		return fmt.Errorf("line %d: %w", number, err)
	}
	for i, name := range names {
		switch {
		case !slices.Contains(Columns(), name):
			return fmt.Errorf("line %d: there is no column %.60q; there are %s", number, name, strings.Join(Columns(), ", "))
		case slices.Contains(names[:i], name):
			return fmt.Errorf("line %d: the column %s occurs twice", number, name)
		}
	}
	if !slices.Contains(names, "email") {
		return fmt.Errorf("line %d: the column email is missing", number)
	}
	t.names = names
	return nil
}

func (t *table) next() (record, error) {
	for {
		number, cells, err := t.cells()
		var broken brokenError
		switch {
		case errors.As(err, &broken):
			return record{line: number, err: err}, nil
		case err != nil:
			return record{}, err
		case strings.Join(cells, "") == "": // as spreadsheets end
			continue
		case len(cells) != len(t.names):
			return record{line: number, err: fmt.Errorf("there are %d columns, not %d as in the first line", len(cells), len(t.names))}, nil
		}
		said := map[string]any{}
		for i, name := range t.names {
			if cells[i] != "" {
				said[name] = plain(name, cells[i])
			}
		}
		return record{line: number, said: said}, nil
	}
}

// brokenError says that some lines are no record.
type brokenError struct{ error }

// cells returns the next record of a table, and the line on which it begins. The error is a brokenError for one that cannot be read. If
// that is for its quotes, what follows its first line is read as if it were the next record: a quote that is left open costs one line.
func (t *table) cells() (number int, cells []string, err error) {
	first, err := t.first()
	if err != nil {
		return 0, nil, err
	}
	if first.long {
		t.take(1)
		return first.number, nil, brokenError{errLong}
	}
	text, n := slices.Clone(first.text), 1
	for open := isOpen(first.text); open; n++ {
		more, err := t.at(n)
		if errors.Is(err, io.EOF) || more.long || len(text)+len(more.text) > maxLine {
			break
		}
		if err != nil {
			return first.number, nil, err
		}
		text, open = append(text, more.text...), open != isOpen(more.text)
	}
	if cells, err = parse(text); err != nil {
		t.take(1)
		return first.number, nil, brokenError{err}
	}
	t.take(n)
	if !utf8.Valid(text) {
		return first.number, nil, brokenError{errText}
	}
	return first.number, cells, nil
}

// parse returns the cells of one record.
func parse(text []byte) (cells []string, err error) {
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	if cells, err = in.Read(); err == nil {
		if _, end := in.Read(); !errors.Is(end, io.EOF) {
			err = csv.ErrQuote
		}
	}
	var wrong *csv.ParseError
	if errors.As(err, &wrong) {
		err = wrong.Err
	}
	if err != nil {
		return nil, fmt.Errorf("the line is no CSV: %w", err)
	}
	return cells, nil
}

// isOpen reports whether a line opens a quote that it does not close, or the other way around.
func isOpen(text []byte) bool { return bytes.Count(text, []byte{'"'})%2 == 1 }
