package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// An event is written once and told to many: in documents to callers, in bodies to the endpoints of organizations. It names its actor
// and, in its changes and its resource, what the relationships of its subject lead to. Of these a reader is told what its scope sees, and
// null for the rest. That is decided here, when it is told, for documents and bodies alike.

// telling is an event on its way to whoever sees a scope.
type telling struct {
	scope            collection.Scope
	endpoint         bool   // of an organization, which is told nothing of the keys of the management, however far it reaches
	at               int64  // the position at which the scope looks
	left             bool   // the scope has lost the subject by the event, and looks right before
	organization     string // whose event it is, which the scope sees; "" for none
	organizationName string // as it was when the event happened
	subject          *collection.Collection
	actor            Actor
	changes          []byte // JSON, or nothing
	resource         []byte // JSON, or nothing

	hidden bool // the scope is told neither changes nor resource

	told struct { // what is parsed of it
		changes  map[string]*toldChange
		resource *toldResource
	}
}

type toldChange struct {
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`

	members [2][]json.RawMessage // of a to-many relationship: ids, null for what is not seen
}

// sides returns before and after.
func (c *toldChange) sides() [2]*json.RawMessage { return [2]*json.RawMessage{&c.Before, &c.After} }

// split takes apart the lists of ids of a to-many relationship.
func (c *toldChange) split() {
	for i, side := range c.sides() {
		_ = json.Unmarshal(*side, &c.members[i]) // null is no list
	}
}

// join puts the lists together again, without what is not seen.
func (c *toldChange) join() (err error) {
	for i, side := range c.sides() {
		if c.members[i] == nil {
			continue
		}
		seen := slices.DeleteFunc(c.members[i], func(id json.RawMessage) bool { return string(id) == string(jsonapi.Null) })
		if *side, err = jsonapi.Marshal(seen); err != nil {
			return err
		}
	}
	return nil
}

// toldResource is a resource object of which only the relationships are looked at.
type toldResource struct {
	Type          string                       `json:"type"`
	ID            string                       `json:"id"`
	Attributes    json.RawMessage              `json:"attributes,omitempty"`
	Relationships map[string]*toldRelationship `json:"relationships,omitempty"`
	Links         json.RawMessage              `json:"links,omitempty"`
	Meta          json.RawMessage              `json:"meta,omitempty"`
}

type toldRelationship struct {
	Links json.RawMessage `json:"links,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// sight is what the readers of tellings see of what these name, and what people among them hold where it happened.
type sight struct {
	named mentions
	by    held
}

// mask empties what the scopes of tellings do not see, and returns what they see. What becomes of a telling whose subject is out of sight
// altogether is nothing: neither changes nor resource.
func mask(ctx context.Context, db *store.DB, tellings []*telling) (*sight, error) {
	tellings = slices.DeleteFunc(slices.Clone(tellings), func(t *telling) bool { return seesAll(t.scope) })
	named := mentions{}
	for _, t := range tellings {
		if err := t.parse(); err != nil {
			return nil, err
		}
		t.eachActor(named.add)
		t.eachLinked(func(m mention, _ *json.RawMessage) { named.add(m) })
	}
	if err := named.look(ctx, db); err != nil {
		return nil, err
	}
	by, err := heldAt(ctx, db, tellings)
	if err != nil {
		return nil, err
	}
	for _, t := range tellings {
		if err := t.empty(named, by); err != nil {
			return nil, err
		}
	}
	return &sight{named, by}, nil
}

// seesAll reports whether nothing of any event is hidden from a scope.
func seesAll(s collection.Scope) bool { return s.All() && s.Holds(collection.Words{EveryScope}) }

func (t *telling) parse() error {
	if len(t.resource) > 0 {
		if err := json.Unmarshal(t.resource, &t.told.resource); err != nil {
			return fmt.Errorf("read the resource of an event: %w", err)
		}
	}
	if len(t.changes) > 0 {
		if err := json.Unmarshal(t.changes, &t.told.changes); err != nil {
			return fmt.Errorf("read the changes of an event: %w", err)
		}
		for _, change := range t.told.changes {
			change.split()
		}
	}
	if t.left && t.subject != nil && t.told.resource != nil {
		return t.asBefore()
	}
	return nil
}

// asBefore makes the resource what it was before the change, and leaves of the changes those of relationships: who has lost the subject
// by the change is told so, and not what else became of it.
func (t *telling) asBefore() error {
	attributes := map[string]json.RawMessage{}
	if err := json.Unmarshal(t.told.resource.Attributes, &attributes); err != nil {
		return fmt.Errorf("read the attributes of an event: %w", err)
	}
	for name, change := range t.told.changes {
		if a := t.subject.Schema.Attribute(name); a != nil {
			if !a.Secret && !a.WriteOnly {
				attributes[name] = change.Before
			}
			delete(t.told.changes, name)
			continue
		}
		linked, told := t.subject.Relation(name), t.told.resource.Relationships[name]
		if told == nil || linked.Target == nil {
			continue
		}
		told.Data = jsonapi.Null
		if id := idIn(change.Before); id != "" {
			told.Data, _ = jsonapi.Marshal(jsonapi.Identifier{Type: linked.Target.Schema.Type, ID: id}) // strings always encode
		}
	}
	_ = json.Unmarshal(attributes["name"], &t.organizationName) // an organization is what is lost
	var err error
	t.told.resource.Attributes, err = jsonapi.Marshal(attributes)
	return err
}

// eachActor calls found for what the actor may be. A management key is nothing that others than the management see.
func (t *telling) eachActor(found func(mention)) {
	if t.actor.ID == nil || t.actor.Kind == ByManagementKey && !t.scope.Manages() {
		return
	}
	for _, target := range actorsOf(t.actor.Kind) {
		if tellsOf(t.scope, target) {
			found(t.mention(target, *t.actor.ID))
		}
	}
}

// actorsOf returns what actors of a kind can be.
func actorsOf(kind string) []*collection.Collection {
	switch kind {
	case ByManagementKey, ByOrganizationKey:
		return []*collection.Collection{APIKeys}
	case ByUserKey, BySession:
		return []*collection.Collection{Users}
	case ByOrganizationToken:
		return []*collection.Collection{Organizations}
	case ByPortalLink:
		return []*collection.Collection{PortalLinks}
	default:
		return []*collection.Collection{Organizations, Users, APIKeys, PortalLinks}
	}
}

// eachLinked calls found for what the relationships of the subject lead to, with the place in which it is told. Who is told of the
// subject sees what made it visible: its organization, and the user of a membership, which has ended when that is told.
func (t *telling) eachLinked(found func(mention, *json.RawMessage)) {
	if t.subject == nil {
		return
	}
	for _, rel := range t.subject.Schema.Relationships {
		r := t.subject.Relation(rel.Name)
		target := r.Target
		note := func(id string, where *json.RawMessage) {
			if id != "" && (target != Organizations || id != t.organization) {
				found(t.mention(target, id), where)
			}
		}
		change := t.told.changes[rel.Name]
		if rel.Many && change != nil && t.scope.PersonID() != "" {
			// Who sees a membership sees the roles that it has, but for people who do not read roles there.
			for _, side := range change.members {
				for i := range side {
					if id := idIn(side[i]); !slices.Contains(builtInRoles, id) {
						note(id, &side[i])
					}
				}
			}
		}
		if r.Column == "" || r.Evident {
			continue
		}
		if t.told.resource != nil && t.told.resource.Relationships[rel.Name] != nil {
			told := t.told.resource.Relationships[rel.Name]
			var linked struct{ Type, ID string }
			_ = json.Unmarshal(told.Data, &linked) // null, or absent, names nothing
			if linked.Type != "" {
				target = r.To(linked.Type)
			}
			note(linked.ID, &told.Data)
		}
		if change != nil {
			note(idIn(change.Before), &change.Before)
			note(idIn(change.After), &change.After)
		}
	}
}

// idIn returns the id in the JSON of one side of a change, "" for null.
func idIn(value json.RawMessage) (id string) {
	_ = json.Unmarshal(value, &id)
	return id
}

// empty replaces by null what is not seen.
func (t *telling) empty(named mentions, by held) error {
	if t.actor.ID != nil && *t.actor.ID != t.organization && *t.actor.ID != t.scope.PersonID() {
		seen := false
		t.eachActor(func(m mention) { seen = seen || named[m] })
		if !seen {
			t.actor.ID, t.actor.Name = nil, nil
		}
	}
	if t.actor.Kind == ByOrganizationToken && !t.tellsOrganization(by) { // which the token is called by
		t.actor.Name = nil
	}
	if t.outOfSight(by) {
		t.changes, t.resource, t.hidden = nil, nil, true
		return nil
	}
	emptied := t.left
	t.eachLinked(func(m mention, where *json.RawMessage) {
		if !named[m] {
			*where, emptied = jsonapi.Null, true
		}
	})
	if !emptied {
		return nil // the bytes stay as they were written
	}
	var err error
	if t.told.changes != nil {
		for _, change := range t.told.changes {
			if err := change.join(); err != nil {
				return err
			}
		}
		if t.changes, err = jsonapi.Marshal(t.told.changes); err != nil {
			return err
		}
	}
	if t.told.resource != nil {
		t.resource, err = jsonapi.Marshal(t.told.resource)
	}
	return err
}

// outOfSight reports whether the scope does not see the subject, or may not read it, although it sees the organization.
func (t *telling) outOfSight(by held) bool {
	if t.subject == nil { // of a type that this program does not know
		return true
	}
	if !t.readable(by) {
		return true
	}
	hides := declared(t.subject).hides
	if hides == nil || t.told.resource == nil {
		return false
	}
	attributes := map[string]any{}
	_ = json.Unmarshal(t.told.resource.Attributes, &attributes) // it was valid as a part of the resource
	return hides(t.scope, attributes) || t.endpoint && hides(collection.OnlyOrganization(t.organization), attributes)
}

// mention is a resource that is named to a scope.
type mention struct {
	scope  collection.Scope
	target *collection.Collection
	id     string
	at     int64 // the position at which the scope looks
}

func (t *telling) mention(target *collection.Collection, id string) mention {
	m := mention{t.scope, target, id, presently}
	if t.scope.Manages() { // what one organization sees does not change with its place
		m.at = t.at
	}
	return m
}

// mentions tells which of them the scopes see.
type mentions map[mention]bool

func (named mentions) add(m mention) {
	if m.target != nil && jsonapi.IsID(m.id) {
		named[m] = m.scope.All()
	}
}

// look finds out which mentions are seen: one statement for each kind of resource and of scope, however many there are. What subtrees saw
// at positions takes two for each kind, and one for the tree.
func (named mentions) look(ctx context.Context, db *store.DB) error {
	type group struct {
		target *collection.Collection
		scope  collection.Scope // of every root, with nilUUID in its place
	}
	groups, past := map[group][]mention{}, map[*collection.Collection][]mention{}
	for m := range named {
		switch g := (group{m.target, m.scope.RootedIn(nilUUID)}); {
		case m.at != presently:
			past[m.target] = append(past[m.target], m)
		case m.scope.Whose() != "":
			groups[g] = append(groups[g], m)
		}
	}
	for target, all := range past {
		if err := named.lookBack(ctx, db, target, all); err != nil {
			return err
		}
	}
	for g, all := range groups {
		// The condition of one scope, with its root taken from a column.
		seen := replacing(inSight(g.target, g.scope, collection.Condition("mention.id")), nilUUID, "mention.root")
		from, pairs := pairsOfMentions(db, all)
		err := db.Read(ctx, func(rows *sql.Rows) error {
			var root, id string
			err := rows.Scan(&root, &id)
			named[mention{g.scope.RootedIn(root), g.target, id, presently}] = true
			return err
		}, `SELECT mention.root, mention.id FROM `+from+` WHERE `+seen.SQL, append(pairs, seen.Args...)...)
		if err != nil {
			return fmt.Errorf("look for mentioned %s: %w", g.target.Schema.Type, err)
		}
	}
	return nil
}

// pairs returns a table of the roots of the scopes of mentions and their ids.
func pairsOfMentions(db *store.DB, all []mention) (from string, args []any) {
	if db.Dialect() == store.Postgres {
		return `unnest(?::uuid[], ?::uuid[]) AS mention (root, id)`, []any{
			store.Column(all, func(m mention) string { return m.scope.Whose() }), store.Column(all, func(m mention) string { return m.id }),
		}
	}
	pairs := store.Column(all, func(m mention) [2]string { return [2]string{m.scope.Whose(), m.id} })
	encoded, _ := json.Marshal(pairs) // strings always encode
	return `(SELECT value ->> 0 AS root, value ->> 1 AS id FROM json_each(?)) AS mention`, []any{string(encoded)}
}

// inSight returns the condition that a scope sees a resource of an id or, of what may be gone, that an event of the scope is about it.
func inSight(c *collection.Collection, s collection.Scope, id collection.Where) collection.Where {
	and, args := collection.Conjunction(c.Visible(s))
	there := fmt.Sprintf("EXISTS (SELECT 1 FROM %[1]s WHERE %[1]s.id = %[2]s%[3]s)", c.Table, id.SQL, and)
	if c == Organizations {
		return collection.Condition(there, slices.Concat(id.Args, args)...) // they are marked as deleted, and stay
	}
	// of people where they may read what it was
	readable := s.OrOwn(s.Within(readingOf(c), "event_feed.owner_id"), "event_feed.owner_id")
	own, ownArgs := collection.Conjunction(Events.Visible(s), readable)
	told := fmt.Sprintf("EXISTS (SELECT 1 FROM event_feed WHERE event_feed.subject_id = %s AND event_feed.subject_type = '%s'%s)",
		id.SQL, c.Schema.Type, own)
	return collection.Condition("("+there+" OR "+told+")", slices.Concat(id.Args, args, id.Args, ownArgs)...)
}

// toldOfUsers returns of some ids, which the scope does not see, those of users who are gone and whom events of the scope are about.
func toldOfUsers(ctx context.Context, db *store.DB, scope collection.Scope, ids []string) (map[string]bool, error) {
	ids, err := goneOf(ctx, db, ids)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if err := NumberEvents(ctx, db); err != nil { // what tells of the deletion may be a moment old
		return nil, err
	}
	named, told := mentions{}, map[string]bool{}
	for _, id := range ids {
		named.add(mention{scope, Users, id, presently})
	}
	if err := named.look(ctx, db); err != nil {
		return nil, err
	}
	for m, seen := range named {
		told[m.id] = seen
	}
	return told, nil
}

// goneOf returns those of some ids of creators that are of nobody who is there.
func goneOf(ctx context.Context, db *store.DB, ids []string) ([]string, error) {
	there := map[string]bool{}
	var asked []store.Query
	for _, c := range []*collection.Collection{Users, APIKeys, Organizations} {
		asked = append(asked, c.AmongIDs(db, there, ids)...)
	}
	if err := db.Ask(ctx, asked...); err != nil {
		return nil, fmt.Errorf("look for creators: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return there[id] }), nil
}

// replacing returns a condition with a column in place of an argument.
func replacing(w collection.Where, arg any, column string) collection.Where {
	var b strings.Builder
	var args []any
	rest := w.SQL
	for _, a := range w.Args {
		before, after, _ := strings.Cut(rest, "?")
		b.WriteString(before)
		if a == arg {
			b.WriteString(column)
		} else {
			b.WriteByte('?')
			args = append(args, a)
		}
		rest = after
	}
	return collection.Condition(b.String()+rest, args...)
}

// actedBy returns the condition of events whose actor is that of an id, and seen.
func actedBy(_ *store.DB, s collection.Scope, v any) collection.Where {
	id, _ := v.(string)
	if !jsonapi.IsID(id) {
		return collection.Never()
	}
	by := collection.Condition("event_feed.actor_id = ?", id)
	if seesAll(s) || id == s.PersonID() {
		return by
	}
	seen := collection.Never()
	for _, target := range actorsOf("") {
		if !tellsOf(s, target) {
			continue
		}
		one := inSight(target, s, collection.Condition("?", id))
		seen = collection.Condition(seen.SQL+" OR "+one.SQL, append(seen.Args, one.Args...)...)
	}
	by = collection.Both(by, seen)
	if !s.Manages() { // see eachActor
		by = collection.Both(by, collection.Condition("event_feed.actor_kind <> ?", ByManagementKey))
	}
	return by
}
