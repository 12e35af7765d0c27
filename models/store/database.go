package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Dialect names one of the two kinds of database.
type Dialect string

// The two kinds of database.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// Config says which database to open and how.
type Config struct {
	// URL is postgres://… or sqlite:path.
	URL string
	// MaxConnections bounds the connections to PostgreSQL, or the readers of an SQLite file beside its one writer.
	MaxConnections int
	// StatementTimeout ends a statement that runs longer on PostgreSQL; 0 is no limit.
	StatementTimeout time.Duration
	// Vault hashes credentials and encrypts secrets.
	Vault *Vault
	// Need is what it is opened for. What takes no writes is refused, but for [Reading].
	Need Need
	// Filling opens a PostgreSQL database that [Source.CopyTo] has not filled yet, too.
	Filling bool
	// Traced makes spans of the statements whose context has one.
	Traced bool
	// Attached is what belongs to the packages above, see [DB.Attached].
	Attached any
	// Now is the clock; nil is not allowed.
	Now func() time.Time
}

// DB is one open database, or one transaction on it, with the clock and the vault that every write needs.
type DB struct {
	gorm      *gorm.DB
	dialect   Dialect
	vault     *Vault
	now       func() time.Time
	pools     *pools
	committed *listeners

	attached any
	need     Need

	first         *ahead // what is asked before everything else, nil for nothing
	inTransaction bool
	part          bool        // of a transaction, by one within it
	doubtful      bool        // of the transaction, see Assume
	patient       bool        // of the transaction, see NoWait
	frozen        bool        // what is read does not change, see View
	tally         Tally       // of the transaction
	branches      *branches   // of the transaction
	news          *news       // of the transaction
	numbers       map[any]int // of the transaction, see Total
	last          *looks      // of the transaction, see AtLast
}

// pools are the connection pools behind a DB. On PostgreSQL both are the same one.
type pools struct {
	write, read *sql.DB
	aside       *sql.DB       // makes a connection each time, on PostgreSQL
	path        string        // of the SQLite file
	shard       atomic.Uint32 // of the counters that were stored last
	connect     wires         // makes a connection to PostgreSQL
	pooler      Pooler        // before PostgreSQL
}

// Open connects to the database that cfg names and makes sure that it answers. It does not migrate.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	db := &DB{
		vault: cfg.Vault, now: cfg.Now, committed: &listeners{},
		attached: cfg.Attached, need: cfg.Need,
	}
	var dialector gorm.Dialector
	switch scheme, rest, _ := strings.Cut(cfg.URL, ":"); scheme {
	case "postgres", "postgresql":
		pools, err := openPostgres(ctx, cfg)
		if err != nil {
			return nil, fmt.Errorf("open database: %w", err)
		}
		db.dialect, db.pools = Postgres, pools
		dialector = postgres.New(postgres.Config{Conn: newFairPool(pools.write, cfg.MaxConnections)})
	case "sqlite":
		write, read, err := openSQLite(ctx, rest, cfg)
		if err != nil {
			return nil, err
		}
		db.dialect, db.pools = SQLite, &pools{write: write, read: read, path: rest}
		dialector = sqliteDialector{pool: splitPool{newWriter(write), newFairPool(read, cfg.MaxConnections)}}
	default:
		return nil, fmt.Errorf("database URL must start with postgres:// or sqlite:, not %q", scheme+":")
	}
	var err error
	db.gorm, err = gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true, // every write opens its own, see Transaction
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard, // errors are returned, and logged once by whoever handles them
	})
	if err == nil {
		err = db.Ping(ctx)
	}
	if db.dialect == SQLite {
		err = AtPlace(db.pools.path, err)
	}
	if err == nil {
		err = db.checkServer(ctx, cfg.Filling)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", withoutPassword(err)), db.Close())
	}
	return db, nil
}

// Close closes every connection.
func (db *DB) Close() error {
	if db.pools.read == db.pools.write {
		return errors.Join(db.pools.aside.Close(), db.pools.write.Close())
	}
	// The writer last: closing the last connection folds the write-ahead log into the file.
	return errors.Join(db.pools.read.Close(), db.pools.write.Close())
}

// FoldLog puts the write-ahead log of SQLite into the file that was opened, wherever that is by now, and empties it. Closing does not do
// that for a file that was moved. It fails if somebody reads for longer than a lock is waited for.
func (db *DB) FoldLog(ctx context.Context) error {
	if db.dialect != SQLite {
		return nil
	}
	var busy, pages, folded int
	if err := db.pools.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &folded); err != nil {
		return fmt.Errorf("fold the log into the database: %w", err)
	}
	if busy != 0 {
		return errors.New("fold the log into the database: others read it")
	}
	return nil
}

// Ping returns an error if the database does not answer.
func (db *DB) Ping(ctx context.Context) error {
	ping := db.pools.read.PingContext
	if db.dialect == Postgres { // whose driver says of all that may happen, an answer that is late as well, "bad connection"
		ping = func(ctx context.Context) error {
			_, err := db.pools.read.ExecContext(ctx, "-- ping")
			return err
		}
	}
	if err := ping(ctx); err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	return nil
}

// Dialect returns the kind of database.
func (db *DB) Dialect() Dialect { return db.dialect }

// Pools returns the connection pools by name, for metrics.
func (db *DB) Pools() map[string]*sql.DB {
	if db.pools.read == db.pools.write {
		return map[string]*sql.DB{"main": db.pools.write}
	}
	return map[string]*sql.DB{"write": db.pools.write, "read": db.pools.read}
}

// Now returns the time of the database's clock in UTC, cut to microseconds, the precision both databases keep.
func (db *DB) Now() time.Time { return db.now().UTC().Truncate(time.Microsecond) }

// Vault returns the vault that hashes and encrypts for this database.
func (db *DB) Vault() *Vault { return db.vault }

// ErrTryAgain says that a transaction found out too late what it had to lock. It is run again.
var ErrTryAgain = errors.New("the transaction has to be run again")

// Attached returns what the packages above have attached to the database when it was opened.
func (db *DB) Attached() any { return db.attached }

// InTransaction reports whether db is a transaction.
func (db *DB) InTransaction() bool { return db.inTransaction }

// Total adds n to a number that lives as long as the transaction, and returns it.
func (db *DB) Total(of any, n int) int {
	db.numbers[of] += n
	return db.numbers[of]
}

// At returns the same database, or transaction, with a clock that stands at a time: for what is written down after it happened.
func (db *DB) At(at time.Time) *DB {
	other := *db
	other.now = func() time.Time { return at }
	return &other
}

// On returns the same database, or transaction, whose statements go to another session of GORM's.
func (db *DB) On(g *gorm.DB) *DB {
	other := *db
	other.gorm = g
	return &other
}

// Transaction runs fn inside one transaction and commits it, unless fn returns an error or panics: then nothing is changed. Within a
// transaction it runs fn as part of that one. PostgreSQL may refuse a transaction because of a concurrent one (deadlock, serialization
// failure, a row that is locked or gone), its connection may have ended before, and fn may fail with ErrTryAgain; it is then run again, so
// fn must not keep anything from an earlier run. Before it begins comes what is to be asked [DB.Ahead], after fn the look of a context that
// is [Guarded]. On SQLite transactions that wait for each other share a commit, unless they are [Alone]: whether fn succeeded or not,
// Transaction returns after it, and with its error if it fails.
func Transaction(ctx context.Context, db *DB, fn func(tx *DB) error) error {
	if db.inTransaction {
		part := *db
		part.part = true
		return db.refusedFirst(ctx, fn(&part))
	}
	if err := db.askFirst(ctx); err != nil {
		return err
	}
	for tries, branches := (tries{}), (&branches{}); ; {
		news, last := news{}, &looks{}
		err := transact(db.gorm.WithContext(ctx), func(g *gorm.DB) error {
			tx := *db
			tx.gorm, tx.inTransaction, tx.doubtful, tx.news = g, true, tries.doubtful, &news
			tx.tally, tx.branches, tx.numbers, tx.last = Tally{}, branches, map[any]int{}, last
			if err := branches.begin(ctx, &tx); err != nil {
				return err
			}
			if err := fn(&tx); err != nil {
				return tx.refusedFirst(ctx, err)
			}
			if err := guard(ctx, &tx); err != nil {
				return err
			}
			if err := tx.storeCounts(ctx); err != nil {
				return err
			}
			return tx.last.have(ctx, &tx)
		})
		if err == nil && news.events {
			db.committed.tell(news.endpoints)
		}
		if err == nil || ctx.Err() != nil || !tries.again(db, err) {
			return err
		}
		if taken(err) {
			branches.await()
			if err := lookAgain(ctx, db, last); err != nil {
				return err
			}
		}
	}
}

// Resulting runs fn like Transaction, and returns what it returns.
func Resulting[T any](ctx context.Context, db *DB, fn func(tx *DB) (T, error)) (result T, err error) {
	err = Transaction(ctx, db, func(tx *DB) error {
		result, err = fn(tx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}

// news is what a transaction has to tell after its commit.
type news struct {
	events    bool // something was recorded
	endpoints bool // what is sent where may have changed
}

// OnCommit makes db call tell after each transaction that recorded an event, until end is called; endpoints says whether endpoints may have
// changed. tell must not wait.
func (db *DB) OnCommit(tell func(endpoints bool)) (end func()) { return db.committed.add(tell) }

// listeners are told of commits.
type listeners struct {
	mu  sync.RWMutex
	all []*func(endpoints bool)
}

func (l *listeners) add(tell func(bool)) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, &tell)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = slices.DeleteFunc(l.all, func(one *func(bool)) bool { return one == &tell })
	}
}

func (l *listeners) tell(endpoints bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, tell := range l.all {
		(*tell)(endpoints)
	}
}

// Recorded notes what there is to tell after the commit.
func (db *DB) Recorded(endpoints bool) {
	if db.news != nil {
		db.news.events = true
		db.news.endpoints = db.news.endpoints || endpoints
	}
}

// refused reports whether PostgreSQL ended a transaction only because of a concurrent one.
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001") || taken(err)
}

// Session returns GORM bound to the context.
func (db *DB) Session(ctx context.Context) *gorm.DB { return db.gorm.WithContext(ctx) }

// Exec runs one statement and returns the number of rows it changed.
func (db *DB) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	res := db.Session(ctx).Exec(statement, args...)
	return res.RowsAffected, res.Error
}
