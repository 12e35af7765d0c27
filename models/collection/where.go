package collection

import (
	"slices"

	"roster/jsonapi"
	"roster/models/store"
)

// Where is a condition of a query with its arguments, one for each ? in it. The empty condition is always true.
type Where struct {
	SQL  string
	Args []any
}

// Always returns the condition that every row meets.
func Always() Where { return Where{} }

// Never returns the condition that no row meets.
func Never() Where { return Where{SQL: "1 = 0"} }

// Condition returns a condition with its arguments.
func Condition(sql string, args ...any) Where { return Where{sql, args} }

// either returns the first of two words of SQL if something holds, otherwise the second.
func either(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
}

// Both returns the condition that two conditions hold.
func Both(a, b Where) Where {
	switch {
	case a.SQL == "":
		return b
	case b.SQL == "":
		return a
	default:
		return Where{"(" + a.SQL + ") AND (" + b.SQL + ")", append(append([]any{}, a.Args...), b.Args...)}
	}
}

// Conjunction returns conditions as the end of a WHERE, each behind an AND; "" for none.
func Conjunction(conds ...Where) (sql string, args []any) {
	for _, w := range conds {
		if w.SQL != "" {
			sql += " AND " + w.SQL
			args = append(args, w.Args...)
		}
	}
	return sql, args
}

// And returns a condition, or a SELECT with one, with more of them.
func (w Where) And(conds ...Where) Where {
	and, args := Conjunction(conds...)
	return Condition(w.SQL+and, append(slices.Clip(w.Args), args...)...)
}

// IDOrNil returns an id as an argument, and NULL for a text that is none, which PostgreSQL would refuse to compare with ids.
func IDOrNil(id string) any {
	if jsonapi.IsID(id) {
		return id
	}
	return nil
}

// ByID returns the filter of rows with an id in a column. With a text that is no id there are none.
func ByID(column string) Filter {
	return func(_ *store.DB, value any) Where {
		if id, _ := value.(string); jsonapi.IsID(id) {
			return Condition(column+" = ?", id)
		}
		return Never()
	}
}
