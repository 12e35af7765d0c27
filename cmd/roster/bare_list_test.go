package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bareList is what a bare handler of resources knows beforehand: where the rows come from, and everything of the bytes that is not in them.
type bareList struct {
	Type string
	From string // the statement from FROM on; $1 is the last part of the path
	Home string // of people: the statement that returns owner and organization, of which $1 are the owners

	// What a first answer of the service tells; see learn.
	Attributes    []string
	Relationships []bareRelationship
	Self          aroundID
	Tail          aroundID
	// The cursors of the rows: what authenticates them is a secret of the service.
	Cursors map[string]string
}

// aroundID is text with the id of a resource in it, which stands between the parts.
type aroundID []string

func (a aroundID) append(out []byte, id string) []byte {
	for n, part := range a {
		if n > 0 {
			out = append(out, id...)
		}
		out = append(out, part...)
	}
	return out
}

type bareRelationship struct {
	Name          string
	Self, Related aroundID // Self has no part where there is no such link
	Linked        bool
}

// learn takes from an answer of the service what is not in the rows.
func (l *bareList) learn(answer []byte) error {
	type resource struct {
		ID            string
		Attributes    map[string]any
		Relationships map[string]struct {
			Links map[string]string
			Data  json.RawMessage
		}
		Links map[string]string
		Meta  struct{ Page struct{ Cursor string } }
	}
	var one struct{ Data resource }
	var many struct{ Data []resource }
	tail := bytes.LastIndex(answer, []byte(`],"links":`))
	if err := json.Unmarshal(answer, &many); err != nil {
		if err := json.Unmarshal(answer, &one); err != nil {
			return err
		}
		many.Data = []resource{one.Data}
		tail = bytes.LastIndex(answer, []byte(`,"links":`))
	}
	if len(many.Data) == 0 || tail < 0 {
		return fmt.Errorf("there is nothing in %.300s", answer)
	}
	first := many.Data[0]
	around := func(text string) aroundID { return strings.Split(text, first.ID) }
	l.Attributes = slices.Sorted(maps.Keys(first.Attributes))
	l.Self, l.Tail, l.Relationships, l.Cursors = around(first.Links["self"]), around(string(answer[tail:])), nil, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(first.Relationships)) {
		r := first.Relationships[name]
		relationship := bareRelationship{Name: name, Related: around(r.Links["related"]), Linked: r.Data != nil}
		if self, there := r.Links["self"]; there {
			relationship.Self = around(self)
		}
		l.Relationships = append(l.Relationships, relationship)
	}
	for _, r := range many.Data {
		if r.Meta.Page.Cursor != "" {
			l.Cursors[r.ID] = r.Meta.Page.Cursor
		}
	}
	return nil
}

// bareKind is how a column is written.
type bareKind int

const (
	asNull bareKind = iota // always null
	asText
	asMoment
	asToggle
	asNumber
	asWindow // whether now is between validFrom and validTo, which are read with it
)

// bareColumn is where an attribute is read from, or the id that a relationship links to.
type bareColumn struct {
	kind   bareKind
	column string
	to     string // of a relationship: the type of what it links to
}

// bareColumns are those of the attributes and of the relationships with linkage, by type and name.
var bareColumns = map[string]map[string]bareColumn{
	"organizations": {
		"active": {kind: asWindow}, "createdAt": {asMoment, "created_at", ""}, "deletedAt": {asMoment, "deleted_at", ""},
		"description": {asText, "description", ""}, "isEventProducer": {asToggle, "is_event_producer", ""}, "kind": {asText, "kind", ""},
		"locationTracking": {asToggle, "location_tracking", ""}, "name": {asText, "name", ""}, "number": {asNumber, "number", ""},
		"slug": {asText, "slug", ""}, "token": {}, "updatedAt": {asMoment, "updated_at", ""}, "validFrom": {asMoment, "valid_from", ""},
		"validTo": {asMoment, "valid_to", ""}, "webhookSecret": {}, "webhookUrl": {asText, "webhook_url", ""},
		"createdBy": {asText, "CAST(created_by AS text)", "users"}, "logo": {asText, "CAST(logo_id AS text)", "files"},
		"parent": {asText, "CAST(parent_id AS text)", "organizations"},
	},
	"users": {
		"active": {asToggle, "active", ""}, "createdAt": {asMoment, "created_at", ""}, "email": {asText, "email", ""},
		"emailVerifiedAt": {asMoment, "email_verified_at", ""}, "externalId": {asText, "external_id", ""},
		"firstName": {asText, "first_name", ""}, "fullName": {asText, "concat_ws(' ', first_name, last_name)", ""},
		"lastName": {asText, "last_name", ""}, "lastSeenAt": {asMoment, "last_seen_at", ""},
		"locale": {asText, "locale", ""}, "phone": {asText, "phone", ""},
		"timeZone": {asText, "time_zone", ""}, "updatedAt": {asMoment, "updated_at", ""},
		"avatar": {asText, "CAST(avatar_id AS text)", "files"}, "organization": {asNull, "", "organizations"},
	},
}

// barePage is the handler of a list: its statement, and what is written for each column of a row.
type barePage struct {
	*bareList
	statement      string
	columns, links []bareColumn // of the attributes, and of the relationships
	names          []string     // of the attributes, each with what stands before it
	from, to       int          // the places of validFrom and validTo
}

// bareRow has a slot for each attribute and each relationship.
type bareRow struct {
	id    string
	slots []bareSlot
	now   time.Time
}

type bareSlot struct {
	text *string
	at   *time.Time
	on   bool
	n    int64
}

func (l *bareList) compiled() *barePage {
	p := &barePage{bareList: l, from: slices.Index(l.Attributes, "validFrom"), to: slices.Index(l.Attributes, "validTo")}
	// Under a name of its own: "ORDER BY id" would be by a column that is selected, if one has the name.
	selected := []string{"CAST(id AS text) AS resource"}
	take := func(name string) bareColumn {
		c, known := bareColumns[l.Type][name]
		if !known {
			panic("no column is known for " + l.Type + "." + name)
		}
		if c.column != "" {
			selected = append(selected, c.column)
		}
		return c
	}
	for n, name := range l.Attributes {
		p.columns, p.names = append(p.columns, take(name)), append(p.names, strings.Repeat(",", min(n, 1))+`"`+name+`":`)
	}
	for _, r := range l.Relationships {
		var c bareColumn
		if r.Linked {
			c = take(r.Name)
		}
		p.links = append(p.links, c)
	}
	p.statement = "SELECT " + strings.Join(selected, ", ") + " " + l.From
	return p
}

// row returns a row to read into, and its targets in the order of the statement.
func (p *barePage) row() (*bareRow, []any) {
	row := &bareRow{slots: make([]bareSlot, len(p.columns)+len(p.links)), now: time.Now()}
	targets := append(make([]any, 0, len(row.slots)+1), &row.id)
	for n := range row.slots {
		c, s := p.column(n), &row.slots[n]
		switch {
		case c.column == "":
		case c.kind == asMoment:
			targets = append(targets, &s.at)
		case c.kind == asToggle:
			targets = append(targets, &s.on)
		case c.kind == asNumber:
			targets = append(targets, &s.n)
		default:
			targets = append(targets, &s.text)
		}
	}
	return row, targets
}

func (p *barePage) column(n int) bareColumn {
	if n < len(p.columns) {
		return p.columns[n]
	}
	return p.links[n-len(p.columns)]
}

func (p *barePage) list(db bareDatabase) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out := append(make([]byte, 0, 64<<10), `{"data":[`...)
		var err error
		if p.Home == "" {
			row, targets := p.row()
			n := 0
			err = db.each(r.Context(), p.statement, nil, targets, func() error {
				out = p.item(out, n, row)
				n++
				return nil
			})
		} else {
			out, err = p.people(r, db, out)
		}
		if err != nil {
			sendError(w, err)
			return
		}
		send(w, "application/vnd.api+json", http.StatusOK, p.Tail.append(out, ""))
	}
}

// people appends the resources of a page of people, whose organizations are asked for when the page is known.
func (p *barePage) people(r *http.Request, db bareDatabase, out []byte) ([]byte, error) {
	row, targets := p.row()
	var rows []bareRow
	var ids []string
	err := db.each(r.Context(), p.statement, nil, targets, func() error {
		rows, ids = append(rows, bareRow{row.id, slices.Clone(row.slots), row.now}), append(ids, row.id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var owner, organization string
	homes := make(map[string]string, len(ids))
	err = db.each(r.Context(), p.Home, []any{ids}, []any{&owner, &organization}, func() error {
		homes[owner] = organization
		return nil
	})
	home := len(p.columns) + slices.IndexFunc(p.Relationships, func(r bareRelationship) bool { return r.Name == "organization" })
	for n := range rows {
		if id, found := homes[rows[n].id]; found {
			rows[n].slots[home].text = &id
		}
		out = p.item(out, n, &rows[n])
	}
	return out, err
}

func (p *barePage) one(db bareDatabase) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		out := append(make([]byte, 0, 4<<10), `{"data":`...)
		row, targets := p.row()
		err := db.each(r.Context(), p.statement, []any{id}, targets, func() error {
			out = p.item(out, 0, row)
			return nil
		})
		if err != nil {
			sendError(w, err)
			return
		}
		send(w, "application/vnd.api+json", http.StatusOK, p.Tail.append(out, id))
	}
}

// item appends a row as the API prints it.
func (p *barePage) item(out []byte, n int, row *bareRow) []byte {
	if n > 0 {
		out = append(out, ',')
	}
	out = append(append(append(append(out, `{"type":"`...), p.Type...), `","id":"`...), row.id...)
	out = append(out, `","attributes":{`...)
	for n, c := range p.columns {
		out = append(out, p.names[n]...)
		if c.kind == asWindow {
			from, to := row.slots[p.from].at, row.slots[p.to].at
			out = strconv.AppendBool(out, (from == nil || !from.After(row.now)) && (to == nil || to.After(row.now)))
			continue
		}
		out = row.slots[n].append(out, c.kind)
	}
	out = append(out, '}')
	for n, r := range p.Relationships {
		if n == 0 {
			out = append(out, `,"relationships":{`...)
		} else {
			out = append(out, ',')
		}
		out = r.append(out, p.links[n].to, row.id, row.slots[len(p.columns)+n].text)
	}
	if len(p.Relationships) > 0 {
		out = append(out, '}')
	}
	out = append(p.Self.append(append(out, `,"links":{"self":"`...), row.id), `"}`...)
	if cursor := p.Cursors[row.id]; cursor != "" {
		out = append(append(append(out, `,"meta":{"page":{"cursor":"`...), cursor...), `"}}`...)
	}
	return append(out, '}')
}

func (s *bareSlot) append(out []byte, kind bareKind) []byte {
	switch {
	case kind == asToggle:
		return strconv.AppendBool(out, s.on)
	case kind == asNumber:
		return strconv.AppendInt(out, s.n, 10)
	case kind == asText && s.text != nil:
		return strconv.AppendQuote(out, *s.text)
	case kind == asMoment && s.at != nil:
		return append(s.at.UTC().AppendFormat(append(out, '"'), "2006-01-02T15:04:05-07:00"), '"')
	}
	return append(out, "null"...)
}

func (r *bareRelationship) append(out []byte, typ, id string, linked *string) []byte {
	out = append(append(append(out, '"'), r.Name...), `":{"links":{`...)
	if r.Self != nil {
		out = append(r.Self.append(append(out, `"self":"`...), id), `",`...)
	}
	out = append(r.Related.append(append(out, `"related":"`...), id), `"}`...)
	switch {
	case r.Linked && linked == nil:
		out = append(out, `,"data":null`...)
	case r.Linked:
		out = append(append(append(out, `,"data":{"type":"`...), typ...), `","id":"`...)
		out = append(append(out, *linked...), `"}`...)
	}
	return append(out, '}')
}
