package store

import (
	"context"
	"database/sql"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxPrepared is how many statements are kept for an SQLite database. Clients can make statements without end, by filters and fieldsets.
const maxPrepared = 256

// prepared are the statements that the readers of an SQLite database ran last. Preparing one costs more than reading a row by it.
type prepared struct {
	pool  *sql.DB
	mu    sync.Mutex
	bySQL *simplelru.LRU[string, *preparedStatement]
}

// preparedStatement is closed by whoever is the last to use it, once it is not kept any more.
type preparedStatement struct {
	*sql.Stmt
	users int // who keeps it, too
}

func newPrepared(pool *sql.DB) *prepared {
	p := &prepared{pool: pool}
	p.bySQL, _ = simplelru.NewLRU(maxPrepared, func(_ string, s *preparedStatement) { p.drop(s) }) // fails for sizes below 1
	return p
}

// ask runs one query.
func (p *prepared) ask(ctx context.Context, a *asked) error {
	s, err := p.take(ctx, a.sql)
	if err != nil {
		return err
	}
	defer p.giveBack(s)
	rows, err := s.QueryContext(ctx, a.args...)
	if err != nil {
		return err
	}
	a.answer, err = answerOf(rows)
	return err
}

// take returns a statement to use until it is given back.
func (p *prepared) take(ctx context.Context, sql string) (*preparedStatement, error) {
	if s := p.kept(sql); s != nil {
		return s, nil
	}
	stmt, err := p.pool.PrepareContext(ctx, sql)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &preparedStatement{stmt, 2}
	if before, ok := p.bySQL.Peek(sql); ok { // somebody else was as quick
		p.drop(before)
	}
	p.bySQL.Add(sql, s)
	return s, nil
}

func (p *prepared) kept(sql string) *preparedStatement {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.bySQL.Get(sql)
	if !ok {
		return nil
	}
	s.users++
	return s
}

func (p *prepared) giveBack(s *preparedStatement) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(s)
}

// drop makes a statement have one user less. The caller has locked.
func (p *prepared) drop(s *preparedStatement) {
	if s.users--; s.users == 0 {
		_ = s.Close() // it only reads
	}
}

// close closes all that nobody uses.
func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bySQL.Purge()
}
