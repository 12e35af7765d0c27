package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"roster/jsonapi"
	"roster/models/store"
)

// An event goes to those who are above its organization at its position, and tells them what they see there. The fan-out comes later, and
// branches may have moved by then. So a move is kept while the queue has events from before it, and for these it is undone
// (docs/adr/0074).

// presently is the position of what happens now. So far it is that of a move whose event has no number yet.
const presently = math.MaxInt64

// branchMove is a move of a branch.
type branchMove struct {
	ordinal  int64           // of its event, in the queue
	position int64           // of its event
	head     string          // of the branch
	above    jsonapi.Strings // the ancestors that the head had, nearest first
}

// lineage is who is above organizations, and who was.
type lineage struct {
	now   map[string][]string // by organization: itself and its ancestors, nearest first
	moves []branchMove        // in their order
	of    map[string][]int    // by head of a branch: its moves, as indexes
}

// at returns an organization and its ancestors at a position, nearest first; nothing for one that is not known. It goes up the line: the
// first move of a head after the position tells who was above it right before that move, and then only earlier moves are to be undone.
func (l *lineage) at(position int64, id string) []string {
	line := l.now[id]
	from, to := l.after(position), len(l.moves)
	for i := 0; i < len(line) && from < to; i++ {
		moves := l.of[line[i]]
		if next, _ := slices.BinarySearch(moves, from); next < len(moves) && moves[next] < to {
			to = moves[next]
			line = append(slices.Clip(line[:i+1]), l.moves[to].above...)
		}
	}
	return line
}

// after returns the index of the first move after a position.
func (l *lineage) after(position int64) int {
	return sort.Search(len(l.moves), func(i int) bool { return l.moves[i].position > position })
}

// moved reports whether an event tells of a move.
func (l *lineage) moved(e *QueuedEvent) bool {
	i := l.after(e.Position) - 1
	return i >= 0 && l.moves[i].ordinal == e.Ordinal
}

// add takes in moves, in any order.
func (l *lineage) add(moves []branchMove) {
	// Moves of one branch have the locks of its trees alone, so that their ordinals are in their order, too.
	slices.SortFunc(moves, func(a, b branchMove) int {
		return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.ordinal, b.ordinal))
	})
	l.moves, l.of = moves, map[string][]int{}
	for i, m := range moves {
		l.of[m.head] = append(l.of[m.head], i)
	}
}

// readLineage reads who is above organizations, and the moves that are kept; along is asked in the same round trip, behind it.
func readLineage(ctx context.Context, tx *store.DB, organizations []string, along ...store.Query) (*lineage, error) {
	l := &lineage{}
	if err := tx.Ask(ctx, append([]store.Query{l.query(organizations)}, along...)...); err != nil {
		return nil, fmt.Errorf("read lineage: %w", err)
	}
	return l, nil
}

// query asks for the lineage of organizations. It is one statement: between two a move could commit.
func (l *lineage) query(organizations []string) store.Query {
	return store.Query{
		SQL: `SELECT descendant_id, distance, ancestor_id, NULL, NULL FROM organization_paths WHERE descendant_id IN ?
			UNION ALL
			SELECT m.organization_id, m.ordinal, NULL, p.position, m.ancestors FROM branch_moves m
			LEFT JOIN event_positions p ON p.event_id = m.event_id`,
		Args: []any{organizations},
		Take: l.take,
	}
}

// take reads the answer to the query.
func (l *lineage) take(a *store.Answer) error {
	l.now = map[string][]string{}
	var moves []branchMove
	for i := range a.Len() {
		id, n := a.Text(i, 0), a.Number(i, 1)
		if ancestor := a.Text(i, 2); ancestor != "" {
			for int64(len(l.now[id])) <= n {
				l.now[id] = append(l.now[id], "")
			}
			l.now[id][n] = ancestor
			continue
		}
		m := branchMove{ordinal: n, position: presently, head: id}
		if err := errors.Join(a.Into(i, 3, &m.position), a.Into(i, 4, &m.above)); err != nil {
			return err
		}
		moves = append(moves, m)
	}
	l.add(moves)
	return nil
}

// keepMove keeps a move whose event is in the queue.
func keepMove(ctx context.Context, tx *store.DB, m branchMove, event string) error {
	return tx.Later(ctx, "keep move", `INSERT INTO branch_moves (ordinal, event_id, organization_id, ancestors) VALUES (?, ?, ?, ?)`,
		m.ordinal, event, m.head, m.above)
}

// forgetMoves removes the moves that no event in the queue is older than.
func forgetMoves(ctx context.Context, tx *store.DB) error {
	_, err := tx.Run(ctx, `DELETE FROM branch_moves WHERE event_id IN (
		SELECT p.event_id FROM branch_moves m JOIN event_positions p ON p.event_id = m.event_id
		WHERE p.position < COALESCE((SELECT MIN(position) FROM event_queue WHERE position IS NOT NULL), ?))`, int64(presently))
	if err != nil {
		return fmt.Errorf("forget moves: %w", err)
	}
	return nil
}
