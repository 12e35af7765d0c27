package collection

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/models/store"
)

// sortKey is one column that a list is sorted by. NULL is the least value of a column: first ascending, last descending.
type sortKey struct {
	column               string // of the collection's table
	descending, nullable bool
}

// sortKeys returns what a list is sorted by: what the client named, completed to an order without ties.
func (c *Collection) sortKeys(named []jsonapi.SortKey) []sortKey {
	var keys []sortKey
	if len(named) == 0 {
		for _, column := range c.Order {
			keys = append(keys, sortKey{column: strings.TrimPrefix(column, c.Table+".")})
		}
		return keys
	}
	unique := strings.TrimPrefix(c.Order[len(c.Order)-1], c.Table+".")
	for _, k := range named {
		column := cmp.Or(c.OrderedAs[k.Attribute.Column], k.Attribute.Column)
		keys = append(keys, sortKey{column, k.Descending, k.Attribute.Nullable})
		if column == "id" || column == unique {
			return keys // without ties already: what follows decides nothing
		}
	}
	// In the direction of the last key, so that the index on (key, id) is read in one direction.
	return append(keys, sortKey{column: "id", descending: named[len(named)-1].Descending})
}

// columnsOf returns the columns of the keys.
func columnsOf(keys []sortKey) []string {
	return store.Column(keys, func(k sortKey) string { return k.column })
}

// reversed returns the keys of the same list read from its end.
func reversed(keys []sortKey) []sortKey {
	out := make([]sortKey, len(keys))
	for i, k := range keys {
		k.descending = !k.descending
		out[i] = k
	}
	return out
}

// orderBy returns the ORDER BY of the keys.
func (c *Collection) orderBy(keys []sortKey) []string {
	terms := make([]string, len(keys))
	for i, k := range keys {
		terms[i] = c.Table + "." + k.column
		if k.descending {
			terms[i] += " DESC"
		}
		if k.nullable {
			// Both databases can do it, and each would do something else by itself.
			terms[i] += either(k.descending, " NULLS LAST", " NULLS FIRST")
		}
	}
	return terms
}

// place returns where in the list a model stands.
func (c *Collection) place(model any, keys []sortKey) jsonapi.Cursor {
	values := make([]any, len(keys))
	for i, k := range keys {
		values[i] = sortValue(c.field(model, k.column))
	}
	return jsonapi.Cursor{Values: values}
}

func sortValue(field reflect.Value) any {
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return nil
		}
		field = field.Elem()
	}
	switch v := field.Interface().(type) {
	case string, int64, bool:
		return v
	case jsonapi.Time:
		return v.Time
	case jsonapi.Stamp:
		return v.Time
	default:
		panic(fmt.Sprintf("a list cannot be sorted by a %T", v)) // a mistake in a model's tags
	}
}

// behind returns the conditions of the rows behind a place in the list. Each is a range of an index on the keys, and they stand in the
// order of the list: all rows of one come before those of the next. One disjunction would say the same, and both databases would walk
// through the index from its beginning for it (https://use-the-index-luke.com/no-offset; docs/adr/0020).
func (c *Collection) behind(keys []sortKey, values []any) []Where {
	if w, ok := c.behindRow(keys, values); ok {
		return []Where{w}
	}
	var parts []Where
	for i := len(keys) - 1; i >= 0; i-- {
		var equal []string
		var args []any
		for j, k := range keys[:i] {
			if values[j] == nil {
				equal = append(equal, c.Table+"."+k.column+" IS NULL")
				continue
			}
			equal, args = append(equal, c.Table+"."+k.column+" = ?"), append(args, values[j])
		}
		for _, next := range c.behindValue(keys[i], values[i]) {
			sql := strings.Join(append(equal[:len(equal):len(equal)], next.SQL), " AND ")
			parts = append(parts, Condition(sql, append(args[:len(args):len(args)], next.Args...)...))
		}
	}
	return parts
}

// behindRow returns the comparison of whole rows, where that is the same: in one direction, and with no NULL behind the place.
func (c *Collection) behindRow(keys []sortKey, values []any) (Where, bool) {
	columns := make([]string, len(keys))
	for i, k := range keys {
		if k.descending != keys[0].descending || k.descending && k.nullable || values[i] == nil {
			return Where{}, false
		}
		columns[i] = k.column
	}
	return direction{columns, keys[0].descending}.behind(c.Table+".", values), true
}

// behindValue returns the conditions of the values of one column behind a value.
func (c *Collection) behindValue(k sortKey, value any) []Where {
	column := c.Table + "." + k.column
	switch {
	case value == nil && k.descending:
		return nil
	case value == nil:
		return []Where{Condition(column + " IS NOT NULL")}
	case k.descending && k.nullable:
		return []Where{Condition(column+" < ?", value), Condition(column + " IS NULL")}
	case k.descending:
		return []Where{Condition(column+" < ?", value)}
	default:
		return []Where{Condition(column+" > ?", value)}
	}
}

// compareValues compares two values of one column like the databases do: NULL is least, texts compare by their bytes.
func compareValues(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case time.Time:
		return a.Compare(b.(time.Time))
	default:
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) // false is before true
	}
}

// comparePlaces compares two places in the list.
func comparePlaces(keys []sortKey, a, b jsonapi.Cursor) int {
	if a.Edge != jsonapi.NoEdge || b.Edge != jsonapi.NoEdge {
		side := map[jsonapi.Edge]int{jsonapi.ListStart: -1, jsonapi.NoEdge: 0, jsonapi.ListEnd: 1}
		return cmp.Compare(side[a.Edge], side[b.Edge])
	}
	for i, k := range keys {
		if n := compareValues(a.Values[i], b.Values[i]); n != 0 {
			if k.descending {
				return -n
			}
			return n
		}
	}
	return 0
}
