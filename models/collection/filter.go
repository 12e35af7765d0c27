package collection

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"roster/jsonapi"
	"roster/models/store"
)

// conditions returns those of the rows of a part; the first one is what the scope sees.
func (c *Collection) conditions(db *store.DB, p part) ([]Where, error) {
	conds := []Where{c.Visible(p.scope)}
	deleted := false
	for _, f := range p.filters {
		switch {
		case f.Field == FilterDeleted && c.Live != "":
			if !p.asking.Manages() {
				return nil, &store.Error{Kind: store.Forbidden, Parameter: f.Parameter,
					Message: "Only the management sees what was deleted."}
			}
			deleted = f.Value.(bool)
		case f.Attribute != nil:
			column, f := c.comparable(f)
			conds = append(conds, c.compare(db, cmp.Or(c.Computed[f.Attribute.Name], c.Table+"."+column), f))
		case f.Relationship != nil:
			conds = append(conds, c.related(p.asking, f))
		case c.Beyond[f.Field] != nil:
			conds = append(conds, c.Beyond[f.Field](db, p.beyond, f.Value))
		case c.Sighted[f.Field] != nil:
			conds = append(conds, c.Sighted[f.Field](db, p.asking, f.Value))
		default:
			conds = append(conds, c.Filters[f.Field](db, f.Value))
		}
	}
	if c.Live != "" {
		if deleted {
			conds = append(conds, Condition("NOT ("+c.Live+")"))
		} else {
			conds = append(conds, Condition(c.Live))
		}
	}
	return conds, nil
}

// KeyColumn is the name of a column of keys, and how the key of a text is made.
type KeyColumn struct {
	Name string
	Of   func(text string) string
}

// comparable returns the column of a comparison, and the comparison with what is in that column. Equality of a text that has a key is that
// of the keys.
func (c *Collection) comparable(f jsonapi.Condition) (column string, _ jsonapi.Condition) {
	key, has := c.Keyed[f.Attribute.Name]
	if !has {
		return f.Attribute.Column, f
	}
	switch value := f.Value.(type) {
	case string:
		if f.Op != jsonapi.OpEqual && f.Op != jsonapi.OpEqualFold && f.Op != jsonapi.OpNotEqual {
			return f.Attribute.Column, f
		}
		f.Value = key.Of(value)
	case []any:
		keys := make([]any, len(value))
		for i, one := range value {
			text, _ := one.(string)
			keys[i] = key.Of(text)
		}
		f.Value = keys
	default:
		return f.Attribute.Column, f // null
	}
	return key.Name, f
}

// FilterDeleted is the filter of collections whose rows are marked as deleted.
const FilterDeleted = "deleted"

// compare returns the condition of one comparison. The same SQL serves both databases: text compares by code point on each.
func (c *Collection) compare(db *store.DB, column string, f jsonapi.Condition) Where {
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
		return Condition(column+" = ?", value)
	case jsonapi.OpNotEqual:
		return Condition("("+column+" <> ? OR "+column+" IS NULL)", value)
	case jsonapi.OpEqualFold:
		return Condition("roster_lower("+column+") = roster_lower(?)", text)
	case jsonapi.OpPrefix:
		return prefix(column, text)
	case jsonapi.OpSuffix:
		if text == "" {
			return Condition(column + " IS NOT NULL")
		}
		return Condition(fmt.Sprintf("SUBSTR(%s, LENGTH(%s) - %d) = ? AND LENGTH(%s) >= %d", column, column,
			utf8.RuneCountInString(text)-1, column, utf8.RuneCountInString(text)), text)
	case jsonapi.OpContains:
		return contains(db, column, "?", text)
	case jsonapi.OpGreater:
		return Condition(column+" > ?", value)
	case jsonapi.OpGreaterEqual:
		return Condition(column+" >= ?", value)
	case jsonapi.OpLess:
		return Condition(column+" < ?", value)
	case jsonapi.OpLessEqual:
		return Condition(column+" <= ?", value)
	case jsonapi.OpNull:
		if value.(bool) {
			return Condition(column + " IS NULL")
		}
		return Condition(column + " IS NOT NULL")
	default:
		return compareAny(column, value.([]any))
	}
}

// contains returns the condition that a text of SQL contains another one, in which text is the argument.
func contains(db *store.DB, whole, part, text string) Where {
	position := either(db.Dialect() == store.Postgres, "STRPOS", "INSTR")
	return Condition(position+"("+whole+", "+part+") > 0", text)
}

// ContainsFold returns the filter of rows in a column of which a text stands, without regard to case. A sigma at the end of a word is one
// like any other: what ends the text need not end the word.
func ContainsFold(column string) Filter {
	folded := func(text string) string { return "REPLACE(roster_lower(" + text + "), 'ς', 'σ')" }
	return func(db *store.DB, value any) Where {
		text, _ := value.(string)
		return contains(db, folded(column), folded("?"), text)
	}
}

// compareIDs treats a text that is no id as one that nothing has: PostgreSQL would refuse to compare it.
func compareIDs(column string, f jsonapi.Condition) Where {
	switch v := f.Value.(type) {
	case []any:
		if ids := knownIDs(v); len(ids) > 0 {
			return Condition(column+" IN ?", ids)
		}
		return Never()
	default:
		text := v.(string)
		switch {
		case f.Op == jsonapi.OpNotEqual && jsonapi.IsID(text):
			return Condition(column+" <> ?", text)
		case f.Op == jsonapi.OpNotEqual:
			return Always()
		case f.Op == jsonapi.OpEqualFold && jsonapi.IsID(strings.ToLower(text)):
			return Condition(column+" = ?", strings.ToLower(text))
		case f.Op == jsonapi.OpEqual && jsonapi.IsID(text):
			return Condition(column+" = ?", text)
		default:
			return Never()
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
func compareSecond(column string, op jsonapi.Op, second time.Time) Where {
	next := second.Add(time.Second)
	switch op {
	case jsonapi.OpEqual:
		return Condition(column+" >= ? AND "+column+" < ?", second, next)
	case jsonapi.OpNotEqual:
		return Condition("("+column+" < ? OR "+column+" >= ? OR "+column+" IS NULL)", second, next)
	case jsonapi.OpGreater:
		return Condition(column+" >= ?", next)
	case jsonapi.OpGreaterEqual:
		return Condition(column+" >= ?", second)
	case jsonapi.OpLess:
		return Condition(column+" < ?", second)
	default:
		return Condition(column+" < ?", next)
	}
}

// compareAny returns the condition that a column has one of the values. Those that stand for themselves are one IN: SQLite takes minutes
// to plan several long chains of OR.
func compareAny(column string, values []any) Where {
	var w Where
	var plain []any
	var parts []string
	for _, v := range values {
		second, ok := v.(jsonapi.WholeSecond)
		if !ok {
			plain = append(plain, v)
			continue
		}
		one := compareSecond(column, jsonapi.OpEqual, second.Time)
		parts, w.Args = append(parts, one.SQL), append(w.Args, one.Args...)
	}
	if len(plain) > 0 {
		parts, w.Args = append(parts, column+" IN ?"), append(w.Args, plain)
	}
	w.SQL = "((" + strings.Join(parts, ") OR (") + "))"
	return w
}

// prefix returns a range of the index instead of a LIKE, which would need escapes and ignore case on SQLite.
func prefix(column, text string) Where {
	if next, ok := successor(text); ok {
		return Condition(column+" >= ? AND "+column+" < ?", text, next)
	}
	return Condition(column+" >= ?", text)
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
