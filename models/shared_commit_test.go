package models_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestWritersThatFailAtRandomLeaveTheRestWhole has writers share commits on SQLite, of whom many fail: by a refusal, after all is written,
// by a panic, because their client goes away. What was answered is there, what was not answered is not, and events have no gaps.
func TestWritersThatFailAtRandomLeaveTheRestWhole(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.SQLite)
	var tops []string
	for n := range 3 {
		tops = append(tops, organization(t, db, fmt.Sprint("Top ", n), "").ID)
	}
	const writers, each = 16, 25
	var all sync.WaitGroup
	var mu sync.Mutex
	answered, failed := []string{"-"}, []string{"-"} // ids of users
	for n := range writers {
		random := rand.New(rand.NewPCG(11, uint64(n)))
		all.Go(func() {
			for range each {
				id, err := writeAtRandom(t, db, random, tops)
				mu.Lock()
				if err == nil {
					answered = append(answered, id)
				} else {
					failed = append(failed, id)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	there := func(ids []string) (n int64) {
		if err := db.Session(t.Context()).Table("users").Where("id IN ?", ids).Count(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := there(answered); int(n) != len(answered)-1 || n == 0 {
		t.Errorf("%d of %d users that were answered are there", n, len(answered)-1)
	}
	if n := there(failed); n != 0 || len(failed) == 1 {
		t.Errorf("%d of %d users that failed are there", n, len(failed)-1)
	}
	var last, events, organizations int64
	err := modelstest.Writable(db).QueryRowContext(t.Context(), `SELECT MAX(position), COUNT(*), (SELECT COUNT(*) FROM (
		SELECT 1 FROM event_positions WHERE sequence > 0 GROUP BY organization_id HAVING MAX(sequence) <> COUNT(*)))
		FROM event_positions`).Scan(&last, &events, &organizations)
	if err != nil || last != events || organizations != 0 {
		t.Errorf("%d events have positions up to %d, with gaps in %d organizations (%v)", events, last, organizations, err)
	}
	modelstest.CheckConsistency(t, db)
}

// writeAtRandom creates a user, with an organization to be a member of, and fails half of the time. It returns the id that the user has if
// all goes well.
func writeAtRandom(t *testing.T, db *store.DB, random *rand.Rand, tops []string) (id string, err error) {
	ctx, cancel := context.WithCancel(store.ForCaller(t.Context(), fmt.Sprint(random.IntN(3))))
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	end := random.IntN(10)
	if end == 0 {
		time.AfterFunc(time.Duration(random.IntN(4000))*time.Microsecond, cancel)
	}
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		name := fmt.Sprint("Leaf ", random.IntN(1_000_000_000))
		org, err := models.CreateOrganization(ctx, tx, everything,
			input(attributes{"name": name}, relations{"parent": one(tops[random.IntN(len(tops))])}))
		if err != nil {
			return err
		}
		user, err := models.CreateUser(ctx, tx, everything, input(attributes{"firstName": "Ada"}, relations{"organizations": one(org.ID)}))
		if err != nil {
			return err
		}
		id = user.ID
		switch end {
		case 1:
			return errors.New("thought better of it")
		case 2:
			panic("ouch")
		case 3:
			cancel()
		case 4:
			return models.DeleteOrganization(ctx, tx, everything, models.NewID(), nil) // there is none
		case 5:
			_, err := tx.Exec(ctx, `INSERT OR ROLLBACK INTO users (id) VALUES (?)`, id) // SQLite gives up the whole group
			return err
		}
		return nil
	})
	return id, err
}
