package models

import (
	"context"
	"reflect"

	"roster/jsonapi"
	"roster/models/store"
)

// Collection is one kind of resource: what the wire knows about it, where its rows are and who may see them. The queries of this package
// are written once, over collections.
type Collection struct {
	Schema *jsonapi.Schema
	table  string
	model  reflect.Type
	// narrowed names the resource whose related resources these are, "" for a whole collection.
	narrowed string
	// keyed has, by attribute, the column that its values are equal in, which is not that of its text.
	keyed map[string]keyColumn
	// live is the condition of rows that are not deleted, "" if rows are never marked as deleted.
	live string
	// visible returns the condition of the rows that a scope sees.
	visible func(Scope) where
	// reached is how the organizations of a scope lead to rows, in the collections that are not narrowed.
	reached reached
	// order is the order of a list when the client names none: columns, the last of them unique.
	order []string
	// orderedAs names, for a column that a client may sort by, another one that gives the same order and has the index.
	orderedAs map[string]string
	// always are columns that every read needs, needs those that a computed attribute is computed from.
	always []string
	needs  map[string][]string
	// relations holds how each relationship is stored.
	relations map[string]relation
	// filters holds the conditions of filters that are not fields.
	filters map[string]func(db *store.DB, value any) where
	// beyond holds those that look at other rows than the resource's own, of which the scope may not see all.
	beyond map[string]func(db *store.DB, scope Scope, value any) where
	// total returns the counter that knows how many rows a scope sees, narrowed by one filter or by none (filter == ""), or the zero
	// counted when only counting tells.
	total func(scope Scope, filter, value string) counted
	// catchUp makes sure that whatever was committed before a read is there to be read; nil where it always is.
	catchUp func(context.Context, *store.DB) error
	// hides reports whether a scope does not see a resource of those attributes, although it sees the organization; nil if it always
	// does.
	hides func(scope Scope, attributes map[string]any) bool
	// complete computes the attributes that have no column.
	complete func(db *store.DB, model any) error
	// gather computes attributes of several models that were read for a query, when that takes a query of its own; describe computes those
	// of a single one that was asked for by its id. Either may be nil.
	gather   func(ctx context.Context, db *store.DB, items []any, q *jsonapi.Query) error
	describe func(ctx context.Context, db *store.DB, item any, q *jsonapi.Query) error
	// conceal returns models as a scope is told them, where that may be less than what they say; nil where it never is.
	conceal func(ctx context.Context, db *store.DB, scope Scope, items []any) ([]any, error)

	declaration
}

// relation is how a relationship is stored: exactly one of column, foreign and through is set.
type relation struct {
	target *Collection
	// column is this table's column with the id of the one related resource.
	column string
	// foreign is the target's column with the id of this resource.
	foreign string
	// through is a table between the two, with the columns owner (this) and other (the target).
	through, owner, other string
	// first: of what it leads to through the table, only the first row that the reader sees counts; a to-one.
	first bool
	// countedBy is the filter of the target's list that means the same as this to-many relationship, and may have a counter.
	countedBy string
	// lasting: the target cannot vanish while this resource is there, so a caller that sees everything sees it.
	lasting bool
	// evident: a caller that sees the resource sees the target, or saw it when the resource was there.
	evident bool
	// typeColumn is this table's column with the type of a polymorphic to-one.
	typeColumn string
	// listed: the related link is the list of the target with the filter countedBy, raw brackets and all, as the published API prints it.
	listed bool
}

// Model returns a new, empty model of the collection: a pointer to its struct.
func (c *Collection) Model() any { return reflect.New(c.model).Interface() }

// columnValue returns the text in the field of a model that belongs to a column, "" for NULL.
func (c *Collection) columnValue(model any, column string) string {
	v := reflect.ValueOf(model).Elem()
	f := v.FieldByIndex(columnsOf(c.model)[column])
	if f.Kind() == reflect.Pointer {
		if f.IsNil() {
			return ""
		}
		f = f.Elem()
	}
	return f.String()
}

// ID returns the id of a model.
func (c *Collection) ID(model any) string { return c.columnValue(model, "id") }

// Version returns the version of a model, which every change raises by one; 0 for what never changes.
func (c *Collection) Version(model any) int64 {
	index, ok := columnsOf(c.model)["version"]
	if !ok {
		return 0
	}
	return reflect.ValueOf(model).Elem().FieldByIndex(index).Int()
}

// Versioned reports whether the resources have versions.
func (c *Collection) Versioned() bool {
	_, ok := columnsOf(c.model)["version"]
	return ok
}

// The collections. They are tables of the program: built once, never changed.
var (
	Organizations = &Collection{}
	Users         = &Collection{}
	Memberships   = &Collection{}
	APIKeys       = &Collection{}
	Events        = &Collection{}
	Webhooks      = &Collection{}
	// WebhookDeliveries are events on their way to endpoints, WebhookReplays replays of them.
	WebhookDeliveries = &Collection{}
	WebhookReplays    = &Collection{}
)

// collections lists every collection in the order of the documentation.
var collections = []*Collection{Organizations, Users, Memberships, APIKeys, Events, Webhooks, WebhookDeliveries, WebhookReplays}

// init fills the collections: what they declare refers to functions that refer to them. The schemas come first, because relationships
// point at each other.
func init() {
	defineOrganizations(Organizations)
	defineUsers(Users)
	defineMemberships(Memberships)
	defineAPIKeys(APIKeys)
	defineEvents(Events)
	defineWebhooks(Webhooks)
	defineWebhookDeliveries(WebhookDeliveries)
	defineWebhookReplays(WebhookReplays)
	relateOrganizations(Organizations)
	relateUsers(Users)
	relateMemberships(Memberships)
	relateAPIKeys(APIKeys)
	relateEvents(Events)
	relateWebhooks(Webhooks)
	relateWebhookDeliveries(WebhookDeliveries)
	relateWebhookReplays(WebhookReplays)
}

// Collections returns every collection in the order of the documentation.
func Collections() []*Collection { return collections }

// CollectionOf returns the collection of a type, or nil.
func CollectionOf(typ string) *Collection {
	for _, c := range collections {
		if c.Schema.Type == typ {
			return c
		}
	}
	return nil
}

// SchemaOf returns the schema of a type, or nil.
func SchemaOf(typ string) *jsonapi.Schema {
	if c := CollectionOf(typ); c != nil {
		return c.Schema
	}
	return nil
}

// relate adds a relationship and how it is stored.
func (c *Collection) relate(rel jsonapi.Relationship, stored relation) {
	if stored.target != nil {
		rel.Target = stored.target.Schema
	}
	c.Schema.Relate(&rel)
	if c.relations == nil {
		c.relations = map[string]relation{}
	}
	c.relations[rel.Name] = stored
}
