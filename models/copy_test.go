package models_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// copySource is an SQLite database that is to be copied.
type copySource struct{ path string }

func (s copySource) open(t *testing.T) *store.DB {
	t.Helper()
	db, err := models.Open(t.Context(), modelstest.ConfigAt("sqlite:"+s.path))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// with changes it as another process does, past the program.
func (s copySource) with(t *testing.T, statement string, args ...any) {
	t.Helper()
	db := s.open(t)
	_, err := modelstest.Writable(db).ExecContext(t.Context(), statement, args...)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// newCopySource returns one with something of most kinds, and more rows of one table than go over at once.
func newCopySource(t *testing.T) copySource {
	t.Helper()
	s := copySource{strings.TrimPrefix(modelstest.URL(t, store.SQLite), "sqlite:")}
	db := s.open(t)
	// The parent is the younger one, and each refers to a file that refers to it.
	young := organization(t, db, "Über \\ \t\n\"'組織\U0001F9F6", "").ID
	old := organization(t, db, "old", "").ID
	moved := input(attributes{"kind": "branch"}, relations{"parent": one(old)})
	if _, err := models.UpdateOrganization(t.Context(), db, everything, young, moved); err != nil {
		t.Fatal(err)
	}
	modelstest.Logo(t, db, old, "logo.png")
	modelstest.Webhook(t, db, old, "https://127.0.0.1/in?key=secret")
	user := modelstest.User(t, db)
	modelstest.Membership(t, db, user.ID, old)
	modelstest.Key(t, db, models.OrganizationKey, old)
	gone := organization(t, db, "gone", "").ID
	if err := models.DeleteOrganization(t.Context(), db, everything, gone, nil); err != nil {
		t.Fatal(err)
	}
	run(t, modelstest.Writable(db), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
		INSERT INTO taken_ids (id) SELECT printf('%08x-0000-7000-8000-000000000000', i) FROM n`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// target returns how to open an empty PostgreSQL database that is to be filled.
func copyTarget(t *testing.T, url string) models.Config {
	t.Helper()
	cfg := modelstest.ConfigAt(url)
	cfg.Filling, cfg.StatementTimeout = true, 0
	return cfg
}

func quietly(store.CopyProgress) {}

// to copies it into a database.
func (s copySource) to(ctx context.Context, target *store.DB, tell func(store.CopyProgress)) (rows int64, err error) {
	source, err := store.OpenSource(ctx, s.path)
	if err != nil {
		return 0, err
	}
	rows, err = source.CopyTo(ctx, target, tell)
	return rows, errors.Join(err, source.Close())
}

// isWhole checks a copy as who works with it does, and against a database whose schema was never taken apart.
func isWhole(t *testing.T, source copySource, url string) {
	t.Helper()
	db := modelstest.OpenConfig(t, modelstest.ConfigAt(url))
	if err := models.Verify(t.Context(), db, func(sentence string) { t.Error(sentence) }); err != nil {
		t.Error(err)
	}
	from := source.open(t)
	defer from.Close() //nolint:errcheck // it was only read
	for _, difference := range modelstest.SchemaDifferences(t, modelstest.Open(t, store.SQLite), db) {
		t.Error(difference)
	}
	query := `SELECT COUNT(*), COUNT(parent_id), COUNT(logo_id), SUM(number), MAX(name), COUNT(deleted_at) FROM organizations`
	if a, b := fmt.Sprint(answered(t, from, query)), fmt.Sprint(answered(t, db, query)); a != b {
		t.Errorf("the source has %s, the copy %s", a, b)
	}
	if a, b := organization(t, from, "next", "").Number, organization(t, db, "next", "").Number; a != b {
		t.Errorf("the next organization is number %d in the source and %d in the copy", a, b)
	}
	positions := `SELECT COUNT(*), MAX(position) FROM event_positions`
	if err := errors.Join(models.NumberEvents(t.Context(), from), models.NumberEvents(t.Context(), db)); err != nil {
		t.Error(err)
	}
	if a, b := fmt.Sprint(answered(t, from, positions)), fmt.Sprint(answered(t, db, positions)); a != b {
		t.Errorf("positions go on at %s in the source and at %s in the copy", a, b)
	}
}

// answered returns the one row of a query, as texts.
func answered(t *testing.T, db *store.DB, query string) []string {
	t.Helper()
	rows, err := modelstest.Readable(db).QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		t.Fatal(err, rows.Err())
	}
	row, into := make([]string, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	if err := errors.Join(rows.Scan(into...), rows.Err()); err != nil {
		t.Fatal(err)
	}
	return row
}

func TestACopyOnPostgreSQLHasEverything(t *testing.T) {
	t.Parallel()
	source := newCopySource(t)
	for name, url := range map[string]string{
		"direct":             modelstest.URL(t, store.Postgres),
		"through the pooler": modelstest.NewPooler(t, modelstest.URL(t, store.Postgres), store.PoolTransaction).URL,
	} {
		steps := map[string]int{}
		rows, err := source.to(t.Context(), modelstest.OpenConfig(t, copyTarget(t, url)), func(p store.CopyProgress) {
			if p.Table == "taken_ids" && p.Of >= 12000 {
				steps[p.Step]++
			}
		})
		if err != nil || rows < 12000 || steps["copy"] != 3 || steps["compare"] != 1 {
			t.Fatalf("%s: %d rows in the steps %v (%v)", name, rows, steps, err)
		}
	}
	url := modelstest.URL(t, store.Postgres)
	if _, err := source.to(t.Context(), modelstest.OpenConfig(t, copyTarget(t, url)), quietly); err != nil {
		t.Fatal(err)
	}
	isWhole(t, source, url)
}

// TestACopyThatIsInterruptedGoesOn interrupts it again and again, by the end of its context and by that of its connection.
func TestACopyThatIsInterruptedGoesOn(t *testing.T) {
	t.Parallel()
	source, direct := newCopySource(t), modelstest.URL(t, store.Postgres)
	proxy := modelstest.NewProxy(t, direct)
	told := func(end int) (n int, err error) { // ends after so much was told
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		db, err := models.Open(t.Context(), copyTarget(t, direct))
		if err != nil {
			return 0, err
		}
		_, err = source.to(ctx, db, func(store.CopyProgress) {
			if n++; n == end {
				cancel()
			}
		})
		return n, errors.Join(err, db.Close())
	}
	broken := func(turn int) error {
		db, err := models.Open(t.Context(), copyTarget(t, proxy.URL))
		if err != nil {
			return err
		}
		_, err = source.to(t.Context(), db, func(p store.CopyProgress) {
			if p.Step == "look" { // what is asked before is asked again on another connection
				proxy.BreakAt(turn, turn%2 == 0)
			}
		})
		proxy.BreakAt(0, false)
		return errors.Join(err, db.Close())
	}
	for _, end := range []int{1, 3, 5, 14, 16, 1} {
		if _, err := told(end); !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted after %d: %v", end, err)
		}
		if err := broken(3 * end); err == nil {
			t.Fatalf("with a connection that breaks at %d it was copied", end)
		}
		if _, err := models.Open(t.Context(), modelstest.ConfigAt(direct)); end > 1 && !errors.Is(err, store.ErrHalfCopied) {
			t.Errorf("half of a copy is opened: %v", err)
		}
	}
	if n, err := told(0); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	isWhole(t, source, direct)
}

func TestACopyIsRefused(t *testing.T) {
	t.Parallel()
	source, url := newCopySource(t), modelstest.URL(t, store.Postgres)
	target := modelstest.OpenConfig(t, copyTarget(t, url))
	refused := func(want string) {
		t.Helper()
		if _, err := source.to(t.Context(), target, quietly); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("copying says %v, want %s", err, want)
		}
	}
	server := source.open(t)
	refused(store.ErrInUse.Error())
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	alone, err := store.OpenSource(t.Context(), source.path)
	if err != nil {
		t.Fatal(err)
	}
	if db, err := models.Open(t.Context(), modelstest.ConfigAt("sqlite:"+source.path)); !errors.Is(err, store.ErrInUse) {
		t.Errorf("while it is copied it is opened: %v %v", db, err)
	}
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	source.with(t, `UPDATE users SET last_name = 'a' || char(0) || 'b'`)
	source.with(t, `UPDATE organizations SET description = CAST(x'ff' AS text) WHERE name = 'old'`)
	refused("description in organizations id=")
	refused("the text is no valid UTF-8, which PostgreSQL does not take; last_name in users id=")
	source.with(t, `UPDATE users SET last_name = NULL`)
	source.with(t, `UPDATE organizations SET description = NULL`)
	if server, err := models.Open(t.Context(), modelstest.ConfigAt(url)); err != nil { // nothing was written, and nothing is in the way
		t.Error(err)
	} else if err := server.Close(); err != nil {
		t.Error(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	_, err = source.to(ctx, target, func(p store.CopyProgress) {
		if p.Step == "copy" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	source.with(t, `UPDATE users SET last_name = 'Changed'`)
	refused("half of a copy of another state")
	source.with(t, `UPDATE users SET last_name = NULL`)
	if _, err := source.to(t.Context(), target, quietly); err != nil {
		t.Error(err)
	}
	refused("the target has data already")
	isWhole(t, source, url)
}

// TestNoServerBeginsWhereIsCopiedTo, not even while the source is looked at; one that had the target open before is noticed.
func TestNoServerBeginsWhereIsCopiedTo(t *testing.T) {
	t.Parallel()
	source, url := newCopySource(t), modelstest.URL(t, store.Postgres)
	early, target := modelstest.OpenConfig(t, modelstest.ConfigAt(url)), modelstest.OpenConfig(t, copyTarget(t, url))
	looking := func(then func()) error {
		_, err := source.to(t.Context(), target, func(p store.CopyProgress) {
			if p.Step == "look" {
				then()
			}
		})
		return err
	}
	err := looking(func() {
		if db, err := models.Open(t.Context(), modelstest.ConfigAt(url)); !errors.Is(err, store.ErrHalfCopied) {
			t.Errorf("it is opened: %v %v", db, err)
		}
		organization(t, early, "early", "")
	})
	if err == nil || !strings.Contains(err.Error(), "the target has data already") {
		t.Errorf("the copy says %v", err)
	}
	if n := answered(t, early, `SELECT COUNT(*) FROM organizations`); n[0] != "1" {
		t.Errorf("what was there is %v", n)
	}
	db, err := models.Open(t.Context(), modelstest.ConfigAt(url))
	if err != nil {
		t.Fatalf("what is not copied to is not opened: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestACopyThatDiffersIsFound changes the target between the copying and the comparison.
func TestACopyThatDiffersIsFound(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		`UPDATE users SET updated_at = updated_at + interval '1 microsecond'`:           "the copy differs from users id=",
		`DELETE FROM taken_ids WHERE id = '00002ee0-0000-7000-8000-000000000000'`:       "the copy ",
		`INSERT INTO taken_ids VALUES ('ffffffff-ffff-7fff-bfff-ffffffffffff')`:         "the copy has more rows in taken_ids",
		`UPDATE webhook_secrets SET sealed = sealed || '\x00'::bytea`:                   "the copy differs from webhook_secrets id=",
		`UPDATE organizations SET description = 'a description' WHERE name = 'old'`:     "the copy differs from organizations id=",
		`UPDATE organizations SET description = description || '.' WHERE name = 'none'`: "",
	} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			source, url := newCopySource(t), modelstest.URL(t, store.Postgres)
			target := modelstest.OpenConfig(t, copyTarget(t, url))
			changed := false
			_, err := source.to(t.Context(), target, func(p store.CopyProgress) {
				if p.Step == "compare" && !changed { // of the first table
					administer(t, url, statement)
					changed = true
				}
			})
			if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
				t.Errorf("copying says %s", got)
			}
		})
	}
}

// TestHostileValuesArriveAsTheyAre has values at the ends of what both databases hold.
func TestHostileValuesArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	source, url := newCopySource(t), modelstest.URL(t, store.Postgres)
	texts := map[string]string{
		"empty": "", "null": `\N`, "escaped": "\\.\n\t\r\\", "nul in JSON": `{"a":"\u0000"}`,
		"huge": strings.Repeat(`{"a":[1,2,"ä"]},`, 1<<20), "last": "\U0010FFFF\uFFFD\u202E\u0001",
	}
	for name, text := range texts {
		source.with(t, `INSERT INTO installation (name, value) VALUES (?, ?)`, name, text)
	}
	times := map[string]time.Time{
		"before": time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "then": time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		"later": time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	}
	ids := map[string]string{}
	db := source.open(t)
	for name, at := range times {
		ids[name] = organization(t, db, name, "").ID
		run(t, modelstest.Writable(db), fmt.Sprintf(`UPDATE organizations SET created_at = %d WHERE id = '%s'`, at.UnixMicro(), ids[name]))
	}
	run(t, modelstest.Writable(db), `INSERT INTO blobs (key, content) VALUES ('none', x'')`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := source.to(t.Context(), modelstest.OpenConfig(t, copyTarget(t, url)), quietly); err != nil {
		t.Fatal(err)
	}
	db = modelstest.OpenConfig(t, modelstest.ConfigAt(url))
	for name, text := range texts {
		if got := answered(t, db, `SELECT value FROM installation WHERE name = '`+name+`'`)[0]; got != text {
			t.Errorf("%s is %.80q (%d bytes)", name, got, len(got))
		}
	}
	for name, at := range times {
		found, err := collection.Find(t.Context(), db, models.Organizations, collection.Everything(), ids[name], nil)
		if err != nil || !found.(*models.Organization).CreatedAt.Equal(at) {
			t.Errorf("%s is %v (%v)", name, found, err)
		}
	}
	if got := answered(t, db, `SELECT octet_length(content) FROM blobs WHERE key = 'none'`)[0]; got != "0" {
		t.Errorf("no bytes are %s", got)
	}
}

// TestACopyLeavesTheSourceAsItIs compares its rows, and looks for what is beside it.
func TestACopyLeavesTheSourceAsItIs(t *testing.T) {
	t.Parallel()
	source := newCopySource(t)
	dump := func() string {
		db := source.open(t)
		defer db.Close() //nolint:errcheck // it was only read
		return modelstest.Dump(t, db)
	}
	before := dump()
	target := modelstest.OpenConfig(t, copyTarget(t, modelstest.URL(t, store.Postgres)))
	if _, err := source.to(t.Context(), target, quietly); err != nil {
		t.Fatal(err)
	}
	if dump() != before {
		t.Error("the source was changed")
	}
	left, err := filepath.Glob(source.path + "?*")
	for _, file := range left {
		if info, err := os.Stat(file); err == nil && info.Size() > 0 {
			t.Errorf("%s is left", file)
		}
	}
	if err != nil {
		t.Error(err)
	}
}
