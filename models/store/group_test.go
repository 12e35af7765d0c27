package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"
)

func TestTransactionsThatWaitShareACommit(t *testing.T) {
	t.Parallel()
	db := notes(t)
	before, end, c := commitsOf(t, db), make(chan struct{}), crowdOf(t, db)
	var want []string
	for n := range mostInGroup + 2 {
		name := fmt.Sprint(n)
		want = append(want, name)
		c.run(t.Context(), name, until(end))
	}
	close(end)
	c.all.Wait()
	for name, err := range c.errs {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := noted(t, db); got != strings.Join(want, " ") {
		t.Errorf("noted %s", got)
	}
	if n := commitsOf(t, db) - before; n != 2 {
		t.Errorf("%d transactions were %d commits", len(want), n)
	}
}

func TestTransactionsOfOneCallerShareACommit(t *testing.T) {
	t.Parallel()
	db := notes(t)
	before, end, c := commitsOf(t, db), make(chan struct{}), crowdOf(t, db)
	ctx := ForCaller(t.Context(), "one")
	for n := range mostInGroup / 2 { // who comes now would wait at the gate
		c.run(ctx, fmt.Sprint(n), until(end))
	}
	close(end)
	c.all.Wait()
	if n := commitsOf(t, db) - before; n != 1 {
		t.Errorf("%d transactions were %d commits", mostInGroup/2, n)
	}
}

// TestNobodyIsAnsweredBeforeTheCommit has one transaction be done, and the next one take its time.
func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	t.Parallel()
	db := notes(t)
	told := make(chan string, 2)
	defer db.OnCommit(func(bool) { told <- noted(t, db) })()
	runs, end := make(chan struct{}), make(chan struct{})
	c, start := crowdOf(t, db), make(chan struct{})
	c.look = true
	c.run(t.Context(), "first", func(tx *DB) error {
		tx.Recorded(false)
		<-start
		return nil
	})
	c.run(t.Context(), "refused", func(*DB) error { return errors.New("no") })
	c.run(t.Context(), "last", func(tx *DB) error {
		close(runs)
		<-end
		var n int64
		if err := tx.Session(t.Context()).Table("notes").Count(&n).Error; err != nil || n != 2 {
			return fmt.Errorf("sees %d notes (%w)", n, err)
		}
		return nil
	})
	close(start)
	<-runs
	if got := noted(t, db); got != "" {
		t.Errorf("readers see %s before the commit", got)
	}
	close(end)
	c.all.Wait()
	if got := <-told; got != "first last" {
		t.Errorf("whoever was told finds %q", got)
	}
	for _, name := range []string{"first", "refused", "last"} {
		if c.seen[name] != "first last" {
			t.Errorf("%s was answered when readers found %q", name, c.seen[name])
		}
	}
	if err, _ := c.answered("refused"); err == nil || err.Error() != "no" {
		t.Errorf("who was refused got %v", err)
	}
}

// TestWhatIsAnsweredSurvives copies the files at the moment of each answer.
func TestWhatIsAnsweredSurvives(t *testing.T) {
	t.Parallel()
	db := notes(t)
	var all sync.WaitGroup
	for n := range 12 {
		all.Go(func() {
			name := fmt.Sprint("row", n)
			if err := Transaction(t.Context(), db, func(tx *DB) error { return note(t.Context(), tx, name) }); err != nil {
				t.Error(err)
				return
			}
			path := filepath.Join(t.TempDir(), "copy.db")
			for _, end := range []string{"", "-wal"} {
				content, err := os.ReadFile(db.pools.path + end)
				if err == nil {
					err = os.WriteFile(path+end, content, 0o600)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
			copied := openNotes(t, path)
			if got := noted(t, copied); !strings.Contains(got+" ", name+" ") {
				t.Errorf("a copy from when %s was answered has %s", name, got)
			}
		})
	}
	all.Wait()
}

// TestATransactionThatFailsHarmsNoOtherOfItsGroup has each kind of failure be the first, the second and the last of three.
func TestATransactionThatFailsHarmsNoOtherOfItsGroup(t *testing.T) {
	t.Parallel()
	others := []string{"a", "b", "c"}
	for name, c := range map[string]struct {
		then func(ctx context.Context, goAway func(), tx *DB) error
		want string
	}{
		"refused":    {func(context.Context, func(), *DB) error { return errors.New("no") }, "no"},
		"constraint": {func(ctx context.Context, _ func(), tx *DB) error { return note(ctx, tx, "bad") }, "UNIQUE"},
		"panic":      {func(context.Context, func(), *DB) error { panic("ouch") }, "panic: ouch"},
		"gone in the middle": {func(ctx context.Context, goAway func(), tx *DB) error {
			goAway()
			return note(ctx, tx, "more")
		}, "context canceled"},
		"gone at its end": {func(_ context.Context, goAway func(), _ *DB) error {
			goAway()
			return nil
		}, "context canceled"},
		"gone in a long statement": {func(ctx context.Context, goAway func(), tx *DB) (err error) {
			time.AfterFunc(10*time.Millisecond, goAway)
			for err == nil {
				_, err = tx.Run(ctx, `INSERT INTO bytes
					WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n`)
			}
			return err
		}, "context canceled"},
	} {
		for at := range others {
			t.Run(fmt.Sprint(name, ", ", at), func(t *testing.T) {
				t.Parallel()
				db := notes(t)
				together, end := crowdOf(t, db), make(chan struct{})
				var want []string
				for n, other := range others {
					ctx, goAway := context.WithCancel(t.Context())
					defer goAway()
					then := fine
					if n == at {
						other, then = "bad", func(tx *DB) error { return c.then(ctx, goAway, tx) }
					} else {
						want = append(want, other)
					}
					together.run(ctx, other, func(tx *DB) error {
						<-end
						return then(tx)
					})
				}
				close(end)
				together.all.Wait()
				for name, err := range together.errs {
					switch {
					case name != "bad" && err != nil:
						t.Errorf("%s: %v", name, err)
					case name == "bad" && (err == nil || !strings.Contains(err.Error(), c.want)):
						t.Errorf("the bad one: %v", err)
					}
				}
				if got := noted(t, db); got != strings.Join(want, " ") {
					t.Errorf("noted %s, want %s", got, want)
				}
			})
		}
	}
}

// TestAGroupThatCannotBeCommittedFailsAsAWhole has three transactions, of which the second spoils it.
func TestAGroupThatCannotBeCommittedFailsAsAWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(ctx context.Context, tx *DB) error
		want  func(error) bool
		third bool // it is in a group of its own
	}{
		"the commit fails": {func(ctx context.Context, tx *DB) error {
			_, err := tx.Exec(ctx, `UPDATE notes SET before = 99`) // there is none, which is looked at when it is committed
			return err
		}, func(err error) bool { return err != nil && strings.Contains(err.Error(), "FOREIGN KEY") }, false},
		"SQLite rolls back": {func(ctx context.Context, tx *DB) error {
			_, err := tx.Exec(ctx, `INSERT INTO notes (text) VALUES ('a') ON CONFLICT DO NOTHING`)
			if err == nil {
				_, err = tx.Exec(ctx, `INSERT OR ROLLBACK INTO notes (text) VALUES ('first')`)
			}
			return err
		}, func(err error) bool {
			var lite *sqlite.Error
			return errors.As(err, &lite) && strings.Contains(err.Error(), "UNIQUE")
		}, true},
		"nobody notices": {func(ctx context.Context, tx *DB) error {
			_, _ = tx.Exec(ctx, `INSERT OR ROLLBACK INTO notes (text) VALUES ('first')`)
			if err := note(ctx, tx, "stray"); err == nil {
				return errors.New("a statement behind the end was committed")
			}
			return nil
		}, func(err error) bool { return errors.Is(err, errEnded) && Unavailable(err) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := notes(t)
			together, end := crowdOf(t, db), make(chan struct{})
			together.run(t.Context(), "first", until(end))
			together.run(t.Context(), "second", func(tx *DB) error { return c.spoil(t.Context(), tx) })
			together.run(t.Context(), "third", fine)
			close(end)
			together.all.Wait()
			want := ""
			for name, err := range together.errs {
				if name == "third" && c.third {
					want = "third"
					if err != nil {
						t.Errorf("third: %v", err)
					}
				} else if !c.want(err) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if got := noted(t, db); got != want {
				t.Errorf("noted %q, want %q", got, want)
			}
			if err := Transaction(t.Context(), db, func(tx *DB) error { return note(t.Context(), tx, "after") }); err != nil {
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

// TestAFullDiskLosesNothingThatWasAnswered has writers of whom some need more room than there is.
func TestAFullDiskLosesNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	db := notes(t)
	// A small cache makes SQLite write before the commit.
	for _, pragma := range []string{"PRAGMA max_page_count = 40", "PRAGMA cache_size = 5"} {
		if _, err := db.pools.write.ExecContext(t.Context(), pragma); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	there, full := map[string]bool{"before": true}, 0
	if err := Transaction(t.Context(), db, func(tx *DB) error { return note(t.Context(), tx, "before") }); err != nil {
		t.Fatal(err)
	}
	for n := range 64 { // some of which are too large, with whoever shares their commits
		all.Go(func() {
			name := fmt.Sprint("note", n)
			err := Transaction(t.Context(), db, func(tx *DB) error {
				if err := note(t.Context(), tx, name); err != nil || n%4 > 0 {
					return err
				}
				_, err := tx.Exec(t.Context(), `INSERT INTO bytes VALUES (zeroblob(?))`, n*5000)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			there[name] = err == nil
			if err != nil {
				full++
				if !Unavailable(err) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	all.Wait()
	if full == 0 {
		t.Error("nobody found the disk full")
	}
	got := " " + noted(t, db) + " "
	for name, is := range there {
		if strings.Contains(got, " "+name+" ") != is {
			t.Errorf("%s was answered %t, and is there: %t", name, is, !is)
		}
	}
}

func TestALongTransactionSharesNoCommit(t *testing.T) {
	t.Parallel()
	for name, marked := range map[string]bool{"it is marked": true, "the group took its time": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := notes(t)
			c, start, runs, end := crowdOf(t, db), make(chan struct{}), make(chan struct{}), make(chan struct{})
			ctx := t.Context()
			if marked {
				ctx = Alone(ctx)
			}
			c.run(t.Context(), "first", until(start))
			c.run(t.Context(), "second", func(*DB) error {
				if w := writerOf(db); !marked { // the time of the group is over
					w.mu.Lock()
					w.open = 0
					w.mu.Unlock()
				}
				return nil
			})
			c.run(ctx, "long", func(*DB) error {
				close(runs)
				<-end
				return nil
			})
			c.run(t.Context(), "last", fine)
			close(start)
			<-runs
			for _, name := range []string{"first", "second"} {
				select {
				case <-c.done[name]:
				case <-time.After(time.Minute):
					t.Fatalf("%s waits for the long one", name)
				}
				if err, _ := c.answered(name); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if got := noted(t, db); got != "first second" {
				t.Errorf("noted %s beside the long one", got)
			}
			close(end)
			c.all.Wait()
			if got := noted(t, db); got != "first second long last" {
				t.Errorf("noted %s in the end", got)
			}
		})
	}
}

// TestWhoGivesUpLeavesNobodyWaiting has transactions end their waiting at any moment.
func TestWhoGivesUpLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	db := notes(t)
	var all sync.WaitGroup
	for n := range 400 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ForCaller(t.Context(), fmt.Sprint("caller", n%3)), time.Duration(n%40)*200*time.Microsecond)
			defer cancel()
			_ = Transaction(ctx, db, func(tx *DB) error { return note(ctx, tx, fmt.Sprint(n)) })
		})
	}
	all.Wait()
	if w := writerOf(db); w.taken || w.group != nil || len(w.waiting) > 0 || len(w.gate.lines) > 0 {
		t.Errorf("left behind: taken %t, group %v, %d waiting, %d callers", w.taken, w.group, len(w.waiting), len(w.gate.lines))
	}
	if stats := db.pools.write.Stats(); stats.InUse > 0 {
		t.Errorf("%d connections are in use", stats.InUse)
	}
}
