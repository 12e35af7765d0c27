package models

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"gorm.io/gorm/clause"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// checkUnchanged makes sure that read-only members of the input say what is: clients send back what they read. While creating, nothing
// is yet, and null is nothing.
func checkUnchanged(c *collection.Collection, model any, in *Change, creating bool) error {
	if len(in.Echo) == 0 {
		return nil
	}
	attributes, err := jsonapi.Attributes(model)
	if err != nil {
		return err
	}
	var errs store.Errors
	for _, name := range slices.Sorted(maps.Keys(in.Echo)) {
		value := in.Echo[name]
		same := creating && value == nil
		switch {
		case same:
		case computed(c, name): // it is another at every look
			same = isPrintedValue(value)
		case c.Schema.Relationship(name) != nil:
			same = sameLinks(c, name, model, value.(Links), creating)
		default:
			same, err = sameJSON(attributes[name], value)
			if err != nil {
				return err
			}
		}
		if !same {
			errs = append(errs, &store.Error{Kind: store.ReadOnly, Field: name,
				Message: fmt.Sprintf("%s cannot be changed by this request.", name)})
		}
	}
	return errs.Err()
}

// isPrintedValue reports whether a JSON value has the form of what is put together when it is read: an object, a list or null.
func isPrintedValue(value any) bool {
	switch value.(type) {
	case nil, map[string]any, []any:
		return true
	default:
		return false
	}
}

// computed reports whether an attribute is JSON that is put together when it is read.
func computed(c *collection.Collection, name string) bool {
	a := c.Schema.Attribute(name)
	return a != nil && a.Kind == jsonapi.Value && a.Column == ""
}

// sameLinks reports whether links that cannot be changed say what is. That of a to-many is only compared with nothing: what is changed
// there is changed elsewhere.
func sameLinks(c *collection.Collection, name string, model any, links Links, creating bool) bool {
	if c.Schema.Relationship(name).Many {
		return creating && len(links) == 0
	}
	r := c.Relation(name)
	return r.First == "" && // what the caller is shown was compared before
		links.One() == c.Text(model, r.Column)
}

// withoutEcho returns an update without the links that cannot be changed and that repeat what the caller was shown. That may be less than
// there is: the members of a to-many that the caller sees, and nothing for a to-one out of its sight. The input itself stays, because a
// transaction that runs again may find something else to show.
func withoutEcho(
	ctx context.Context, tx *store.DB, scope collection.Scope, c *collection.Collection, model any, in *Change,
) (*Change, error) {
	rest := *in
	rest.Echo = maps.Clone(in.Echo)
	for name, value := range in.Echo {
		links, ok := value.(Links)
		if !ok || c.Schema.Relationship(name) == nil || c.Schema.Relationship(name).Polymorphic {
			continue
		}
		sent := slices.Clone(links)
		told, err := shown(ctx, tx, c, scope, model, name, len(sent))
		if err != nil {
			return nil, err
		}
		slices.Sort(sent)
		if slices.Equal(told, slices.Compact(sent)) {
			delete(rest.Echo, name)
		}
	}
	return &rest, nil
}

// shown returns the ids of what a scope sees behind a relationship of a model, in order; at most one more than most.
func shown(
	ctx context.Context, tx *store.DB, c *collection.Collection, scope collection.Scope, model any, name string, most int,
) ([]string, error) {
	target, narrow := c.Relation(name).Target, []collection.Where(nil)
	if c.Schema.Relationship(name).Many {
		target = c.Related(name, c.ID(model))
	} else {
		_, id, err := c.RelatedID(ctx, tx, scope, model, name)
		if err != nil {
			return nil, err
		}
		if c.Relation(name).OwnToo && c.IsOwn(scope, model) {
			return []string{id}, nil
		}
		narrow = append(narrow, collection.Condition(target.Table+".id = ?", collection.IDOrNil(id)))
	}
	var ids []string
	found := target.From(ctx, tx, append(target.Present(scope), narrow...)...)
	if err := found.Order(target.Table+".id").Limit(most+1).Pluck(target.Table+".id", &ids).Error; err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return ids, nil
}

// sameJSON reports whether a Go value is printed as the JSON value that was read.
func sameJSON(value, read any) (bool, error) {
	encoded, err := jsonapi.Marshal(value)
	if err != nil {
		return false, err
	}
	printed, e := jsonapi.ReadJSON(encoded)
	if e != nil {
		return false, e
	}
	return reflect.DeepEqual(printed, read), nil
}

// WeakNeverMatches says why If-Match: W/"…" fails whatever the version (RFC 9110 §13.1.1).
const WeakNeverMatches = "If-Match compares strongly, and a tag that begins with W/ is weak: it never matches. " +
	"Send the ETag as this service answers it; a proxy that compresses may have weakened it."

// checkVersion makes sure that a resource is still at a version that the change is meant for (If-Match).
func checkVersion(version int64, wanted *Versions) error {
	switch {
	case wanted == nil || slices.Contains(wanted.Listed, version):
		return nil
	case wanted.Weak && len(wanted.Listed) == 0:
		return &store.Error{Kind: store.PreconditionFailed, Message: WeakNeverMatches}
	default:
		return &store.Error{Kind: store.PreconditionFailed, Message: "The resource has changed since the version that If-Match names."}
	}
}

// Keep makes sure that a resource which a scope sees is at a version that something is meant for, and stays at it until the transaction
// ends.
func Keep(ctx context.Context, tx *store.DB, c *collection.Collection, scope collection.Scope, id string, versions *Versions) error {
	found, err := collection.Find(ctx, tx, c, scope, id, nil)
	if err != nil {
		return err
	}
	if err := share(ctx, tx, c, scope, id); err != nil {
		return err
	}
	return checkVersion(c.Version(found), versions)
}

// insert inserts a model. It may be told at the end of the transaction that the client is refused for it.
func insert(ctx context.Context, tx *store.DB, c *collection.Collection, model any) error {
	return c.Insert(ctx, tx, model, refusalOf(c))
}

// refusalOf returns what an error is for the client that inserts into a collection.
func refusalOf(c *collection.Collection) func(error) error {
	return func(err error) error { return classifyFor(err, "insert "+c.Schema.Singular()) }
}

// save writes columns of a model whose row the transaction has locked.
func save(ctx context.Context, tx *store.DB, c *collection.Collection, model any, columns ...string) error {
	res := tx.Session(ctx).Model(c.New()).Where("id = ?", c.ID(model)).Select(columns).Updates(model)
	if res.Error != nil {
		return classifyFor(res.Error, "update "+c.Schema.Singular())
	}
	if res.RowsAffected == 0 {
		return store.NoResource(c.Schema.Type, c.ID(model))
	}
	return nil
}

// classifyFor returns the refusal behind a database error, or the error with what was being done.
func classifyFor(err error, doing string) error {
	var refusal *store.Error
	if classified := store.Classify(err, uniques()); errors.As(classified, &refusal) {
		return classified
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func deref[T any](p *T) (v T) {
	if p != nil {
		return *p
	}
	return v
}

// The ways to lock rows until the transaction ends. On SQLite, where a write transaction is alone, they say nothing.
var (
	forUpdate = clause.Locking{Strength: "UPDATE"}
	forShare  = clause.Locking{Strength: "SHARE"}
	// forChange is forUpdate for rows that are never deleted, and that others may go on to refer to.
	forChange = clause.Locking{Strength: "NO KEY UPDATE"}
)

// locking returns how rows of a collection are locked that are to change. A new organization refers to all above it, from below: that must
// not wait for who has locked one of these and waits for the one below, as rows are locked in the order of their ids. What may not happen
// beside a change shares the row (see share), and waits.
func locking(c *collection.Collection) clause.Locking {
	if c == Organizations {
		return forChange
	}
	return forUpdate
}

// lock reads one resource that a scope sees, or would see if it were not deleted, and keeps others from changing it until the transaction
// ends.
func lock[T any](ctx context.Context, tx *store.DB, c *collection.Collection, scope collection.Scope, id string) (*T, error) {
	if err := keepFirst(ctx, tx, c, scope, id); err != nil {
		return nil, err
	}
	return lockWhere[T](ctx, tx, c, id, c.Visible(scope))
}

// lockLive is lock for what is there: what was deleted, or belongs to something deleted, is not found.
func lockLive[T any](ctx context.Context, tx *store.DB, c *collection.Collection, scope collection.Scope, id string) (*T, error) {
	if err := keepFirst(ctx, tx, c, scope, id); err != nil {
		return nil, err
	}
	return lockWhere[T](ctx, tx, c, id, c.Present(scope)...)
}

func lockWhere[T any](ctx context.Context, tx *store.DB, c *collection.Collection, id string, conds ...collection.Where) (*T, error) {
	if !jsonapi.IsID(id) {
		return nil, store.NoResource(c.Schema.Type, id)
	}
	q := c.From(ctx, tx, append(conds, collection.Condition(c.Table+".id = ?", id))...).Clauses(locking(c))
	var found []*T
	if err := q.Limit(1).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("lock %s: %w", c.Schema.Singular(), err)
	}
	if len(found) == 0 {
		return nil, store.NoResource(c.Schema.Type, id)
	}
	if c.Complete != nil {
		if err := c.Complete(tx, found[0]); err != nil {
			return nil, fmt.Errorf("read %s %s: %w", c.Schema.Singular(), id, err)
		}
	}
	return found[0], nil
}

// share makes sure that a resource is there, visible, and stays until the transaction ends.
func share(ctx context.Context, tx *store.DB, c *collection.Collection, scope collection.Scope, id string) error {
	if !jsonapi.IsID(id) {
		return store.NoResource(c.Schema.Type, id)
	}
	if err := keepFirst(ctx, tx, c, scope, id); err != nil {
		return err
	}
	var found []string
	rows := c.From(ctx, tx, append(c.Present(scope), collection.Condition(c.Table+".id = ?", id))...)
	if err := rows.Clauses(forShare).Pluck(c.Table+".id", &found).Error; err != nil {
		return fmt.Errorf("lock %s: %w", c.Schema.Singular(), err)
	}
	if len(found) == 0 {
		return store.NoResource(c.Schema.Type, id)
	}
	return nil
}

// keepFirst keeps what a person holds at an organization, if that is kept and not assumed, before the row of it is locked, as who ends a
// membership has that before the row, too: the two wait for each other, and do not end as a deadlock.
func keepFirst(ctx context.Context, tx *store.DB, c *collection.Collection, scope collection.Scope, id string) error {
	if c != Organizations {
		return nil
	}
	return keepStanding(ctx, tx, scope, id)
}

// sortedKeys returns the keys of a map in order, so that rows are locked in one order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
