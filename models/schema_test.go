package models_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"roster/models/modelstest"
	"roster/models/store"
)

// onlyOne are the differences that are meant, each with its reason.
var onlyOne = map[string]string{}

func TestBothDatabasesHaveTheSameSchema(t *testing.T) {
	t.Parallel()
	found := modelstest.SchemaDifferences(t, modelstest.Open(t, store.SQLite), modelstest.Open(t, store.Postgres))
	for _, difference := range found {
		if _, meant := onlyOne[difference]; !meant {
			t.Error(difference)
		}
	}
	for difference := range onlyOne {
		if !strings.Contains("\n"+strings.Join(found, "\n")+"\n", "\n"+difference+"\n") {
			t.Errorf("no longer true, remove it from the list: %s", difference)
		}
	}
}

func TestADifferenceBetweenTheSchemasIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sqlite, postgres, want string }{
		"a column": {
			sqlite: "ALTER TABLE installation ADD COLUMN note text",
			want:   "installation: only sqlite has    column note text",
		},
		"a type": {
			sqlite:   "ALTER TABLE installation ADD COLUMN note text",
			postgres: "ALTER TABLE installation ADD COLUMN note bigint",
			want:     "installation: only postgres has  column note integer",
		},
		"a NOT NULL": {
			postgres: "ALTER TABLE users ALTER COLUMN email SET NOT NULL",
			want:     "users: only postgres has  column email text NOT NULL",
		},
		"a default": {
			postgres: "ALTER TABLE installation ALTER COLUMN value SET DEFAULT ''",
			want:     "installation: only postgres has  column value text NOT NULL DEFAULT ''",
		},
		"a time without its zone": {
			postgres: "ALTER TABLE memberships ALTER COLUMN created_at TYPE timestamp",
			want:     "memberships: only postgres has  column created_at timestamp without time zone (postgres) NOT NULL",
		},
		"a table": {
			sqlite: "CREATE TABLE notes (id text NOT NULL PRIMARY KEY)",
			want:   "notes: only sqlite has    PRIMARY KEY (id)",
		},
		"a unique key": {
			postgres: "ALTER TABLE installation ADD UNIQUE (value)",
			want:     "installation: only postgres has  UNIQUE (value)",
		},
		"an index": {
			sqlite: "CREATE INDEX installation_value ON installation (value)",
			want:   "installation: only sqlite has    INDEX installation_value ON installation USING btree (value)",
		},
		"the condition of an index": {
			sqlite:   "CREATE UNIQUE INDEX installation_value ON installation (value) WHERE name <> 'a'",
			postgres: "CREATE UNIQUE INDEX installation_value ON installation (value) WHERE name <> 'b'",
			want: "installation: only sqlite has    UNIQUE INDEX installation_value ON installation USING btree (value) " +
				"WHERE name <> 'a'::text",
		},
		"what a foreign key does": {
			sqlite:   "ALTER TABLE installation ADD COLUMN user_id text REFERENCES users (id) ON DELETE CASCADE",
			postgres: "ALTER TABLE installation ADD COLUMN user_id uuid REFERENCES users (id) ON DELETE SET NULL",
			want:     "installation: only sqlite has    FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE",
		},
		"a check": {
			sqlite:   "ALTER TABLE installation ADD COLUMN n integer /* CHECK (no) */ CHECK (n IN (1, /* one */ 2))",
			postgres: "ALTER TABLE installation ADD COLUMN n bigint CHECK (n IN (1, 3))",
			want:     "installation: only sqlite has    CHECK (n = ANY (ARRAY[1::bigint, 2::bigint]))",
		},
		"a check that PostgreSQL does not know": {
			sqlite: "ALTER TABLE installation ADD COLUMN n text CHECK (n GLOB '*(')",
			want:   "installation: only sqlite has    ALTER TABLE installation ADD CHECK (n GLOB '*(') (which PostgreSQL refuses",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sqlite, postgres := modelstest.Open(t, store.SQLite), modelstest.Open(t, store.Postgres)
			run(t, sqlite.Pools()["write"], c.sqlite)
			run(t, postgres.Pools()["main"], c.postgres)
			found := strings.Join(modelstest.SchemaDifferences(t, sqlite, postgres), "\n")
			if !strings.Contains(found, c.want) {
				t.Errorf("reported:\n%s\nwant among it:\n%s", found, c.want)
			}
		})
	}
}

func run(t testing.TB, pool *sql.DB, statement string) {
	t.Helper()
	if _, err := pool.ExecContext(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}
