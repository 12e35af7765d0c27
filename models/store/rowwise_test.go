package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStatementsAreMadeOfColumns shows what each database is sent, and with which arguments.
func TestStatementsAreMadeOfColumns(t *testing.T) {
	t.Parallel()
	type pet struct {
		id   string
		legs int
		name *string
	}
	id := Col("id", "uuid", func(p pet) string { return p.id })
	legs := Col("legs", "bigint", func(p pet) int { return p.legs })
	name := Col("name", "text", func(p pet) *string { return p.name })
	rex := "Rex"
	rows := []pet{{"a", 4, &rex}, {"b", 2, nil}}
	for _, v := range []struct {
		name             string
		statement        *Rowwise[pet]
		postgres, sqlite string
		arrays           []any
		first            []any // row of SQLite
	}{
		{
			"an insert", InsertRows("insert pets", "pets", "ON CONFLICT DO NOTHING", id, legs, Fixed[pet]("state", "'alive'"), name),
			"INSERT INTO pets (id, legs, state, name) SELECT u.id, u.legs, 'alive', u.name " +
				"FROM unnest(?::uuid[], ?::bigint[], ?::text[]) AS u (id, legs, name) ON CONFLICT DO NOTHING",
			"INSERT INTO pets (id, legs, state, name) VALUES (?, ?, 'alive', ?) ON CONFLICT DO NOTHING",
			[]any{[]string{"a", "b"}, []int{4, 2}, []*string{&rex, nil}}, []any{"a", 4, &rex},
		},
		{
			"an update", UpdateRows("update pets", "pets", "", id.Key(), legs),
			"UPDATE pets SET legs = u.legs FROM unnest(?::uuid[], ?::bigint[]) AS u (id, legs) WHERE pets.id = u.id",
			"UPDATE pets SET legs = ? WHERE pets.id = ?",
			[]any{[]string{"a", "b"}, []int{4, 2}}, []any{4, "a"},
		},
		{
			"an update with an expression and a condition",
			UpdateRows("update pets", "pets", "pets.legs < u.legs", id.Key(), legs.As("max(pets.legs, u.legs)")),
			"UPDATE pets SET legs = max(pets.legs, u.legs) FROM unnest(?::uuid[], ?::bigint[]) AS u (id, legs) " +
				"WHERE pets.id = u.id AND pets.legs < u.legs",
			"UPDATE pets SET legs = max(pets.legs, ?) WHERE pets.id = ? AND pets.legs < ?",
			[]any{[]string{"a", "b"}, []int{4, 2}}, []any{4, "a", 4},
		},
		{
			"one for each database", ForRows("count legs", "SELECT sum(u.legs) FROM ROWS", "SELECT u.legs", legs),
			"SELECT sum(u.legs) FROM unnest(?::bigint[]) AS u (legs)", "SELECT ?", []any{[]int{4, 2}}, []any{4},
		},
	} {
		if diff := cmp.Diff([]string{v.postgres, v.sqlite}, []string{v.statement.Postgres(), v.statement.sqlite}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.name, diff)
		}
		if diff := cmp.Diff(v.arrays, v.statement.Arrays(rows)); diff != "" {
			t.Errorf("%s: arrays (-want +got):\n%s", v.name, diff)
		}
		if diff := cmp.Diff(v.first, v.statement.valuesOf(rows[0])); diff != "" {
			t.Errorf("%s: values of a row (-want +got):\n%s", v.name, diff)
		}
	}
}
