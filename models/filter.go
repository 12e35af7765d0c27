package models

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"roster/jsonapi"
	"roster/models/store"
)

// filter returns the conditions for a scope and the filters of a query.
func (c *Collection) filter(db *store.DB, scope Scope, filters []jsonapi.Condition) ([]where, error) {
	conds := []where{c.visible(scope)}
	deleted := false
	for _, f := range filters {
		switch {
		case f.Field == filterDeleted && c.live != "":
			if !scope.Manages() {
				return nil, &Error{Kind: Forbidden, Parameter: f.Parameter, Message: "Only the management sees what was deleted."}
			}
			deleted = f.Value.(bool)
		case f.Attribute != nil:
			column, f := c.comparable(f)
			conds = append(conds, c.compare(db, c.table+"."+column, f))
		case f.Relationship != nil:
			conds = append(conds, c.related(scope, f))
		case c.beyond[f.Field] != nil:
			conds = append(conds, c.beyond[f.Field](db, scope, f.Value))
		default:
			conds = append(conds, c.filters[f.Field](db, f.Value))
		}
	}
	if c.live != "" {
		if deleted {
			conds = append(conds, condition("NOT ("+c.live+")"))
		} else {
			conds = append(conds, condition(c.live))
		}
	}
	return conds, nil
}

// keyColumn is a column of keys, and how the key of a text is made.
type keyColumn struct {
	name string
	of   func(text string) string
}

// comparable returns the column of a comparison, and the comparison with what is in that column. Equality of a text that has a key is that
// of the keys.
func (c *Collection) comparable(f jsonapi.Condition) (column string, _ jsonapi.Condition) {
	key, has := c.keyed[f.Attribute.Name]
	if !has {
		return f.Attribute.Column, f
	}
	switch value := f.Value.(type) {
	case string:
		if f.Op != jsonapi.OpEqual && f.Op != jsonapi.OpEqualFold && f.Op != jsonapi.OpNotEqual {
			return f.Attribute.Column, f
		}
		f.Value = key.of(value)
	case []any:
		keys := make([]any, len(value))
		for i, one := range value {
			text, _ := one.(string)
			keys[i] = key.of(text)
		}
		f.Value = keys
	default:
		return f.Attribute.Column, f // null
	}
	return key.name, f
}

// filterDeleted is the filter of collections whose rows are marked as deleted.
const filterDeleted = "deleted"

// totals returns how many rows the filters leave and how many there are without them. What has a counter is not counted.
func (c *Collection) totals(ctx context.Context, db *store.DB, scope Scope,
	filters []jsonapi.Condition) (total, unfiltered int64, err error) {
	unfiltered, err = c.unfiltered(ctx, db, scope)
	if err != nil || len(filters) == 0 {
		return unfiltered, unfiltered, err
	}
	if known := c.known(scope, filters); known.name != "" {
		total, err = known.read(ctx, db)
		return total, unfiltered, err
	}
	conds, err := c.filter(db, scope.gather(), filters)
	if err != nil {
		return 0, 0, err
	}
	total, err = c.countRows(ctx, db, conds)
	return total, unfiltered, err
}

// unfiltered returns how many rows a scope sees.
func (c *Collection) unfiltered(ctx context.Context, db *store.DB, scope Scope) (int64, error) {
	if known := c.known(scope, nil); known.name != "" {
		return known.read(ctx, db)
	}
	if c.reached.table != "" && scope.reach == subtree {
		return c.reached.count(ctx, db, scope)
	}
	return c.countRows(ctx, db, c.base(scope.gather()))
}

// known returns the counter of what the filters leave, or the zero counted if only counting tells: with several filters, or one by
// something else than one id.
func (c *Collection) known(scope Scope, filters []jsonapi.Condition) counted {
	switch {
	case c.total == nil || len(filters) > 1:
		return counted{}
	case len(filters) == 0:
		return c.total(scope, "", "")
	default:
		if value := soleValue(filters[0]); value != "" {
			return c.total(scope, filters[0].Field, value)
		}
		return counted{}
	}
}

// soleValue returns the one id that a filter names, or "".
func soleValue(f jsonapi.Condition) string {
	switch v := f.Value.(type) {
	case string:
		if f.Op == jsonapi.OpEqual && f.Attribute == nil {
			return v
		}
	case []any:
		if s, ok := v[0].(string); ok && len(v) == 1 && f.Relationship != nil {
			return s
		}
	}
	return ""
}

func (c *Collection) countRows(ctx context.Context, db *store.DB, conds []where) (int64, error) {
	var n int64
	if err := c.from(ctx, db, conds...).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count %s: %w", c.Schema.Type, err)
	}
	return n, nil
}

// compare returns the condition of one comparison. The same SQL serves both databases: text compares by code point on each.
func (c *Collection) compare(db *store.DB, column string, f jsonapi.Condition) where {
	if f.Field == "id" {
		return compareIDs(column, f)
	}
	if second, ok := f.Value.(jsonapi.WholeSecond); ok {
		return compareSecond(column, f.Op, second.Time)
	}
	value := f.Value
	text, _ := value.(string)
	switch f.Op {
	case jsonapi.OpEqual:
		return condition(column+" = ?", value)
	case jsonapi.OpNotEqual:
		return condition("("+column+" <> ? OR "+column+" IS NULL)", value)
	case jsonapi.OpEqualFold:
		return condition("roster_lower("+column+") = roster_lower(?)", text)
	case jsonapi.OpPrefix:
		return prefix(column, text)
	case jsonapi.OpSuffix:
		if text == "" {
			return condition(column + " IS NOT NULL")
		}
		return condition(fmt.Sprintf("SUBSTR(%s, LENGTH(%s) - %d) = ? AND LENGTH(%s) >= %d", column, column,
			utf8.RuneCountInString(text)-1, column, utf8.RuneCountInString(text)), text)
	case jsonapi.OpContains:
		if db.Dialect() == store.Postgres {
			return condition("STRPOS("+column+", ?) > 0", text)
		}
		return condition("INSTR("+column+", ?) > 0", text)
	case jsonapi.OpGreater:
		return condition(column+" > ?", value)
	case jsonapi.OpGreaterEqual:
		return condition(column+" >= ?", value)
	case jsonapi.OpLess:
		return condition(column+" < ?", value)
	case jsonapi.OpLessEqual:
		return condition(column+" <= ?", value)
	case jsonapi.OpNull:
		if value.(bool) {
			return condition(column + " IS NULL")
		}
		return condition(column + " IS NOT NULL")
	default:
		return compareAny(column, value.([]any))
	}
}

// compareIDs treats a text that is no id as one that nothing has: PostgreSQL would refuse to compare it.
func compareIDs(column string, f jsonapi.Condition) where {
	switch v := f.Value.(type) {
	case []any:
		if ids := knownIDs(v); len(ids) > 0 {
			return condition(column+" IN ?", ids)
		}
		return never()
	default:
		text := v.(string)
		switch {
		case f.Op == jsonapi.OpNotEqual && jsonapi.IsID(text):
			return condition(column+" <> ?", text)
		case f.Op == jsonapi.OpNotEqual:
			return always()
		case f.Op == jsonapi.OpEqualFold && jsonapi.IsID(strings.ToLower(text)):
			return condition(column+" = ?", strings.ToLower(text))
		case f.Op == jsonapi.OpEqual && jsonapi.IsID(text):
			return condition(column+" = ?", text)
		default:
			return never()
		}
	}
}

func knownIDs(values []any) []string {
	var ids []string
	for _, v := range values {
		if s, ok := v.(string); ok && jsonapi.IsID(s) {
			ids = append(ids, s)
		}
	}
	return ids
}

// compareSecond compares at the precision that the attribute is printed with.
func compareSecond(column string, op jsonapi.Op, second time.Time) where {
	next := second.Add(time.Second)
	switch op {
	case jsonapi.OpEqual:
		return condition(column+" >= ? AND "+column+" < ?", second, next)
	case jsonapi.OpNotEqual:
		return condition("("+column+" < ? OR "+column+" >= ? OR "+column+" IS NULL)", second, next)
	case jsonapi.OpGreater:
		return condition(column+" >= ?", next)
	case jsonapi.OpGreaterEqual:
		return condition(column+" >= ?", second)
	case jsonapi.OpLess:
		return condition(column+" < ?", second)
	default:
		return condition(column+" < ?", next)
	}
}

// compareAny returns the condition that a column has one of the values. Those that stand for themselves are one IN: SQLite takes minutes
// to plan several long chains of OR.
func compareAny(column string, values []any) where {
	var w where
	var plain []any
	var parts []string
	for _, v := range values {
		second, ok := v.(jsonapi.WholeSecond)
		if !ok {
			plain = append(plain, v)
			continue
		}
		one := compareSecond(column, jsonapi.OpEqual, second.Time)
		parts, w.args = append(parts, one.sql), append(w.args, one.args...)
	}
	if len(plain) > 0 {
		parts, w.args = append(parts, column+" IN ?"), append(w.args, plain)
	}
	w.sql = "((" + strings.Join(parts, ") OR (") + "))"
	return w
}

// prefix returns a range of the index instead of a LIKE, which would need escapes and ignore case on SQLite.
func prefix(column, text string) where {
	if next, ok := successor(text); ok {
		return condition(column+" >= ? AND "+column+" < ?", text, next)
	}
	return condition(column+" >= ?", text)
}

// successor returns the first text, by code point, behind everything that begins with s.
func successor(s string) (string, bool) {
	runes := []rune(s)
	for i := len(runes) - 1; i >= 0; i-- {
		switch next := runes[i] + 1; {
		case next == 0xD800: // surrogates are no characters
			return string(runes[:i]) + string(rune(0xE000)), true
		case next <= utf8.MaxRune:
			return string(runes[:i]) + string(next), true
		}
	}
	return "", false
}
