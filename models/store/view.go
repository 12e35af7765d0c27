package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// View has fn read the database as it is at one moment, while others write, by the same functions as a transaction that writes. Nothing
// can be written in it, and what locks rows there locks none here: what is read does not change. Within a transaction it is part of that.
func View(ctx context.Context, db *DB, fn func(view *DB) error) (err error) {
	if db.inTransaction {
		return fn(db)
	}
	if err := db.askFirst(ctx); err != nil {
		return err
	}
	opts := &sql.TxOptions{ReadOnly: true}
	if db.dialect == Postgres { // a transaction of SQLite always sees one moment
		opts.Isolation = sql.LevelRepeatableRead
	}
	conn, err := db.readers().BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() {
		if end := conn.(gorm.TxCommitter).Rollback(); end != nil && !errors.Is(end, sql.ErrTxDone) {
			err = errors.Join(err, fmt.Errorf("end to read: %w", end))
		}
	}()
	view := *db
	view.gorm = db.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	view.gorm.Statement.ConnPool = conn
	view.gorm.ClauseBuilders = maps.Clone(view.gorm.ClauseBuilders)
	view.gorm.ClauseBuilders["FOR"] = func(clause.Clause, clause.Builder) {}
	view.inTransaction, view.doubtful, view.frozen = true, true, true
	view.news, view.tally, view.branches, view.numbers, view.last = &news{}, Tally{}, newBranches(), map[any]int{}, &looks{}
	return fn(&view)
}

// readers returns the pool of what only reads.
func (db *DB) readers() gorm.ConnPoolBeginner {
	switch pool := db.Conn().(type) {
	case splitPool:
		return pool.read
	default:
		return pool.(gorm.ConnPoolBeginner)
	}
}
