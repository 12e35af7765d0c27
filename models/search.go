package models

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Match is a resource that a search has found.
type Match struct {
	Collection *collection.Collection
	Item       any
	// Field is what the text was found in. Exact: it is what the resource is known by, and not only a part of something.
	Field string
	Exact bool
	// Path are the names of the organizations above an organization and its own, from the head on, of those that the scope sees.
	Path []string
}

// makeSearchable says by which texts resources are found. The indexes have the same texts (docs/adr/0117).
func makeSearchable() {
	Organizations.Texts = &collection.Texts{Kind: "o", First: "organizations.name", Second: "organizations.slug",
		Words: reading("organizations")}
	Users.Texts = &collection.Texts{Kind: "u", First: "COALESCE(users.first_name, '') || ' ' || COALESCE(users.last_name, '')",
		Second: "users.email", Words: reading("users"), Own: "id"}
	Webhooks.Texts = &collection.Texts{Kind: "w", First: "webhooks.name", Second: "webhooks.url", Words: reading("webhooks")}
	APIKeys.Texts = &collection.Texts{Kind: "k", First: "api_keys.name", Second: "''", Words: reading("apiKeys"), Own: "user_id"}
	Roles.Texts = &collection.Texts{Kind: "r", First: "roles.name", Second: "roles.key", Words: reading("roles"), Above: true}
}

// searchedText is a text of a resource, and the field that it is.
type searchedText struct{ field, text string }

// searchedTexts returns the texts of a resource that it is found by, in the order of the index.
func searchedTexts(item any) [2]searchedText {
	switch m := item.(type) {
	case *Organization:
		return [2]searchedText{{"name", m.Name}, {"slug", m.Slug}}
	case *User:
		return [2]searchedText{{"fullName", deref(m.FirstName) + " " + deref(m.LastName)}, {"email", deref(m.Email)}}
	case *Webhook:
		return [2]searchedText{{"name", deref(m.Name)}, {"url", m.Origin}}
	case *APIKey:
		return [2]searchedText{{"name", m.Name}}
	case *Role:
		return [2]searchedText{{"name", m.Name}, {"key", m.Key}}
	default:
		return [2]searchedText{}
	}
}

// fieldWith returns the field of a resource that a text was found in.
func fieldWith(item any, text store.Sought) (field string) {
	texts := searchedTexts(item)
	for _, one := range texts {
		if text.BeginsWordIn(store.SearchText(one.text, "")) {
			return one.field
		}
	}
	for _, one := range texts {
		if text.In(store.SearchText(one.text, "")) {
			return one.field
		}
	}
	return texts[0].field // of what was changed a moment ago
}

// found is a resource before it is read.
type found struct {
	c     *collection.Collection
	id    string
	field string // "" for what is found by its texts
}

// Search finds resources of some collections that a scope sees, at most so many, in this order: those that the text is an id of, a number,
// a slug, an address, the public part of a key, or the request that made an event; those with a word that begins with it; those that
// contain it. Of either of the last two the collections take turns. A text of one character is looked up as it is, and nothing more.
func Search(ctx context.Context, db *store.DB, scope collection.Scope, of []*collection.Collection, text string, most int) ([]Match, error) {
	text = strings.TrimSpace(text)
	exact := exactly(db, of, text)
	for _, e := range exact {
		if e.c == Events { // whose numbers are given when somebody looks
			if err := NumberEvents(ctx, db); err != nil {
				return nil, err
			}
			break
		}
	}
	var all []found
	var asked []store.Query
	known := make([][]found, len(exact))
	for i, e := range exact {
		asked = append(asked, e.query(scope, most, &known[i]))
	}
	textual := slices.DeleteFunc(slices.Clone(of), func(c *collection.Collection) bool { return c.Texts == nil })
	sought := store.SoughtText(text)
	sightings, err := collection.Seek(ctx, db, scope, textual, sought, most, asked...)
	if err != nil {
		return nil, err
	}
	for _, some := range known {
		all = append(all, some...)
	}
	all = append(all, byTurns(textual, sightings, func(s collection.Sighting) []string { return s.Begins })...)
	all = append(all, byTurns(textual, sightings, func(s collection.Sighting) []string { return s.Within })...)
	return readFound(ctx, db, scope, firstOf(all, most), sought)
}

// byTurns returns the ids of sightings, the first of each collection before the second of any.
func byTurns(of []*collection.Collection, sightings []collection.Sighting, ids func(collection.Sighting) []string) (all []found) {
	for turn, more := 0, true; more; turn++ {
		more = false
		for i, s := range sightings {
			if list := ids(s); turn < len(list) {
				all, more = append(all, found{c: of[i], id: list[turn]}), true
			}
		}
	}
	return all
}

// firstOf returns the first so many, each once.
func firstOf(all []found, most int) (first []found) {
	for _, f := range all {
		twice := slices.ContainsFunc(first, func(o found) bool { return o.c == f.c && o.id == f.id })
		if !twice && len(first) < most {
			first = append(first, f)
		}
	}
	return first
}

// readFound reads what was found. What is gone meanwhile, or out of sight, is left out.
func readFound(ctx context.Context, db *store.DB, scope collection.Scope, all []found, text store.Sought) ([]Match, error) {
	ids, items := map[*collection.Collection][]string{}, map[found]any{}
	for _, f := range all {
		ids[f.c] = append(ids[f.c], f.id)
	}
	for _, c := range collections {
		read, err := collection.FindAll(ctx, db, c, scope, ids[c], &jsonapi.Query{})
		if err != nil {
			return nil, err
		}
		for _, item := range read {
			items[found{c: c, id: c.ID(item)}] = item
		}
	}
	paths, err := pathsOf(ctx, db, scope, ids[Organizations])
	if err != nil {
		return nil, err
	}
	var matches []Match
	for _, f := range all {
		item := items[found{c: f.c, id: f.id}]
		if item == nil {
			continue
		}
		m := Match{Collection: f.c, Item: item, Field: f.field, Exact: f.field != ""}
		if !m.Exact {
			m.Field = fieldWith(item, text)
		}
		if f.c == Organizations {
			m.Path = paths[f.id]
		}
		matches = append(matches, m)
	}
	return matches, nil
}

// pathsOf returns the names from the head of the tree down to each of some organizations, of those that a scope sees.
func pathsOf(ctx context.Context, db *store.DB, scope collection.Scope, ids []string) (map[string][]string, error) {
	paths := map[string][]string{}
	if len(ids) == 0 {
		return paths, nil
	}
	and, args := collection.Conjunction(Organizations.Present(scope)...)
	err := db.Ask(ctx, store.Query{
		SQL: `SELECT p.descendant_id, organizations.name FROM organization_paths p JOIN organizations ON organizations.id = p.ancestor_id
			WHERE p.descendant_id IN ?` + and + ` ORDER BY p.distance DESC`,
		Args: append([]any{ids}, args...),
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				id := a.Text(row, 0)
				paths[id] = append(paths[id], a.Text(row, 1))
			}
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("read the way to organizations: %w", err)
	}
	return paths, nil
}

// exact is something that resources are known by, and the condition of those that are known by a text.
type exact struct {
	c     *collection.Collection
	field string
	cond  collection.Where
}

// The forms of what resources are known by. A request's id is what clients may choose as such.
var (
	numberForm  = regexp.MustCompile(`^#?[1-9][0-9]{0,17}$`)
	requestForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
)

// exactly returns what resources of some collections can be known by a text as, in order.
func exactly(db *store.DB, of []*collection.Collection, text string) (all []exact) {
	if id := strings.ToLower(text); jsonapi.IsID(id) {
		for _, c := range of {
			all = append(all, exact{c, "id", collection.Condition(c.Table+".id = ?", id)})
		}
	}
	add := func(c *collection.Collection, field string, cond collection.Where) {
		if slices.Contains(of, c) {
			all = append(all, exact{c, field, cond})
		}
	}
	if numberForm.MatchString(text) {
		number, _ := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64) // of at most 18 digits
		add(Organizations, "number", collection.Condition("organizations.number = ?", number))
	}
	if strings.Contains(text, "@") {
		add(Users, "email", collection.Condition("users.email_key = ?", deref(emailKey(&text))))
	}
	if !requestForm.MatchString(text) {
		return all
	}
	add(Organizations, "slug", collection.Condition("organizations.slug = ?", strings.ToLower(text)))
	add(APIKeys, "keyId", byKeyID(db, text))
	add(Events, "requestId", collection.Condition("event_feed.request_id = ?", text))
	return all
}

// query returns the query of the resources that are known by the text and that a scope sees.
func (e exact) query(scope collection.Scope, most int, into *[]found) store.Query {
	and, args := collection.Conjunction(append([]collection.Where{e.cond}, e.c.Present(scope)...)...)
	return store.Query{
		SQL:  fmt.Sprintf("SELECT %s.id FROM %[1]s WHERE 1 = 1%s ORDER BY %s LIMIT %d", e.c.Table, and, strings.Join(e.c.Order, ", "), most),
		Args: args,
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				*into = append(*into, found{c: e.c, id: a.Text(row, 0), field: e.field})
			}
			return nil
		},
	}
}
