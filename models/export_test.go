package models

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"gorm.io/gorm"

	"roster/models/store"
)

// HoldHashing lets no password be hashed until release is called.
func HoldHashing(db *store.DB) (release func()) {
	hashing := attached(db).hashing
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	return func() {
		for range cap(hashing) {
			<-hashing
		}
	}
}

// Statement is SQL with its arguments, as a database is sent it.
type Statement struct {
	SQL  string
	Args []any
}

// Statements collects what a database is sent.
type Statements struct {
	mu  sync.Mutex
	all []Statement
}

// watched is a connection pool whose statements are collected. It implements gorm.ConnPool.
type watched struct {
	gorm.ConnPool
	*Statements
}

// Watch returns the same database with its statements collected.
func Watch(db *store.DB) (*store.DB, *Statements) {
	s := &Statements{}
	g := db.Session(context.Background()).Session(&gorm.Session{Context: context.Background()})
	g.Statement.ConnPool = watched{db.Conn(), s}
	return db.On(g), s
}

// watchedTx is a transaction.
type watchedTx struct {
	watched
	gorm.TxCommitter
}

// QueryContext implements gorm.ConnPool.
func (w watched) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	w.add(query, args)
	return w.ConnPool.QueryContext(ctx, query, args...)
}

// ExecContext implements gorm.ConnPool.
func (w watched) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	w.add(query, args)
	return w.ConnPool.ExecContext(ctx, query, args...)
}

// BeginTx implements gorm.ConnPoolBeginner.
func (w watched) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := w.ConnPool.(gorm.ConnPoolBeginner).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &watchedTx{watched{tx, w.Statements}, tx.(gorm.TxCommitter)}, nil
}

func (s *Statements) add(sql string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, Statement{sql, args})
}

// Take returns the statements with that text in them, and forgets all.
func (s *Statements) Take(text string) []Statement {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Statement
	for _, one := range s.all {
		if strings.Contains(one.SQL, text) {
			found = append(found, one)
		}
	}
	s.all = nil
	return found
}

// TableName is for the test that compares structs with tables.
func (attemptRow) TableName() string { return "webhook_attempts" }

// Rows returns a pointer to one of each kind of row that has a struct and no collection.
func Rows() []any { return []any{&attemptRow{}} }

// HoldReader keeps a connection for reading, as a list does that takes long, until release is called.
func HoldReader(ctx context.Context, db *store.DB) (release func() error, err error) {
	//nolint:rowserrcheck,sqlclosecheck // nobody reads them, and release closes them
	rows, err := db.Conn().QueryContext(ctx, "SELECT 1 UNION ALL SELECT 2")
	if err != nil {
		return nil, err
	}
	return rows.Close, nil
}

// EmailKey returns the key of an address.
func EmailKey(email string) string { return *emailKey(&email) }

// Quantile returns how long a share of answers took at most, in milliseconds.
func Quantile(l *Latencies, share float64) *float64 { return l.quantile(share) }
