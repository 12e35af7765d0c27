package models

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Event is something that changed: who changed what, when, and what it was before. Events are written by the transaction of the change
// and never changed; webhooks deliver them.
type Event struct {
	ID         string        `gorm:"column:id;primaryKey" jsonapi:"primary,events" doc:"Something that changed. Events are written with the change itself, and never altered." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Position   int64         `gorm:"column:position;->" jsonapi:"attr,position" rule:"readonly,sort" doc:"Its place among all events, from 1 without a gap, in the order in which they became visible: whoever has read up to one has missed none before it." example:"1042"`
	Sequence   *int64        `gorm:"column:sequence;->" jsonapi:"attr,sequence" rule:"readonly,sort" doc:"The same within its organization, as webhooks tell it; 0 for a test, null for what happened in no organization." example:"42"`
	EventType  string        `gorm:"column:event_type" jsonapi:"attr,eventType" rule:"readonly,filter" doc:"What happened: the kind of resource and the verb." example:"organization.updated"`
	OccurredAt jsonapi.Stamp `gorm:"column:occurred_at" jsonapi:"attr,occurredAt" rule:"readonly,filter,sort" doc:"When the change was made." example:"2026-01-02T03:04:05+00:00"`
	Actor      jsonapi.Raw   `gorm:"-" jsonapi:"attr,actor" rule:"readonly" doc:"Who made the change: kind (management_key, organization_key, organization_token, user_key, session, portal_link; system for the program itself), id (of the key, of the organization whose token it is, of the user whose key or session it is, or of the link) and name. Id and name are null if the caller does not see them."`
	Changes    *jsonapi.Raw  `gorm:"column:changes" jsonapi:"attr,changes" rule:"readonly" doc:"Before and after of each attribute and relationship that changed, without secrets: of a relationship id and name, as it was called then, or a list of these. What the caller does not see is null."`
	Resource   jsonapi.Raw   `gorm:"column:data" jsonapi:"attr,resource" rule:"readonly" doc:"The resource as it was right then, without secrets: right after the change, or right before it was deleted. What the caller does not see is null."`
	RequestID  *string       `gorm:"column:request_id" jsonapi:"attr,requestId" rule:"readonly,filter" doc:"The X-Request-Id of the request that made the change." example:"01912f6a-8c00-7abc-8def-0123456789ab"`

	SubjectName      *string `gorm:"column:subject_name" jsonapi:"attr,subjectName" rule:"readonly" doc:"What the subject was called then; of a membership its user. null for what has no name, for events from before names were kept, and for who is not told the resource." example:"Acme Corporation"`
	OrganizationName *string `gorm:"column:organization_name" jsonapi:"attr,organizationName" rule:"readonly" doc:"What the organization was called then. null for what happened in none, and for who may not read organizations there." example:"Acme Corporation"`

	OrganizationID *string `gorm:"column:organization_id"`
	SubjectType    string  `gorm:"column:subject_type"`
	SubjectID      string  `gorm:"column:subject_id"`
	ActorKind      string  `gorm:"column:actor_kind"`
	ActorID        *string `gorm:"column:actor_id"`
	ActorName      *string `gorm:"column:actor_name"`
	// UserID is whose it is, of what belongs to a person and to no organization.
	UserID *string `gorm:"column:user_id"`
	// Names has what relationships in Changes lead to by ids, as it was called then: JSON.
	Names *string `gorm:"column:names"`

	naming naming // what the names are of that are looked up when it is recorded
}

// Actor is who made a change. Id and name are nil for whom a reader does not see.
type Actor struct {
	Kind string  `json:"kind" doc:"management_key, organization_key, organization_token, user_key, session or portal_link; system for the program itself."`
	ID   *string `json:"id" doc:"The key, the organization whose token it is, the user whose key or session it is, or the link."`
	Name *string `json:"name" doc:"What it was called then."`
}

// TableName implements GORM's Tabler.
func (Event) TableName() string { return "events" }

// tellActor fills in the attribute actor, if what it is made of was read.
func (e *Event) tellActor() {
	if e.ActorKind != "" {
		e.Actor, _ = jsonapi.Marshal(Actor{e.ActorKind, e.ActorID, e.ActorName}) // strings always encode
	}
}

func defineEvents(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(Event{}), Table: "event_feed", Model: reflect.TypeFor[Event](),
		Visible: func(s collection.Scope) collection.Where {
			return s.OrOwn(s.Within(reading("events"), "event_feed.owner_id"), "event_feed.owner_id")
		},
		Reached: collection.Reached{Table: "event_positions", Column: "organization_id", Words: reading("events"), Themselves: true,
			InOrder: []string{"position"}},
		Order: []string{"event_feed.position"},
		Needs: map[string][]string{"actor": {"actor_kind", "actor_id", "actor_name"}, "changes": {"data", "names"}, // see outOfSight
			"subjectName": {"data"}},
		Always: []string{"subject_type"},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("event_feed.owner_id"),
			"subjectId":      collection.ByID("event_feed.subject_id"),
			"subjectType":    equal("event_feed.subject_type"),
			"actorKind":      equal("event_feed.actor_kind"),
		},
		Beyond:   map[string]collection.FilterBeyond{collection.FilterAncestor: below("event_feed.owner_id")},
		Sighted:  map[string]collection.FilterBeyond{"actorId": actedBy},
		Branches: reading("organizations"), Inherited: &collection.Inherited{UntilDeleted: true, Elsewhere: true},
		CatchUp: NumberEvents,
		Until: func(ctx context.Context, db *store.DB) (collection.Where, error) {
			last, err := lastPosition(ctx, db)
			return collection.Condition("event_feed.position <= ?", last), err
		},
		Begins: eventHorizon,
		Tell:   maskEvents,
		Count:  countOfEvents,
		Complete: func(_ *store.DB, model any) error {
			model.(*Event).tellActor()
			return nil
		},
		Total: func(s collection.Scope, filter, value string) collection.Counted {
			return totalByOrganization(countEvents, s, filter, value, "organizationId", "organization")
		},
	}
	declare(c, declaration{
		tells: []told{{
			denied, "A known caller was not permitted what it tried; at most once a minute for the same. The resource is what it was " +
				"about, without its attributes, and its meta says what was tried.",
		}},
		counts: []string{
			`SELECT 'events', '', COUNT(*) FROM event_positions`,
			`SELECT 'events', CAST(organization_id AS text), COUNT(*) FROM event_positions
				WHERE sequence IS NOT NULL GROUP BY organization_id`,
		},
		invariants: []Invariant{
			{"an event without its numbers, and not waiting for them", `SELECT id FROM events
				WHERE id NOT IN (SELECT event_id FROM event_positions)
				AND id NOT IN (SELECT event_id FROM event_queue WHERE position IS NULL)`},
			{"a position that is left out, or that is not the last one given", `SELECT CAST(position AS text) FROM (
					SELECT position, (SELECT position FROM event_horizon) + ROW_NUMBER() OVER (ORDER BY position) AS n
					FROM event_positions) AS p WHERE position <> n
				UNION ALL SELECT CAST(last AS text) FROM event_sequences WHERE organization_id = '` + wholeInstallation + `'
					AND last <> (SELECT COALESCE((SELECT MAX(position) FROM event_positions), position) FROM event_horizon)`},
			{"a sequence with a gap, or in another order than the positions", `SELECT event_id FROM (
				SELECT event_id, sequence, MIN(sequence) OVER (PARTITION BY organization_id) - 1
					+ ROW_NUMBER() OVER (PARTITION BY organization_id ORDER BY position) AS n
				FROM event_positions WHERE sequence > 0) AS p WHERE sequence <> n`},
			{"an organization whose events do not begin with the first, although none is removed",
				`SELECT organization_id FROM event_positions WHERE sequence > 0 AND (SELECT position FROM event_horizon) = 0
				GROUP BY organization_id HAVING MIN(sequence) <> 1`},
		},
	})
	filterEvents(c)
}

// filterEvents names the filters that are no attributes.
func filterEvents(c *collection.Collection) {
	c.Schema.Attribute("actor").Shape = reflect.TypeFor[Actor]()
	c.Schema.Counts = []jsonapi.Count{{Name: "deliveries", Parts: []string{"total", "failing"}, Of: "webhookDeliveries",
		Doc: "its deliveries to endpoints, and those of them that failed, or have and are tried again."}}
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Events of that organization."},
		{Name: "subjectId", Kind: jsonapi.String, Doc: "Events about that resource."},
		{Name: "subjectType", Kind: jsonapi.String, Doc: "Events about resources of that type."},
		{Name: "actorKind", Kind: jsonapi.String, Enum: identityKinds,
			Doc: "Events caused by that kind of actor: session or user_key, for example."},
		{Name: "actorId", Kind: jsonapi.String,
			Doc: "Events caused by that key, or by the token of that organization, if the caller sees it."},
		byAncestor("Events"),
	}
}

func relateEvents(c *collection.Collection) {
	i := slices.IndexFunc(c.Schema.Filters, func(f jsonapi.Filter) bool { return f.Name == "subjectType" })
	for _, subject := range collections { // which all have their types by now
		c.Schema.Filters[i].Enum = append(c.Schema.Filters[i].Enum, subject.Schema.Type)
	}
	c.Relate(jsonapi.Relationship{Name: "organization", ReadOnly: true, Doc: "The organization in which it happened."},
		collection.Relation{Target: Organizations, Column: "organization_id"})
	c.Relate(jsonapi.Relationship{Name: "subject", ReadOnly: true, Polymorphic: true, Doc: "The resource that changed."},
		collection.Relation{Column: "subject_id", TypeColumn: "subject_type", TargetOf: CollectionOf})
}

// totalByOrganization finds the counter of resources that hang on one organization.
func totalByOrganization(counter string, s collection.Scope, filter, value string, names ...string) collection.Counted {
	byOrganization := filter != "" && (filter == names[0] || len(names) > 1 && filter == names[1])
	switch {
	case filter == "" && s.All():
		return collection.Counted{Name: counter}
	case filter == "" && s.Single():
		return collection.Counted{Name: counter, Key: s.Root()}
	case byOrganization && (s.All() || s.Single() && s.Root() == value):
		return collection.Counted{Name: counter, Key: value, Live: counter == countUsers}
	default:
		return collection.Counted{}
	}
}

// verb is what happened to a resource.
type verb string

const (
	created  verb = "created"
	updated  verb = "updated"
	deleted  verb = "deleted"
	restored verb = "restored"
	rotated  verb = "rotated"
	revoked  verb = "revoked"
)

// change is one change to tell of.
type change struct {
	verb       verb
	collection *collection.Collection
	// organization is where it happened, "" for none; user is whose it is then, "" for nobody.
	organization, user string
	// before and after are the models; before is nil for something new, after for something gone.
	before, after any
	// secrets are the names of secret attributes that changed.
	secrets []string
	// ordinal gets the place of the event in the queue; may be nil.
	ordinal *int64
	// move is the move of a branch that it is, nil for none.
	move *branchMove
	// members are those of to-many relationships that changed with it.
	members members
	// besides is before and after of what changed and is no field; its declaration has the names.
	besides map[string][2]any
}

// members are the ids that to-many relationships led to before and after a change, by their names; nil where the resource was not there.
type members map[string][2][]string

// record writes the event of a change. The resource is kept as it was right after the change, or right before it was deleted.
func record(ctx context.Context, tx *store.DB, by Caller, ch change) error {
	subject := ch.after
	if subject == nil {
		subject = ch.before
	}
	c := ch.collection
	if !slices.ContainsFunc(declared(c).tells, func(t told) bool { return t.verb == ch.verb }) {
		return fmt.Errorf("record %s.%s: its declaration does not have it", c.Schema.Singular(), ch.verb)
	}
	printed, err := ch.print()
	if err != nil {
		return err
	}
	changes, err := differences(ch, printed)
	if err != nil {
		return err
	}
	data, err := ch.resource(ctx, tx, subject, printed)
	if err != nil {
		return err
	}
	event := Event{
		naming: namingOf(&ch), SubjectName: calledIn(c, printed.latest()),
		ID: NewID(), EventType: c.Schema.Singular() + "." + string(ch.verb), OccurredAt: jsonapi.Stamp{Time: tx.Now()},
		OrganizationID: optional(ch.organization), UserID: optional(ch.user), SubjectType: c.Schema.Type, SubjectID: c.ID(subject),
		ActorKind: by.Kind, ActorID: optional(by.ID), ActorName: optional(by.Name), RequestID: optional(by.RequestID),
		Changes: &changes, Resource: jsonapi.Raw(data),
	}
	tx.Recorded(steers(c, ch.verb))
	if ch.ordinal == nil && ch.move == nil {
		return Capture(ctx, tx, &event)
	}
	ordinal, err := capture(ctx, tx, &event)
	if err != nil {
		return err
	}
	if ch.ordinal != nil {
		*ch.ordinal = ordinal
	}
	if ch.move != nil {
		ch.move.ordinal = ordinal
		return keepMove(ctx, tx, *ch.move, event.ID)
	}
	return nil
}

// states are the attributes of what changed, before and after, as they are printed; nil where it was not there.
type states [2]map[string]any

// latest returns those after the change, or before it of what is gone.
func (s states) latest() map[string]any {
	if s[1] != nil {
		return s[1]
	}
	return s[0]
}

// print serializes what changed, each state once.
func (ch *change) print() (printed states, err error) {
	for i, model := range []any{ch.before, ch.after} {
		if model == nil {
			continue
		}
		var err error
		if printed[i], err = jsonapi.Attributes(model); err != nil {
			return printed, err
		}
	}
	return printed, nil
}

// resource returns the resource object of what changed, as JSON: as it was right after the change, or right before it was deleted. It uses
// up the printed attributes.
func (ch *change) resource(ctx context.Context, tx *store.DB, subject any, printed states) ([]byte, error) {
	told := toldOf(ch.collection, subject, printed.latest())
	err := ch.collection.Complement(ctx, tx, collection.Everything(), []any{subject}, []*jsonapi.Resource{told})
	if err != nil {
		return nil, err
	}
	return told.Append(nil)
}

// Capture inserts an event and puts it into the queue of those to be delivered, all in the transaction of the change. Every event goes
// through here, once for each change and organization, so it is one statement where it can be, which nobody waits for.
func Capture(ctx context.Context, tx *store.DB, e *Event) error {
	if tx.Dialect() != store.Postgres {
		_, err := capture(ctx, tx, e)
		return err
	}
	tx.Recorded(false)
	insert, args := e.insertion(tx)
	if err := tx.Later(ctx, "record "+e.EventType, queued(insert), args...); err != nil {
		return err
	}
	return keepTrace(ctx, tx, e.ID)
}

// capture is Capture, and returns the place of the event in the queue.
func capture(ctx context.Context, tx *store.DB, e *Event) (ordinal int64, err error) {
	insert, args := e.insertion(tx)
	if tx.Dialect() == store.Postgres {
		err = tx.Conn().QueryRowContext(ctx, tx.Bind(queued(insert)), args...).Scan(&ordinal)
	} else if _, err = tx.Run(ctx, insert, args...); err == nil {
		var position int64
		if position, err = numberOnSQLite(ctx, tx, e); err == nil {
			ordinal, err = enqueue(ctx, tx, e.ID, e.OrganizationID, &position)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("record %s: %w", e.EventType, err)
	}
	tx.Recorded(false)
	return ordinal, keepTrace(ctx, tx, e.ID)
}

// queued returns an INSERT of an event that puts it into the queue as well, and returns its place there.
func queued(insert string) string {
	return `WITH e AS (` + insert + ` RETURNING id, organization_id)
		INSERT INTO event_queue (event_id, organization_id) SELECT id, COALESCE(organization_id, '` + NoOrganization + `') FROM e
			RETURNING ordinal`
}

// insertion returns the INSERT of the event, with its arguments.
func (e *Event) insertion(tx *store.DB) (insert string, args []any) {
	var changes *string
	if e.Changes != nil {
		text := string(*e.Changes)
		changes = &text
	}
	subject, names := e.naming.subject(e.SubjectName), e.naming.names(tx)
	return `INSERT INTO events (id, event_type, organization_id, subject_type, subject_id, actor_kind, actor_id, actor_name,
		changes, data, request_id, occurred_at, user_id, organization_name, subject_name, names)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT name FROM organizations WHERE id = ?), ` +
			subject.SQL + `, ` + names.SQL + `)`,
		slices.Concat([]any{
			e.ID, e.EventType, e.OrganizationID, e.SubjectType, e.SubjectID, e.ActorKind, e.ActorID, e.ActorName,
			changes, e.Resource, e.RequestID, e.OccurredAt.Time, e.UserID, e.OrganizationID,
		}, subject.Args, names.Args)
}

// hideSecrets takes the values of secrets, and of what is not told, out of printed attributes, and cuts URLs that may hold one down to
// their origin.
func hideSecrets(c *collection.Collection, attributes map[string]any) {
	for _, a := range c.Schema.Attributes {
		value, printed := attributes[a.Name]
		switch {
		case a.WriteOnly:
			delete(attributes, a.Name)
		case !printed:
		case a.Secret, slices.Contains(declared(c).unsaid, a.Name):
			attributes[a.Name] = nil
		case a.OriginOnly:
			if url, ok := textOf(value); ok {
				attributes[a.Name] = Origin(url)
			}
		}
	}
}

// toldOf returns the resource object of a model as events tell it: all of it but secrets and linkage that is another one for each reader.
// It uses up the printed attributes, and has no linkage yet.
func toldOf(c *collection.Collection, model any, attributes map[string]any) *jsonapi.Resource {
	fields := map[string]bool{}
	for _, name := range c.Schema.FieldNames() {
		rel := c.Schema.Relationship(name)
		fields[name] = rel == nil || !rel.Derived
	}
	told := c.Schema.Form(c.Schema.URL()).Only(fields).Resource(model)
	hideSecrets(c, attributes)
	told.Attributes = attributes
	return told
}

// SecretMark stands for the value of a secret wherever a change of one is told.
const SecretMark = "(secret)"

// textOf returns a text, and false for a pointer to none.
func textOf(v any) (string, bool) {
	switch s := v.(type) {
	case string:
		return s, true
	case *string:
		return deref(s), s != nil
	}
	return "", false
}

// differences returns before and after of each attribute and relationship that a change touched, as JSON.
func differences(ch change, printed states) (jsonapi.Raw, error) {
	type pair struct {
		Before any `json:"before"`
		After  any `json:"after"`
	}
	c, sides := ch.collection, [2]map[string]any{{}, {}}
	for i, model := range []any{ch.before, ch.after} {
		if model == nil {
			continue
		}
		for name, value := range printed[i] {
			if a := c.Schema.Attribute(name); a != nil && (a.Secret || a.WriteOnly) {
				continue
			}
			encoded, err := jsonapi.Marshal(value)
			if err != nil {
				return nil, err
			}
			if string(encoded) != "null" {
				sides[i][name] = string(encoded)
			}
		}
		for _, rel := range c.Schema.Relationships {
			if r := c.Relation(rel.Name); r.Column != "" {
				if id := c.Text(model, r.Column); id != "" {
					sides[i][rel.Name] = `"` + id + `"`
				}
			}
		}
	}
	for name, ids := range ch.members {
		for i, side := range ids {
			if side != nil {
				encoded, _ := jsonapi.Marshal(side) // strings always encode
				sides[i][name] = string(encoded)
			}
		}
	}
	changes := map[string]pair{}
	for i, side := range sides {
		for name, value := range side {
			if other := sides[1-i][name]; other != value {
				changes[name] = pair{tell(c, name, sides[0][name]), tell(c, name, sides[1][name])}
			}
		}
	}
	for _, name := range ch.secrets {
		changes[name] = pair{SecretMark, SecretMark}
	}
	for name, sides := range ch.besides {
		changes[name] = pair{sides[0], sides[1]}
	}
	delete(changes, "updatedAt") // occurredAt says it
	return jsonapi.Marshal(changes)
}

// tell returns the JSON of a field as it is told to others.
func tell(c *collection.Collection, name string, text any) any {
	a := c.Schema.Attribute(name)
	if s, ok := text.(string); ok && a != nil && a.OriginOnly {
		var url string
		if json.Unmarshal([]byte(s), &url) == nil {
			return Origin(url)
		}
		return SecretMark
	}
	return raw(text)
}

func raw(text any) any {
	if s, ok := text.(string); ok {
		return json.RawMessage(s)
	}
	return nil
}

// NewID returns a new UUIDv7 (RFC 9562 §5.7): ids that are made later sort later.
func NewID() string { return uuid.Must(uuid.NewV7()).String() } // fails only without a source of random bytes

// optional returns nil for "".
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
