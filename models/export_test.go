package models

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

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
	logger.Interface
	mu  sync.Mutex
	all []Statement
}

// Watch returns the same database with its statements collected.
func Watch(db *store.DB) (*store.DB, *Statements) {
	s := &Statements{Interface: logger.Discard}
	return db.On(db.Session(context.Background()).Session(&gorm.Session{Logger: s})), s
}

// LogMode implements logger.Interface.
func (s *Statements) LogMode(logger.LogLevel) logger.Interface { return s }

// Trace implements logger.Interface. Of what gorm scans itself it is told with the arguments in their places, past ParamsFilter.
func (s *Statements) Trace(_ context.Context, _ time.Time, statement func() (string, int64), _ error) {
	before := s.len()
	if sql, _ := statement(); s.len() == before {
		s.ParamsFilter(context.Background(), sql)
	}
}

func (s *Statements) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// ParamsFilter implements gorm.ParamsFilter.
func (s *Statements) ParamsFilter(_ context.Context, sql string, args ...any) (string, []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, Statement{sql, args})
	return sql, args
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

// CountStatements counts the statements that a database is sent from now on.
func CountStatements(db *store.DB) (*atomic.Int64, error) {
	n := &atomic.Int64{}
	count := func(*gorm.DB) { n.Add(1) }
	callbacks := db.Session(context.Background()).Callback()
	for _, err := range []error{
		callbacks.Query().Before("gorm:query").Register("count", count),
		callbacks.Row().Before("gorm:row").Register("count", count),
		callbacks.Raw().Before("gorm:raw").Register("count", count),
	} {
		if err != nil {
			return nil, err
		}
	}
	return n, nil
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
