package collection

import (
	"context"
	"reflect"

	"roster/jsonapi"
	"roster/models/store"
)

// Collection is one kind of resource: what the wire knows about it, where its rows are and who may see them. A resource declares it in its
// own file; then it is never changed, and may be used by several goroutines.
type Collection struct {
	Schema *jsonapi.Schema
	// Table is where the rows are, Model the struct that they are read into, whose gorm tags name the columns.
	Table string
	Model reflect.Type
	// Number is the column of the number that the database gives to each of them, "" for none.
	Number string
	// Keyed has, by attribute, the column that its values are equal in, which is not that of its text.
	Keyed map[string]KeyColumn
	// Computed has, by attribute without a column, the expression that filters compare.
	Computed map[string]string
	// Live is the condition of rows that are not deleted, "" if rows are never marked as deleted.
	Live string
	// Visible returns the condition of the rows that a scope sees.
	Visible func(Scope) Where
	// Own is the column of the user whose own a row is, which that user sees whatever their roles; "" if rows are nobody's own.
	Own string
	// Reached is how the organizations of a scope lead to rows, in the collections that are not narrowed.
	Reached Reached
	// Order is the order of a list when the client names none: columns, the last of them unique.
	Order []string
	// OrderedAs names, for a column that a client may sort by, another one that gives the same order and has the index.
	OrderedAs map[string]string
	// Always are columns that every read needs, Needs those that a computed attribute is computed from.
	Always []string
	Needs  map[string][]string
	// Filters are those that are no fields; Beyond are those that look at organizations and their members, of which the scope may not see
	// all, Sighted those that look at anything else.
	Filters map[string]Filter
	Beyond  map[string]FilterBeyond
	Sighted map[string]FilterBeyond
	// Lines has, by filter, the order of what it leaves if the client names none: an expression. What it leaves is few rows, which are read
	// whole and cut.
	Lines map[string]string
	// Branches: for a credential that holds one of the words, [FilterAncestor] of it leaves what a scope of that branch sees, and nothing
	// else. nil where that filter is none of it, or says something else.
	Branches Words
	// Inherited is what people see of a branch of the tree whose sight they inherit, by the words of Reached; nil where it is not said.
	Inherited *Inherited
	// Total returns the counter that knows how many rows a scope sees, narrowed by one filter or by none (filter == ""), or the zero
	// Counted when only counting tells; nil where it never tells otherwise.
	Total func(scope Scope, filter, value string) Counted
	// CatchUp makes sure that whatever was committed before a read is there to be read; nil where it always is.
	CatchUp func(context.Context, *store.DB) error
	// Until returns the condition of what a walk through the list that begins now comes to; nil where it goes on to the end.
	Until func(context.Context, *store.DB) (Where, error)
	// Begins returns the value of the first column of Order up to which rows were removed for their age, 0 for none; nil where rows do not
	// go of themselves.
	Begins func(context.Context, *store.DB) (int64, error)
	// Complete computes the attributes that have no column.
	Complete func(db *store.DB, model any) error
	// Gather computes attributes of several models that were read for a query, when that takes a query of its own; Describe computes those
	// of a single one that was asked for by its id. Either may be nil.
	Gather   func(ctx context.Context, db *store.DB, items []any, q *jsonapi.Query) error
	Describe func(ctx context.Context, db *store.DB, item any, q *jsonapi.Query) error
	// Tell returns models as a scope is told them at this moment, where that is less than what they say, or more; nil where it never is.
	Tell func(ctx context.Context, db *store.DB, scope Scope, items []any) ([]any, error)

	// Remark adds to the resource objects of models what a scope is told beside the members of the schema; nil where that is nothing.
	Remark func(ctx context.Context, db *store.DB, scope Scope, items []any, resources []*jsonapi.Resource) error

	// Count returns numbers of what belongs to resources, by the name of what is counted and their ids: those of the names that a scope may
	// ask for, of one with parts each by its own name. An id that is not there stands for 0. nil where the schema names no counts.
	Count func(ctx context.Context, db *store.DB, scope Scope, ids, names []string) (map[string]map[string]int64, error)

	// Texts is how a search finds resources, nil where it finds none by a text.
	Texts *Texts

	// relations holds how each relationship is stored.
	relations map[string]Relation
	// narrowed names the resource whose related resources these are, "" for a whole collection.
	narrowed string
}

// Inherited says what people see of a branch of the tree whose sight they inherit: what its key sees, but for what it says, and besides
// what is theirs.
type Inherited struct {
	// UntilDeleted: a key sees what belongs to organizations that are deleted, and people do not.
	UntilDeleted bool
	// Elsewhere: what is theirs belongs to no organization. Otherwise it is where they are members.
	Elsewhere bool
}

// Filter returns the condition of a filter with a value.
type Filter func(db *store.DB, value any) Where

// FilterBeyond is a [Filter] that depends on what a scope sees.
type FilterBeyond func(db *store.DB, scope Scope, value any) Where

// IsOwn reports whether a model is the own of the person whose scope it is.
func (c *Collection) IsOwn(scope Scope, model any) bool {
	person := scope.PersonID()
	return c.Own != "" && person != "" && c.Text(model, c.Own) == person
}

// New returns a new, empty model of the collection: a pointer to its struct.
func (c *Collection) New() any { return reflect.New(c.Model).Interface() }

// ID returns the id of a model.
func (c *Collection) ID(model any) string { return c.Text(model, "id") }

// Version returns the version of a model, which every change raises by one; 0 for what never changes.
func (c *Collection) Version(model any) int64 {
	if !c.Versioned() {
		return 0
	}
	return c.field(model, "version").Int()
}

// Versioned reports whether the resources have versions.
func (c *Collection) Versioned() bool { return c.has("version") }
