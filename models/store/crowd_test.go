package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// notes opens an SQLite database with one table.
func notes(t testing.TB) *DB {
	t.Helper()
	db := openNotes(t, filepath.Join(t.TempDir(), "notes.db"))
	for _, statement := range []string{
		`CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE,
			before INTEGER REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)`,
		`CREATE TABLE bytes (content BLOB)`,
	} {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func openNotes(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{URL: "sqlite:" + path, MaxConnections: 4, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// note writes down a text.
func note(ctx context.Context, tx *DB, text string) error {
	_, err := tx.Exec(ctx, `INSERT INTO notes (text) VALUES (?)`, text)
	return err
}

// noted returns what whoever reads beside the writer finds, in the order in which it was written.
func noted(t testing.TB, db *DB) string {
	t.Helper()
	var texts []string
	err := db.Read(context.Background(), func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		texts = append(texts, text)
		return err
	}, `SELECT text FROM notes ORDER BY id`)
	if err != nil {
		t.Error(err)
	}
	return strings.Join(texts, " ")
}

// commitsOf counts the commits in the write-ahead log, whose frames say which of them ends one
// (https://sqlite.org/fileformat2.html#walformat).
func commitsOf(t testing.TB, db *DB) (n int) {
	t.Helper()
	log, err := os.ReadFile(db.pools.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	page := int(binary.BigEndian.Uint32(log[8:]))
	for frame := log[32:]; len(frame) >= 24+page; frame = frame[24+page:] {
		if binary.BigEndian.Uint32(frame[4:]) > 0 {
			n++
		}
	}
	return n
}

// writerOf returns what writes to the database.
func writerOf(db *DB) *writer { return db.gorm.ConnPool.(splitPool).write }

// crowd is transactions of which each has begun, or waits for those before it.
type crowd struct {
	t    *testing.T
	db   *DB
	all  sync.WaitGroup
	mu   sync.Mutex
	errs map[string]error         // of those that have been answered
	done map[string]chan struct{} // closed by the answer
	look bool                     // for
	seen map[string]string        // what readers found at the answer
}

// crowdOf has groups take more for as long as a busy machine may need.
func crowdOf(t *testing.T, db *DB) *crowd {
	writerOf(db).open = time.Minute
	return &crowd{t: t, db: db, errs: map[string]error{}, done: map[string]chan struct{}{}, seen: map[string]string{}}
}

// run begins a transaction that notes its name and then does something, and returns when it runs, or waits.
func (c *crowd) run(ctx context.Context, name string, then func(tx *DB) error) {
	c.t.Helper()
	w := writerOf(c.db)
	queue := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.waiting)
	}
	before, begun := queue(), make(chan struct{})
	c.mu.Lock()
	c.done[name] = make(chan struct{})
	c.mu.Unlock()
	c.all.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				c.answer(name, fmt.Errorf("panic: %v", r))
			}
		}()
		c.answer(name, Transaction(ctx, c.db, func(tx *DB) error {
			close(begun)
			if err := note(ctx, tx, name); err != nil {
				return err
			}
			return then(tx)
		}))
	})
	// Nobody is told that somebody waits, so the queue is looked at.
	for deadline := time.Now().Add(time.Minute); queue() == before; time.Sleep(100 * time.Microsecond) {
		select {
		case <-begun:
			return
		default:
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s neither runs nor waits", name)
		}
	}
}

func (c *crowd) answer(name string, err error) {
	found := ""
	if c.look {
		found = noted(c.t, c.db)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs[name], c.seen[name] = err, found
	close(c.done[name])
}

// answered returns what a transaction was answered, and whether it was.
func (c *crowd) answered(name string) (error, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err, ok := c.errs[name]
	return err, ok
}

func fine(*DB) error { return nil }

// until returns what waits for a channel to be closed.
func until(end <-chan struct{}) func(*DB) error {
	return func(*DB) error {
		<-end
		return nil
	}
}
