package handlers

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"roster/jsonapi"
	"roster/models/collection"
)

// exportForm is how resources are written to an export.
type exportForm struct {
	contentType, extension string
	// encoder returns what encodes the resources of a query.
	encoder func(c *collection.Collection, q *jsonapi.Query) exportEncoder
	// trailer is the header behind the answer that says how many there were, "" for a form that says it itself.
	trailer string
}

// exportEncoder encodes resources, a line each.
type exportEncoder interface {
	// Begin returns what stands before the first resource, End what stands behind the last of so many.
	Begin() []byte
	End(count int64) []byte
	// Encode returns resources as lines.
	Encode([]*jsonapi.Resource) ([]byte, error)
}

// exportForms are the forms by their media type.
var exportForms = map[string]exportForm{
	jsonapi.NDJSON: {
		contentType: jsonapi.NDJSON, extension: "ndjson",
		encoder: func(*collection.Collection, *jsonapi.Query) exportEncoder { return ndjson{} },
	},
	jsonapi.CSV: {
		contentType: jsonapi.CSVContent, extension: "csv", trailer: "Roster-Complete",
		encoder: func(c *collection.Collection, q *jsonapi.Query) exportEncoder { return newTable(c, q) },
	},
}

// ndjson has a resource object in each line, as a document has it, and ends with one that says that it is complete.
type ndjson struct{}

// Begin implements exportEncoder.
func (ndjson) Begin() []byte { return nil }

// End implements exportEncoder.
func (ndjson) End(count int64) []byte {
	return fmt.Appendf(nil, "{\"meta\":{\"complete\":true,\"count\":%d}}\n", count)
}

// Encode implements exportEncoder.
func (ndjson) Encode(resources []*jsonapi.Resource) ([]byte, error) {
	var lines []byte
	for _, r := range resources {
		var err error
		if lines, err = r.Append(lines); err != nil {
			return nil, err
		}
		lines = append(lines, '\n')
	}
	return lines, nil
}

// table is CSV (RFC 4180): the id, the attributes and the to-one relationships that are asked for. What is no text is JSON, and nothing is
// empty; a relationship is an id, behind its type and a slash if it can be of several.
type table struct {
	columns  []string
	relation map[string]*jsonapi.Relationship
}

func newTable(c *collection.Collection, q *jsonapi.Query) table {
	t := table{columns: []string{"id"}, relation: map[string]*jsonapi.Relationship{}}
	for _, a := range c.Schema.Attributes {
		if !a.WriteOnly && q.Wants(c.Schema.Type, a.Name) {
			t.columns = append(t.columns, a.Name)
		}
	}
	for _, rel := range c.Schema.Relationships {
		if !rel.Many && !rel.WriteOnly && q.Wants(c.Schema.Type, rel.Name) {
			t.columns = append(t.columns, rel.Name)
			t.relation[rel.Name] = rel
		}
	}
	return t
}

// Begin implements exportEncoder.
func (t table) Begin() []byte { return csvLines([][]string{t.columns}) }

// End implements exportEncoder.
func (t table) End(int64) []byte { return nil }

// Encode implements exportEncoder.
func (t table) Encode(resources []*jsonapi.Resource) ([]byte, error) {
	lines := make([][]string, len(resources))
	for i, r := range resources {
		line := make([]string, len(t.columns))
		line[0] = r.ID
		for j, name := range t.columns[1:] {
			text, err := t.text(r, name)
			if err != nil {
				return nil, err
			}
			line[j+1] = harmless(text)
		}
		lines[i] = line
	}
	return csvLines(lines), nil
}

// text returns what a cell says.
func (t table) text(r *jsonapi.Resource, name string) (string, error) {
	if rel := t.relation[name]; rel != nil {
		linked := r.Linked(name)
		if linked == nil {
			return "", nil
		}
		typ, id := linked.One()
		if id != "" && rel.Polymorphic {
			return typ + "/" + id, nil
		}
		return id, nil
	}
	encoded, err := r.AppendAttribute(nil, name)
	if err != nil {
		return "", err
	}
	if bytes.Equal(encoded, jsonapi.Null) {
		return "", nil
	}
	var text string
	if json.Unmarshal(encoded, &text) == nil {
		return text, nil
	}
	return string(encoded), nil
}

// harmless keeps a spreadsheet from taking a cell for a formula, of which some begin with the full-width form of a character
// (https://owasp.org/www-community/attacks/CSV_Injection). Where lists are separated by semicolons a program takes lines apart at these,
// and at the end of a line within a cell: what comes behind is the beginning of a cell as well, also behind quotes, which it takes off.
func harmless(text string) string {
	var safe strings.Builder
	safe.Grow(len(text) + 1)
	begins := true
	for i, r := range text {
		if begins && (strings.ContainsRune("=+-@＝＋－＠", r) || i == 0 && strings.ContainsRune("\t\r\n", r)) {
			safe.WriteByte('\'')
		}
		safe.WriteRune(r)
		begins = strings.ContainsRune(";\t\r\n", r) || begins && r == '"'
	}
	return safe.String()
}

// csvLines returns lines as CSV, each ended by CRLF (RFC 4180). The library can end them so, but then it makes CRLF of the line feeds in
// cells as well, and drops their carriage returns.
func csvLines(lines [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for _, line := range lines {
		_ = w.Write(line) // a buffer takes everything
		w.Flush()
		out.Truncate(out.Len() - len("\n"))
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

// complete says in the trailer of an answer that so many resources were everything.
func (f exportForm) complete(header map[string][]string, count int64) {
	if f.trailer != "" {
		header[f.trailer] = []string{strconv.FormatInt(count, 10)}
	}
}
