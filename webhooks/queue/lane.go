package queue

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"roster/models"
	"roster/models/store"
)

// LockLanes reads lanes and keeps others from changing them until the transaction ends. They are locked in one order.
func LockLanes(ctx context.Context, tx *store.DB, webhooks []string) (lanes []*LaneRow, err error) {
	if err := tx.Ask(ctx, LockingLanes(tx, webhooks, &lanes)); err != nil {
		return nil, fmt.Errorf("lock lanes: %w", err)
	}
	return lanes, nil
}

// LockingLanes is LockLanes as a query, for what is asked together with others.
func LockingLanes(tx *store.DB, webhooks []string, into *[]*LaneRow) store.Query {
	in, arg := tx.Among("webhook_id", webhooks)
	return store.Query{
		SQL:  `SELECT ` + laneColumns + ` FROM webhook_lanes WHERE ` + in + ` ORDER BY webhook_id` + tx.Locking(""),
		Args: []any{arg}, Take: takeLanes(into),
	}
}

// Lease is the right to serve lanes until a time. Its token is in every row that it covers, and every write of a holder asks for it.
type Lease struct {
	Token string
	Until time.Time
}

// The standings of lanes that may have a turn: their health, but for those in good health that were never answered.
const (
	Proven   = models.HealthOK
	Newcomer = "newcomer"
	Doubted  = models.HealthProbation
)

// laneStanding is the standing of a lane. The index of turns begins with it.
const laneStanding = `(CASE WHEN health = '` + models.HealthOK + `' AND answers = 0 THEN '` + Newcomer + `' ELSE health END)`

// Lanes of endpoints that are active have turns; the health of the others is the status of their endpoint.
const (
	isActive   = `webhook_lanes.health IN ('` + models.HealthOK + `', '` + models.HealthProbation + `')`
	isInactive = `webhook_lanes.health IN ('` + models.WebhookPaused + `', '` + models.WebhookDisabled + `')`
)

// LaneSearch is which lanes to look for.
type LaneSearch struct {
	Standing string
	Except   []string // organizations whose lanes are not wanted
	Limit    int
}

// WaitingLane is a lane whose turn it is.
type WaitingLane struct{ Standing, WebhookID, OrganizationID string }

// FindWaitingLanes returns lanes whose turn it is, of each search the longest waiting first. It locks none.
func FindWaitingLanes(ctx context.Context, db *store.DB, searches []LaneSearch) ([]WaitingLane, error) {
	var parts []string
	var args []any
	for _, s := range searches {
		where := laneStanding + ` = ? AND next_turn_at <= ?`
		args = append(args, s.Standing, db.Now())
		if len(s.Except) > 0 {
			in, arg := db.Among("organization_id", s.Except)
			where, args = where+` AND NOT (`+in+`)`, append(args, arg)
		}
		parts = append(parts, `SELECT * FROM (SELECT `+laneStanding+` AS standing, webhook_id, organization_id FROM webhook_lanes
			WHERE `+where+`
			ORDER BY next_turn_at LIMIT ?) AS part`)
		args = append(args, s.Limit)
	}
	var found []WaitingLane
	err := db.Read(ctx, func(rows *sql.Rows) error {
		var l WaitingLane
		err := rows.Scan(&l.Standing, &l.WebhookID, &l.OrganizationID)
		found = append(found, l)
		return err
	}, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, fmt.Errorf("find lanes whose turn it is: %w", err)
	}
	return found, nil
}

// ClaimLanes leases those of some lanes whose turn it still is, and that nobody else is about to lease or to write.
func ClaimLanes(ctx context.Context, tx *store.DB, lease Lease, webhooks []string) ([]*LaneRow, error) {
	in, arg := tx.Among("webhook_id", webhooks)
	var lanes []*LaneRow
	err := tx.Ask(ctx, store.Query{
		SQL: `SELECT ` + laneColumns + ` FROM webhook_lanes
			WHERE next_turn_at <= ? AND ` + isActive + ` AND ` + in + `
			ORDER BY next_turn_at` + tx.Locking(" SKIP LOCKED"),
		Args: []any{tx.Now(), arg}, Take: takeLanes(&lanes),
	})
	if err != nil {
		return nil, fmt.Errorf("claim lanes: %w", err)
	}
	if len(lanes) == 0 {
		return nil, nil
	}
	for _, l := range lanes {
		l.LeaseToken, l.LeaseUntil = &lease.Token, &lease.Until
	}
	return lanes, LeaseLanes(ctx, tx, lease, store.Column(lanes, func(l *LaneRow) string { return l.WebhookID }))
}

// LeaseLanes leases lanes that the transaction has locked.
func LeaseLanes(ctx context.Context, tx *store.DB, lease Lease, webhooks []string) error {
	in, arg := tx.Among("webhook_id", webhooks)
	return tx.Later(ctx, "lease lanes", `UPDATE webhook_lanes SET lease_token = ?, lease_until = ?, next_turn_at = ? WHERE `+in,
		lease.Token, lease.Until, lease.Until, arg)
}

// EndLeases gives every lane a turn that is leased until later than a time, whoever holds it. The start of the only program on an SQLite
// file takes all of them: whatever it held before, it does not know of any more.
func EndLeases(ctx context.Context, db *store.DB, after time.Time) error {
	err := store.Transaction(ctx, db, func(tx *store.DB) error {
		_, err := tx.Run(ctx, `UPDATE webhook_lanes SET lease_token = NULL, lease_until = NULL, next_turn_at = ?
			WHERE lease_token IS NOT NULL AND lease_until > ?`, tx.Now(), after)
		return err
	})
	if err != nil {
		return fmt.Errorf("end leases: %w", err)
	}
	return nil
}

// WakeLanes gives lanes that the transaction has locked, and that nobody serves, a turn now, or when they are no longer to be left alone.
func WakeLanes(ctx context.Context, tx *store.DB, webhooks []string) error {
	now := tx.Now()
	in, arg := tx.Among("webhook_id", webhooks)
	return tx.Later(ctx, "wake lanes", `UPDATE webhook_lanes SET next_turn_at = `+latestTurn(tx, "?")+`
		WHERE lease_token IS NULL AND `+isActive+`
		AND (next_turn_at IS NULL OR next_turn_at > ?) AND `+in, now, now, arg)
}

// latestTurn returns the expression of the latest of a time and those until which a lane is to be left alone; NULL only on SQLite, if the
// time is.
func latestTurn(db *store.DB, at string) string {
	if db.Dialect() == store.SQLite {
		return "MAX(" + at + ", COALESCE(retry_after, 0), COALESCE(probe_at, 0))"
	}
	return "GREATEST(" + at + "::timestamptz, retry_after, probe_at)"
}

// Holding is a lane with the token under which it is held.
type Holding struct{ WebhookID, Token string }

// RenewLanes extends leases and returns the lanes that are still held.
func RenewLanes(ctx context.Context, db *store.DB, held []Holding, until time.Time) (kept map[string]bool, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		if kept, err = heldLanes(ctx, tx, held); err != nil {
			return err
		}
		in, arg := tx.Among("webhook_id", slices.Sorted(maps.Keys(kept)))
		return tx.Later(ctx, "renew", `UPDATE webhook_lanes SET lease_until = ?, next_turn_at = ? WHERE `+in, until, until, arg)
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	return kept, nil
}

// heldLanes locks lanes and returns those that are held under the given tokens. Until the transaction ends nobody can take them over.
func heldLanes(ctx context.Context, tx *store.DB, held []Holding) (map[string]bool, error) {
	tokens := make(map[string]string, len(held))
	for _, h := range held {
		tokens[h.WebhookID] = h.Token
	}
	in, arg := tx.Among("webhook_id", slices.Sorted(maps.Keys(tokens)))
	kept := make(map[string]bool, len(tokens))
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var id string
		var token *string
		if err := rows.Scan(&id, &token); err != nil {
			return err
		}
		if token != nil && *token == tokens[id] {
			kept[id] = true
		}
		return nil
	}, `SELECT webhook_id, lease_token FROM webhook_lanes WHERE `+in+` ORDER BY webhook_id`+tx.Locking(""), arg)
	if err != nil {
		return nil, fmt.Errorf("look at leases: %w", err)
	}
	return kept, nil
}

// DueDelivery is a delivery that can be sent.
type DueDelivery struct {
	ID            string
	EventID       string
	WebhookID     string
	Owner         string // the organization of the endpoint
	EventType     string
	OrderKey      *string
	Trigger       string
	Attempts      int
	RoundAttempts int
	DueAt         time.Time
	CreatedAt     time.Time
	ReplayID      *string // the replay that began it last
	BodySize      int     // in bytes; see FindPayloads
}

// DueSearch is how much to look for in a lane that is held under a token.
type DueSearch struct {
	Holding
	Limit int
}

// Message returns the name of what is sent.
func (d *DueDelivery) Message() models.MessageKey {
	return models.MessageKey{EventID: d.EventID, Owner: d.Owner}
}

// FindDue returns due deliveries of lanes that are held under the tokens given, up to the limit of each. It marks nothing: the lease does.
func FindDue(ctx context.Context, db *store.DB, searches []DueSearch) ([]*DueDelivery, error) {
	var due []*DueDelivery
	scan := func(rows *sql.Rows) error {
		d := &DueDelivery{}
		due = append(due, d)
		return rows.Scan(&d.ID, &d.EventID, &d.WebhookID, &d.Owner, &d.EventType, &d.OrderKey, &d.Trigger, &d.Attempts, &d.RoundAttempts,
			&d.DueAt, &d.CreatedAt, &d.ReplayID, &d.BodySize)
	}
	const columns = `d.id, d.event_id, d.webhook_id, d.organization_id, d.event_type, o.order_key, o.trigger, o.attempts,
		o.round_attempts, o.due_at, d.created_at, o.job_id, length(m.body)`
	const open = `SELECT w.* FROM webhook_open w WHERE w.state = 'pending' AND w.due_at <= ? AND w.webhook_id = `
	const inOrder = ` ORDER BY w.due_at, w.delivery_id`
	const rest = `
			JOIN webhook_dispatches d ON d.id = o.delivery_id
			JOIN webhook_messages m ON m.event_id = d.event_id AND m.organization_id = d.organization_id
			ORDER BY o.due_at, o.delivery_id`
	var err error
	if db.Dialect() == store.Postgres {
		err = store.Transaction(ctx, db, func(tx *store.DB) error {
			due = nil
			if err := tx.ByIndex(ctx); err != nil {
				return err
			}
			return tx.Read(ctx, scan, `SELECT `+columns+`
				FROM unnest(?::uuid[], ?::uuid[], ?::bigint[]) AS s (id, token, n)
				JOIN webhook_lanes l ON l.webhook_id = s.id AND l.lease_token = s.token
				CROSS JOIN LATERAL (`+open+`l.webhook_id`+inOrder+` LIMIT s.n) AS o`+rest,
				store.Column(searches, func(s DueSearch) string { return s.WebhookID }),
				store.Column(searches, func(s DueSearch) string { return s.Token }),
				store.Column(searches, func(s DueSearch) int64 { return int64(s.Limit) }), tx.Now())
		})
	} else {
		for _, s := range searches {
			err = db.Read(ctx, scan, `SELECT `+columns+`
				FROM (`+open+`(SELECT webhook_id FROM webhook_lanes WHERE webhook_id = ? AND lease_token = ?)`+inOrder+`
					LIMIT ?) AS o`+rest, db.Now(), s.WebhookID, s.Token, s.Limit)
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("find due deliveries: %w", err)
	}
	return due, nil
}
