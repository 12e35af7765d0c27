package models

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// An event keeps what it names as that was called then: its subject, its organization, and what the relationships lead to that changed. The
// names are looked up by the statement that inserts the event, so they cost no round trip. A reader is told a name if it may read what has
// it. Webhooks send ids alone, as ever: receivers rely on the form of their changes.

// naming is what an event takes its names from, beside its subject.
type naming struct {
	// lender is what the subject is called by, which has no name of its own; its id is "" for none.
	lender   *collection.Collection
	lenderID string
	// linked is what relationships in the changes lead to.
	linked []linkedTo
}

// linkedTo are the ids of resources of one collection.
type linkedTo struct {
	target *collection.Collection
	ids    []string
}

// namingOf returns what the event of a change takes its names from.
func namingOf(ch *change) (n naming) {
	c := ch.collection
	for _, rel := range c.Schema.Relationships {
		r := c.Relation(rel.Name)
		for _, side := range ch.members[rel.Name] {
			n.add(r.Target, side...)
		}
		if r.Column == "" || r.Target == nil {
			continue
		}
		var ids [2]string
		for i, model := range []any{ch.before, ch.after} {
			if model != nil {
				ids[i] = c.Text(model, r.Column)
			}
		}
		if rel.Name == declared(c).calledBy {
			n.lender, n.lenderID = r.Target, cmp.Or(ids[1], ids[0])
		}
		if ids[0] == ids[1] {
			continue
		}
		for _, target := range append([]*collection.Collection{r.Target}, r.Also...) {
			n.add(target, ids[:]...)
		}
	}
	return n
}

// add adds ids of resources of a collection, if these are called something.
func (n *naming) add(target *collection.Collection, ids ...string) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" })
	if len(ids) == 0 || called(target) == "" {
		return
	}
	i := slices.IndexFunc(n.linked, func(l linkedTo) bool { return l.target == target })
	if i < 0 {
		i, n.linked = len(n.linked), append(n.linked, linkedTo{target: target})
	}
	n.linked[i].ids = append(n.linked[i].ids, ids...)
}

// called returns the expression of what a resource is called, in a statement that reads its table; "" where they have no names.
func called(c *collection.Collection) string {
	var names []string
	for _, name := range declared(c).called {
		column := c.Schema.Attribute(name).Column
		if expression := c.Computed[name]; expression != "" {
			names = append(names, "NULLIF("+expression+", '')")
		} else if column != "" {
			names = append(names, "NULLIF("+c.Table+"."+column+", '')")
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return "COALESCE(" + strings.Join(names, ", ") + ")"
	}
}

// calledIn returns what a resource is called, from its printed attributes, nil for nothing.
func calledIn(c *collection.Collection, attributes map[string]any) *string {
	for _, name := range declared(c).called {
		if text, ok := textOf(attributes[name]); ok && text != "" {
			return &text
		}
	}
	return nil
}

// callSubject notes what the subject of the event is called, which is as the model says.
func (e *Event) callSubject(c *collection.Collection, model any) error {
	attributes, err := jsonapi.Attributes(model)
	if err != nil {
		return err
	}
	hideSecrets(c, attributes)
	e.SubjectName = calledIn(c, attributes)
	if lender := c.Relation(declared(c).calledBy); lender.Target != nil {
		e.naming = naming{lender: lender.Target, lenderID: c.Text(model, lender.Column)}
	}
	return nil
}

// subject returns the expression of what the subject is called, which has a name of its own or nil.
func (n *naming) subject(own *string) collection.Where {
	if own != nil || n.lenderID == "" {
		return collection.Condition("?", own)
	}
	return collection.Condition("(SELECT "+called(n.lender)+" FROM "+n.lender.Table+" WHERE "+n.lender.Table+".id = ?)", n.lenderID)
}

// names returns the expression of what is linked as it is called, an object of JSON; NULL where nothing is.
func (n *naming) names(tx *store.DB) collection.Where {
	if len(n.linked) == 0 {
		return collection.Condition("NULL")
	}
	parts, args := make([]string, len(n.linked)), make([]any, len(n.linked))
	for i, l := range n.linked {
		var among string
		among, args[i] = tx.Among(l.target.Table+".id", l.ids)
		parts[i] = "SELECT CAST(" + l.target.Table + ".id AS text) AS id, " + called(l.target) + " AS name FROM " + l.target.Table +
			" WHERE " + among
	}
	object := "json_group_object(n.id, n.name)"
	if tx.Dialect() == store.Postgres {
		object = "CAST(json_object_agg(n.id, n.name) AS text)"
	}
	return collection.Condition("(SELECT "+object+" FROM ("+strings.Join(parts, " UNION ALL ")+") AS n)", args...)
}

// named is one side of a relationship in changes, as an event tells it.
type named struct {
	ID   string  `json:"id"`
	Name *string `json:"name"`
}

// nameChanges puts names beside the ids of relationships in the changes of an event, which has some by their ids, as far as its reader is
// told them.
func (t *telling) nameChanges(seen *sight, names *string) error {
	if t.subject == nil || !slices.ContainsFunc(t.subject.Schema.Relationships, func(rel *jsonapi.Relationship) bool {
		return bytes.Contains(t.changes, []byte(`"`+rel.Name+`":{`))
	}) {
		return nil // as it was written
	}
	var changes map[string]*toldChange
	if err := json.Unmarshal(t.changes, &changes); err != nil {
		return fmt.Errorf("read the changes of an event: %w", err)
	}
	known := map[string]*string{}
	_ = json.Unmarshal([]byte(cmp.Or(deref(names), "{}")), &known) // it was written as such
	for _, rel := range t.subject.Schema.Relationships {
		change, r := changes[rel.Name], t.subject.Relation(rel.Name)
		if change == nil || r.Target == nil {
			continue
		}
		for _, side := range change.sides() {
			var err error
			if *side, err = nameSide(*side, func(id string) named {
				if !t.tellsName(seen, r, id) {
					return named{ID: id}
				}
				return named{id, known[id]}
			}); err != nil {
				return err
			}
		}
	}
	var err error
	t.changes, err = jsonapi.Marshal(changes)
	return err
}

// nameSide returns one side of a relationship in changes with names: of an id, or of a list of ids. null stays.
func nameSide(side json.RawMessage, name func(id string) named) (json.RawMessage, error) {
	var one *string
	if json.Unmarshal(side, &one) == nil {
		if one == nil {
			return side, nil
		}
		return jsonapi.Marshal(name(*one))
	}
	var many []string
	if err := json.Unmarshal(side, &many); err != nil {
		return nil, fmt.Errorf("read a relationship in the changes of an event: %w", err)
	}
	all := make([]named, len(many))
	for i, id := range many {
		all[i] = name(id)
	}
	return jsonapi.Marshal(all)
}

// tellsName reports whether a reader who is told what a relationship leads to may know what that is called: by the scopes of its credential
// and, of people, because they see it, or may read all of its kind where the event happened.
func (t *telling) tellsName(seen *sight, r collection.Relation, id string) bool {
	person := t.scope.PersonID()
	if seesAll(t.scope) || person != "" && id == person || slices.Contains(builtInRoles, id) {
		return true
	}
	for _, target := range append([]*collection.Collection{r.Target}, r.Also...) {
		sees := person == "" || seen.named[t.mention(target, id)]
		for _, word := range reads(target) {
			if !t.scope.Holds(including(word)) || !sees && !holds(seen.by[post{person, t.organization}], word) {
				return false
			}
		}
	}
	return true
}

// tellsSubject reports whether a reader may know what the subject of the event was called: if it is told the subject, and may know what
// that is called by.
func (t *telling) tellsSubject(seen *sight) bool {
	if seesAll(t.scope) || t.hidden {
		return !t.hidden
	}
	lender := declared(t.subject).calledBy
	return lender == "" || t.tellsName(seen, t.subject.Relation(lender), t.linked(lender))
}

// tellsOrganization reports whether a reader may know what the organization of the event was called.
func (t *telling) tellsOrganization(by held) bool {
	person := t.scope.PersonID()
	return seesAll(t.scope) || t.scope.Holds(reading("organizations")) &&
		(person == "" || holds(by[post{person, t.organization}], "organizations:read"))
}
