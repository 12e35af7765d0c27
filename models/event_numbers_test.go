package models_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

// captureMany records events of an organization in one transaction, and returns their ids.
func captureMany(ctx context.Context, db *store.DB, organization string, n int) (ids []string, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		ids = ids[:0]
		for range n {
			changes := jsonapi.Raw("{}")
			e := &models.Event{
				ID: models.NewID(), EventType: "numbers.tested", OccurredAt: jsonapi.Stamp{Time: db.Now()}, OrganizationID: &organization,
				SubjectType: "organizations", SubjectID: organization, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw("{}"),
			}
			if err := models.Capture(ctx, tx, e); err != nil {
				return err
			}
			ids = append(ids, e.ID)
		}
		return nil
	})
	return ids, err
}

// feed reads events by cursor.
type feed struct {
	t         *testing.T
	db        *store.DB
	after     string
	ids       []string
	positions []int64
	sequences map[string][]int64
}

// read takes what is behind the last cursor, page by page.
func (f *feed) read() {
	f.t.Helper()
	for {
		accepts, query := jsonapi.ListQuery, "page[size]=50"
		if accepts.Cursors = true; f.after != "" {
			query += "&page[after]=" + f.after
		}
		q, err := jsonapi.ParseQuery(query, accepts, models.Events.Schema, models.SchemaOf)
		if err != nil {
			f.t.Fatal(err)
		}
		page, err := collection.List(f.t.Context(), f.db, models.Events, collection.Everything(), q)
		if err != nil {
			f.t.Fatal(err)
		}
		for i, item := range page.Items {
			e := item.(*models.Event)
			f.ids, f.positions, f.after = append(f.ids, e.ID), append(f.positions, e.Position), page.Cursors[i]
			f.sequences[*e.OrganizationID] = append(f.sequences[*e.OrganizationID], *e.Sequence)
		}
		if page.Next == nil {
			return
		}
	}
}

// TestAReaderWhoKeepsItsCursorMissesNoEvent reads by cursor while two replicas have two writers each, one of a hundred events in a
// transaction and one of single ones. Every event can be read, on the other replica, as soon as its transaction has committed.
func TestAReaderWhoKeepsItsCursorMissesNoEvent(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			cfg := modelstest.Config(t, dialect)
			replicas := []*store.DB{modelstest.OpenConfig(t, cfg), nil}
			if replicas[1] = replicas[0]; dialect == store.Postgres {
				replicas[1] = modelstest.OpenConfig(t, cfg)
			}
			f := &feed{t: t, db: replicas[0], sequences: map[string][]int64{}}

			written := make(chan []string, 1000)
			var writers sync.WaitGroup
			write := func(replica, times, n int) {
				organization := models.NewID()
				writers.Go(func() {
					for range times {
						ids, err := captureMany(t.Context(), replicas[replica], organization, n)
						if err != nil {
							t.Error(err)
							return
						}
						found, err := collection.FindAll(t.Context(), replicas[1-replica], models.Events, collection.Everything(), ids, nil)
						if err != nil || len(found) != n {
							t.Errorf("of %d events that were committed %d can be read: %v", n, len(found), err)
						}
						written <- ids
					}
				})
			}
			write(0, 8, 100)
			write(1, 8, 100)
			write(0, 100, 1)
			write(1, 100, 1)
			go func() { writers.Wait(); close(written) }()

			var all []string
			for ids := range written {
				all = append(all, ids...)
				f.read()
			}
			f.read()
			slices.Sort(all)
			read := slices.Clone(f.ids)
			slices.Sort(read)
			if !slices.Equal(read, all) {
				t.Errorf("%d events were committed, the reader has %d of them", len(all), len(read))
			}
			for i, p := range f.positions {
				if p != int64(i+1) {
					t.Fatalf("position %d is the %dth that the reader is given", p, i+1)
				}
			}
			for organization, sequences := range f.sequences {
				for i, n := range sequences {
					if n != int64(i+1) {
						t.Fatalf("the numbers of %s begin with %v", organization, sequences[:i+1])
					}
				}
			}
			modelstest.CheckConsistency(t, replicas[0])
		})
	}
}

// TestAnEventIsReadByItsPosition asks for what is behind one, in either order.
func TestAnEventIsReadByItsPosition(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		organization := models.NewID()
		if _, err := captureMany(t.Context(), db, organization, 9); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]string{
			"":                                      "[1 2 3 4 5 6 7 8 9]",
			"filter[position][gt]=7&sort=-position": "[9 8]",
			"filter[position][gte]=7&filter[position][lt]=9":                          "[7 8]",
			"filter[position]=4":                                                      "[4]",
			"filter[position][lte]=2&sort=position":                                   "[1 2]",
			"sort=-position&page[size]=2&page[number]=2":                              "[7 6]",
			"filter[organizationId]=" + organization + "&filter[position][match]=1,3": "[1 3]",
			"filter[organizationId]=" + models.NewID():                                "[]",
		} {
			var got []int64
			for _, item := range listPage(t, db, models.Events, collection.Everything(), query).Items {
				got = append(got, item.(*models.Event).Position)
			}
			if fmt.Sprint(got) != want {
				t.Errorf("%s: positions %v, want %s", query, got, want)
			}
		}
	})
}

// TestTheEventsThatWereThereKeepTheirNumbers migrates a database of the version before positions.
func TestTheEventsThatWereThereKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	for _, dialect := range modelstest.Dialects {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			db := modelstest.OpenConfig(t, modelstest.UnmigratedConfig(t, dialect))
			if err := db.MigrateTo(t.Context(), 5); err != nil {
				t.Fatal(err)
			}
			const a, b = "'01912f6a-0000-7000-8000-00000000000a'", "'01912f6a-0000-7000-8000-00000000000b'"
			blob := map[store.Dialect]string{store.SQLite: "CAST('{}' AS blob)", store.Postgres: "convert_to('{}', 'UTF8')"}[dialect]
			second := map[store.Dialect]string{store.SQLite: "%d000000", store.Postgres: "to_timestamp(%d)"}[dialect]
			id := func(n int) string { return fmt.Sprintf("'01912f6a-0000-7000-8000-0000000001%02d'", n) }
			event := func(n, at int, organization string, sequence int) {
				run(t, pool(db), fmt.Sprintf(
					`INSERT INTO events (id, event_type, organization_id, subject_type, subject_id, actor_kind, data, occurred_at)
					VALUES (%s, 'user.created', %s, 'users', %s, 'system', '{}', `+second+`)`, id(n), organization, id(n), at))
				switch {
				case organization == "NULL":
				case sequence == 0:
					run(t, pool(db), fmt.Sprintf(`INSERT INTO event_queue (event_id, organization_id) VALUES (%s, %s)`,
						id(n), organization))
				default:
					run(t, pool(db), fmt.Sprintf(`INSERT INTO webhook_messages (event_id, organization_id, sequence, body)
						VALUES (%s, %s, %d, %s)`,
						id(n), organization, sequence, blob))
				}
			}
			// The first two of a were fanned out in another order than that of their times, and a test was sent between them.
			event(1, 10, a, 2)
			event(2, 11, b, 1)
			event(3, 12, a, -7)
			event(4, 13, a, 1)
			event(5, 14, "NULL", 0)
			event(7, 15, a, 0)
			event(6, 16, a, 0)
			run(t, pool(db), `INSERT INTO webhook_sequences (organization_id, last) VALUES (`+a+`, 2), (`+b+`, 1)`)
			for _, counter := range []string{
				"'events', '', 0, 5", "'events', " + a + ", 0, 3", "'events', " + b + ", 0, 1",
				"'webhookDeliveries', '', 0, 1", "'webhookDeliveries', " + b + ", 0, 1", "'webhookDeliveriesTo', " + id(1) + ", 0, 1",
			} {
				run(t, pool(db), `INSERT INTO counters (name, key, shard, n) VALUES (`+counter+`)`)
			}
			run(t, pool(db), fmt.Sprintf(
				`INSERT INTO webhook_deliveries (id, event_id, webhook_id, organization_id, event_type, ordinal, state, trigger,
				attempts, round_attempts, created_at, finished_at)
				VALUES (%[1]s, %[1]s, %[1]s, %[2]s, 'user.created', 1, 'failed', 'event', 1, 1, `+fmt.Sprintf(second, 10)+`, `+
					fmt.Sprintf(second, 11)+`)`, id(1), b))
			if _, err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}

			if _, err := captureMany(t.Context(), db, a[1:len(a)-1], 1); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, item := range listPage(t, db, models.Events, collection.Everything(), "").Items {
				e := item.(*models.Event)
				sequence := "none"
				if e.Sequence != nil {
					sequence = fmt.Sprint(*e.Sequence)
				}
				got = append(got, fmt.Sprintf("%d:%s:%s", e.Position, e.ID[len(e.ID)-2:], sequence))
			}
			if want := []string{"1:04:1", "2:02:1", "3:03:0", "4:01:2", "5:05:none", "6:07:3", "7:06:4"}; !slices.Equal(got[:7], want) ||
				got[7][:2] != "8:" {
				t.Errorf("position:event:sequence are %v\nwant %v and one more", got, want)
			}
			if n := number(t, db, `SELECT COUNT(*) FROM webhook_messages WHERE organization_id = `+b); n != 1 {
				t.Errorf("%d bodies are kept for the endpoint that was sent one", n)
			}
			modelstest.CheckConsistency(t, db)
		})
	}
}

// TestAPageOfTheFeedCostsTheSameAtAnyDepth reads it from the middle of 50,000 events: of everything, of an organization, of a subject,
// and by time.
func TestAPageOfTheFeedCostsTheSameAtAnyDepth(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		series, id := "generate_series(1, 50000) AS s (i)", "('018f0000-0000-7000-8000-' || lpad((%s)::text, 12, '0'))::uuid"
		at := "timestamptz '2024-01-01' + i / 3 * interval '1 second'"
		if db.Dialect() == store.SQLite {
			series = "(WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 50000) SELECT i FROM s)"
			id, at = "'018f0000-0000-7000-8000-' || printf('%%012d', %s)", "1704067200000000 + i / 3 * 1000000"
		}
		event, organization, subject := fmt.Sprintf(id, "i"), fmt.Sprintf(id, "i % 250"), fmt.Sprintf(id, "i % 500")
		run(t, pool(db), `INSERT INTO events (id, event_type, organization_id, subject_type, subject_id, actor_kind, data, occurred_at)
			SELECT `+event+`, 'user.updated', `+organization+`, 'users', `+subject+`, 'system', '{}', `+at+` FROM `+series)
		run(t, pool(db), `INSERT INTO event_positions (position, event_id, organization_id, sequence, subject_id)
			SELECT i, `+event+`, `+organization+`, i / 250 + 1, `+subject+` FROM `+series)
		run(t, pool(db), `INSERT INTO counters (name, key, shard, n) SELECT 'events', '', 0, 50000
			UNION ALL SELECT 'events', CAST(organization_id AS text), 0, COUNT(*) FROM event_positions GROUP BY organization_id`)
		run(t, pool(db), "ANALYZE")
		one := map[string]string{"organization": "018f0000-0000-7000-8000-000000000003", "subject": "018f0000-0000-7000-8000-000000000003"}
		for _, query := range []string{
			"", "sort=-position", "sort=occurredAt", "sort=-occurredAt", "filter[organizationId]=" + one["organization"],
			"filter[organizationId]=" + one["organization"] + "&sort=-position", "filter[subjectId]=" + one["subject"],
			"filter[position][gt]=100",
		} {
			at := cursors(t, db, models.Events, query, 51)[50]
			for _, direction := range []string{"after", "before"} {
				watched, statements := models.Watch(db)
				if p := page(t, watched, models.Events, query+"&page["+direction+"]="+at); len(p.Items) != jsonapi.DefaultPageSize {
					t.Fatalf("%s %s: %d items", query, direction, len(p.Items))
				}
				for _, sent := range statements.Take("FROM \"event_feed\"") {
					checkPlan(t, db, sent)
				}
			}
		}
	})
}

// TestEveryKindOfEventGetsItsNumbers numbers, twice, events of two organizations, of a person in none, of nobody, and a test: SQLite does
// so one by one, PostgreSQL all at once, on their own or as they are taken out of the queue.
func TestEveryKindOfEventGetsItsNumbers(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		first, second, person, subject := models.NewID(), models.NewID(), models.NewID(), models.NewID()
		record := func() {
			for _, e := range []*models.Event{
				{OrganizationID: &first}, {OrganizationID: &second}, {OrganizationID: &first, EventType: models.TestEvent},
				{UserID: &person}, {}, {OrganizationID: &first},
			} {
				if e.EventType == "" {
					e.EventType = "numbers.tested"
				}
				changes := jsonapi.Raw("{}")
				e.ID, e.OccurredAt = models.NewID(), jsonapi.Stamp{Time: db.Now()}
				e.SubjectType, e.SubjectID, e.ActorKind, e.Changes, e.Resource = "users", subject, "system", &changes, jsonapi.Raw("{}")
				err := store.Transaction(t.Context(), db, func(tx *store.DB) error { return models.Capture(t.Context(), tx, e) })
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		type numbers struct {
			Position int64
			Owner    string
			Sequence any
			Astray   bool // the queue, or its subject, says something else
		}
		var got, taken []numbers
		record()
		err := models.NumberEvents(t.Context(), db)
		record()
		if err == nil && db.Dialect() == store.Postgres {
			err = store.Transaction(t.Context(), db, func(tx *store.DB) error {
				events, along, err := models.TakeOldest(t.Context(), tx, 9)
				if err == nil {
					err = tx.Ask(t.Context(), along...)
				}
				for i, e := range events {
					taken = append(taken, numbers{e.Position, e.OrganizationID, e.Sequence, i > 0 && e.Place <= events[i-1].Place})
				}
				return err
			})
		}
		if err == nil {
			err = models.NumberEvents(t.Context(), db)
		}
		if err == nil {
			err = db.Read(t.Context(), func(rows *sql.Rows) error {
				var n numbers
				err := rows.Scan(&n.Position, &n.Owner, &n.Sequence, &n.Astray)
				got = append(got, n)
				return err
			}, `SELECT p.position, COALESCE(CAST(p.organization_id AS text), ''), p.sequence, p.subject_id <> ? OR p.position > ? AND
					NOT EXISTS (SELECT 1 FROM event_queue q WHERE q.event_id = p.event_id AND q.position = p.position)
				FROM event_positions p ORDER BY p.position`, subject, len(taken))
		}
		want := []numbers{
			{1, first, int64(1), false}, {2, second, int64(1), false}, {3, first, int64(0), false},
			{4, person, nil, false}, {5, "", nil, false}, {6, first, int64(2), false},
			{7, first, int64(3), false}, {8, second, int64(2), false}, {9, first, int64(0), false},
			{10, person, nil, false}, {11, "", nil, false}, {12, first, int64(4), false},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		for i, n := range taken {
			told := want[i]
			if told.Owner == person {
				told.Owner = "" // which is no organization
			}
			if told.Sequence == nil {
				told.Sequence = int64(0)
			}
			if n != told {
				t.Errorf("an event was taken as %+v, want %+v", n, told)
			}
		}
		for key, want := range map[string]int64{"": 12, first: 6, second: 2, person: 0} {
			if n, err := store.ReadCounter(t.Context(), db, "events", key); err != nil || n != want {
				t.Errorf("%d events are counted for %q, want %d: %v", n, key, want, err)
			}
		}
	})
}
