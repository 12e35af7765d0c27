package queue

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"roster/models"
	"roster/models/store"
)

// Attempt is one attempt at a delivery, as it is kept.
type Attempt struct {
	DeliveryID string
	Number     int
	Trigger    string
	StartedAt  time.Time
	URL        string // all of it: it is sealed when it is kept
	// RequestHeaders is a JSON array of pairs.
	RequestHeaders string
	Address        *string
	Protocol       *string
	Reused         bool
	Tries          int

	DNS, Connect, TLS, Sent, FirstByte, Total time.Duration

	Status          *int64
	Code            *string
	Detail          *string
	ResponseHeaders *string // a JSON array of pairs
	ResponseHead    []byte
	Truncated       bool
	Secrets         string // a JSON array of ids
}

// ForgetAnswer drops everything that the receiver, or its system, has put into words. What is left is made of this program's own.
func (a *Attempt) ForgetAnswer() { a.Detail, a.ResponseHeaders, a.ResponseHead = nil, nil, nil }

// Settlement is what became of a delivery after an attempt.
type Settlement struct {
	DeliveryID, WebhookID string
	OrderKey              *string
	State                 string
	RoundAttempts         int
	DueAt                 *time.Time
	FinishedAt            *time.Time
	Reason                *string
	Attempt               *Attempt
}

// LaneSettlement is the state of a lane after attempts.
type LaneSettlement struct {
	LaneRow
	Token string
	// Release gives the lane back; it then has its next turn when something is due.
	Release bool
	// NotBefore is when a lane that is given back has its next turn at the earliest: now is behind all others that wait.
	NotBefore time.Time
	// Disable disables the endpoint, for that reason.
	Disable string
	// Due is set by Settle: the lane was given back with its turn now.
	Due bool
}

// Settle writes what became of deliveries, with the attempts, and the state of their lanes, in one transaction. What belongs to a lane
// that is no longer held under its token is left out, and the lane is returned as lost: whoever holds it now decides.
func Settle(ctx context.Context, db *store.DB, deliveries []*Settlement, lanes []*LaneSettlement) (lost map[string]bool, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		kept, err := heldLanes(ctx, tx, store.Column(lanes, func(l *LaneSettlement) Holding { return Holding{l.WebhookID, l.Token} }))
		if err != nil {
			return err
		}
		lost = map[string]bool{}
		var mine []*Settlement
		var held []*LaneSettlement
		for _, l := range lanes {
			if kept[l.WebhookID] {
				held = append(held, l)
			} else {
				lost[l.WebhookID] = true
			}
		}
		for _, s := range deliveries {
			if kept[s.WebhookID] {
				mine = append(mine, s)
			}
		}
		if err := settleDeliveries(ctx, tx, mine); err != nil {
			return err
		}
		if err := advanceKeys(ctx, tx, mine); err != nil {
			return err
		}
		if err := settleLanes(ctx, tx, held); err != nil {
			return err
		}
		for _, l := range held {
			if l.Disable != "" {
				if err := models.DisableWebhook(ctx, tx, l.WebhookID, l.Disable); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("settle %d deliveries: %w", len(deliveries), err)
	}
	return lost, nil
}

// settleDeliveries writes what became of deliveries that had as many attempts as when that was decided. It is repeated when nobody knows
// whether it was committed: if it was, and somebody has begun the delivery again meanwhile, nothing of that may be undone.
func settleDeliveries(ctx context.Context, tx *store.DB, settled []*Settlement) error {
	if len(settled) == 0 {
		return nil
	}
	if err := insertAttempts(ctx, tx, settled); err != nil {
		return err
	}
	_, err := store.Rowwise{
		Doing: "update deliveries",
		Postgres: `UPDATE webhook_deliveries AS d
		SET state = u.state, attempts = u.attempts, round_attempts = u.round_attempts, due_at = u.due_at, finished_at = u.finished_at,
			last_code = u.code, last_status = u.status, last_attempt_at = u.started_at, reason = u.reason
		FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::timestamptz[], ?::timestamptz[], ?::text[], ?::bigint[], ?::timestamptz[],
			?::text[], ?::uuid[], ?::bigint[])
			AS u (state, attempts, round_attempts, due_at, finished_at, code, status, started_at, reason, id, before)
		WHERE d.id = u.id AND d.state = 'pending' AND d.attempts = u.before`,
		SQLite: `UPDATE webhook_deliveries
		SET state = ?, attempts = ?, round_attempts = ?, due_at = ?, finished_at = ?, last_code = ?, last_status = ?, last_attempt_at = ?,
			reason = ?
		WHERE id = ? AND state = 'pending' AND attempts = ?`,
	}.Run(ctx, tx,
		store.Column(settled, func(s *Settlement) string { return s.State }),
		store.Column(settled, func(s *Settlement) int64 { return int64(s.Attempt.Number) }),
		store.Column(settled, func(s *Settlement) int64 { return int64(s.RoundAttempts) }),
		store.Column(settled, func(s *Settlement) *time.Time { return s.DueAt }),
		store.Column(settled, func(s *Settlement) *time.Time { return s.FinishedAt }),
		store.Column(settled, func(s *Settlement) *string { return s.Attempt.Code }),
		store.Column(settled, func(s *Settlement) *int64 { return s.Attempt.Status }),
		store.Column(settled, func(s *Settlement) time.Time { return s.Attempt.StartedAt }),
		store.Column(settled, func(s *Settlement) *string { return s.Reason }),
		store.Column(settled, func(s *Settlement) string { return s.DeliveryID }),
		store.Column(settled, func(s *Settlement) int64 { return int64(s.Attempt.Number) - 1 }))
	return err
}

func insertAttempts(ctx context.Context, tx *store.DB, settled []*Settlement) error {
	micros := func(d func(*Attempt) time.Duration) []int64 {
		return store.Column(settled, func(s *Settlement) int64 { return d(s.Attempt).Microseconds() })
	}
	const columns = `delivery_id, number, trigger, started_at, url, address, protocol, reused, tries, dns_us, connect_us, tls_us, sent_us,
		first_byte_us, total_us, status, code, detail, response_headers, response_head, truncated, secrets, sealed_url, request_headers`
	urls := make(map[string]string, len(settled)) // what there is to be told of each
	sealed := make([][]byte, len(settled))
	for i, s := range settled {
		urls[s.Attempt.URL], sealed[i] = models.SealURL(tx.Vault(), s.WebhookID, s.Attempt.URL)
	}
	_, err := store.Rowwise{
		Doing: "insert attempts",
		Postgres: `INSERT INTO webhook_attempts (` + columns + `)
		SELECT * FROM unnest(?::uuid[], ?::bigint[], ?::text[], ?::timestamptz[], ?::text[], ?::text[], ?::text[], ?::boolean[],
			?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[],
			?::text[], ?::bytea[], ?::boolean[], ?::text[], ?::bytea[], ?::text[])
		ON CONFLICT (delivery_id, number) DO NOTHING`,
		SQLite: `INSERT INTO webhook_attempts (` + columns + `)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (delivery_id, number) DO NOTHING`,
	}.Run(ctx, tx,
		store.Column(settled, func(s *Settlement) string { return s.DeliveryID }),
		store.Column(settled, func(s *Settlement) int64 { return int64(s.Attempt.Number) }),
		store.Column(settled, func(s *Settlement) string { return s.Attempt.Trigger }),
		store.Column(settled, func(s *Settlement) time.Time { return s.Attempt.StartedAt }),
		store.Column(settled, func(s *Settlement) string { return urls[s.Attempt.URL] }),
		store.Column(settled, func(s *Settlement) *string { return s.Attempt.Address }),
		store.Column(settled, func(s *Settlement) *string { return s.Attempt.Protocol }),
		store.Column(settled, func(s *Settlement) bool { return s.Attempt.Reused }),
		store.Column(settled, func(s *Settlement) int64 { return int64(s.Attempt.Tries) }),
		micros(func(a *Attempt) time.Duration { return a.DNS }),
		micros(func(a *Attempt) time.Duration { return a.Connect }),
		micros(func(a *Attempt) time.Duration { return a.TLS }),
		micros(func(a *Attempt) time.Duration { return a.Sent }),
		micros(func(a *Attempt) time.Duration { return a.FirstByte }),
		micros(func(a *Attempt) time.Duration { return a.Total }),
		store.Column(settled, func(s *Settlement) *int64 { return s.Attempt.Status }),
		store.Column(settled, func(s *Settlement) *string { return s.Attempt.Code }),
		store.Column(settled, func(s *Settlement) *string { return s.Attempt.Detail }),
		store.Column(settled, func(s *Settlement) *string { return s.Attempt.ResponseHeaders }),
		store.Column(settled, func(s *Settlement) []byte { return s.Attempt.ResponseHead }),
		store.Column(settled, func(s *Settlement) bool { return s.Attempt.Truncated }),
		store.Column(settled, func(s *Settlement) string { return s.Attempt.Secrets }),
		sealed,
		store.Column(settled, func(s *Settlement) string { return s.Attempt.RequestHeaders }))
	return err
}

// advanceKeys lets the next delivery go of each key whose first one is finished.
func advanceKeys(ctx context.Context, tx *store.DB, settled []*Settlement) error {
	var keys []OrderKey
	for _, s := range settled {
		if s.OrderKey != nil && s.State != models.DeliveryPending {
			keys = append(keys, OrderKey{s.WebhookID, *s.OrderKey})
		}
	}
	if len(keys) == 0 {
		return nil
	}
	now := tx.Now()
	_, err := store.Rowwise{
		Doing: "let the next delivery go",
		Postgres: `UPDATE webhook_deliveries SET due_at = u.due_at
		FROM unnest(?::timestamptz[], ?::uuid[], ?::text[]) AS u (due_at, webhook_id, order_key)
		CROSS JOIN LATERAL (SELECT d.id FROM webhook_deliveries d
			WHERE d.webhook_id = u.webhook_id AND d.order_key = u.order_key AND d.state = 'pending'
			ORDER BY d.ordinal LIMIT 1) AS first
		WHERE webhook_deliveries.id = first.id AND webhook_deliveries.due_at IS NULL`,
		SQLite: `UPDATE webhook_deliveries SET due_at = ?
		WHERE due_at IS NULL AND id = (SELECT d.id FROM webhook_deliveries d
			WHERE d.webhook_id = ? AND d.order_key = ? AND d.state = 'pending'
			ORDER BY d.ordinal LIMIT 1)`,
	}.Run(ctx, tx,
		store.Column(keys, func(OrderKey) time.Time { return now }),
		store.Column(keys, func(k OrderKey) string { return k.WebhookID }),
		store.Column(keys, func(k OrderKey) string { return k.Key }))
	return err
}

// firstDue is when the first pending delivery of a lane is due. It looks for a row, not for a minimum, so that SQLite keeps the type.
const firstDue = `(SELECT d.due_at FROM webhook_deliveries d
	WHERE d.webhook_id = webhook_lanes.webhook_id AND d.state = 'pending' AND d.due_at IS NOT NULL
	ORDER BY d.due_at LIMIT 1)`

func settleLanes(ctx context.Context, tx *store.DB, lanes []*LaneSettlement) error {
	if len(lanes) == 0 {
		return nil
	}
	now := tx.Now()
	_, err := store.Rowwise{
		Doing: "update lanes",
		Postgres: `UPDATE webhook_lanes SET cap = u.cap, max_cap = u.max_cap,
			health = CASE WHEN webhook_lanes.health IN ('paused', 'disabled') THEN webhook_lanes.health ELSE u.health END, clean = u.clean,
			consecutive_failures = u.consecutive_failures, failing_since = u.failing_since, last_failure_at = u.last_failure_at,
			last_success_at = u.last_success_at, answers = u.answers, failing = u.failing, slow = u.slow, latency = u.latency,
			retry_after = u.retry_after, failed_probes = u.failed_probes, probe_at = u.probe_at
		FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::timestamptz[], ?::timestamptz[], ?::timestamptz[],
			?::bigint[], ?::float8[], ?::float8[], ?::float8[], ?::timestamptz[], ?::bigint[], ?::timestamptz[], ?::uuid[])
			AS u (cap, max_cap, health, clean, consecutive_failures, failing_since, last_failure_at, last_success_at, answers,
				failing, slow, latency, retry_after, failed_probes, probe_at, webhook_id)
		WHERE webhook_lanes.webhook_id = u.webhook_id`,
		SQLite: `UPDATE webhook_lanes SET cap = ?, max_cap = ?, health = CASE WHEN health IN ('paused', 'disabled') THEN health ELSE ? END,
			clean = ?, consecutive_failures = ?, failing_since = ?, last_failure_at = ?, last_success_at = ?, answers = ?,
			failing = ?, slow = ?, latency = ?, retry_after = ?, failed_probes = ?, probe_at = ?
		WHERE webhook_id = ?`,
	}.Run(ctx, tx,
		store.Column(lanes, func(l *LaneSettlement) int64 { return int64(l.Cap) }),
		store.Column(lanes, func(l *LaneSettlement) int64 { return int64(l.MaxCap) }),
		store.Column(lanes, func(l *LaneSettlement) string { return l.Health }),
		store.Column(lanes, func(l *LaneSettlement) int64 { return int64(l.Clean) }),
		store.Column(lanes, func(l *LaneSettlement) int64 { return int64(l.ConsecutiveFailures) }),
		store.Column(lanes, func(l *LaneSettlement) *time.Time { return l.FailingSince }),
		store.Column(lanes, func(l *LaneSettlement) *time.Time { return l.LastFailureAt }),
		store.Column(lanes, func(l *LaneSettlement) *time.Time { return l.LastSuccessAt }),
		store.Column(lanes, func(l *LaneSettlement) int64 { return int64(l.Answers) }),
		store.Column(lanes, func(l *LaneSettlement) float64 { return l.Failing }),
		store.Column(lanes, func(l *LaneSettlement) float64 { return l.Slow }),
		store.Column(lanes, func(l *LaneSettlement) float64 { return l.Latency }),
		store.Column(lanes, func(l *LaneSettlement) *time.Time { return l.RetryAfter }),
		store.Column(lanes, func(l *LaneSettlement) int64 { return int64(l.FailedProbes) }),
		store.Column(lanes, func(l *LaneSettlement) *time.Time { return l.ProbeAt }),
		store.Column(lanes, func(l *LaneSettlement) string { return l.WebhookID }))
	if err != nil {
		return err
	}
	return releaseLanes(ctx, tx, lanes, now)
}

// releaseLanes gives lanes back. The next turn is when something is due, but not while the lane is to be left alone, nor before it is
// wanted. What is due is looked for in a statement of its own, which sees whatever was inserted before the lane was locked.
func releaseLanes(ctx context.Context, tx *store.DB, lanes []*LaneSettlement, now time.Time) error {
	var ids []string
	for _, l := range lanes {
		if l.Release {
			ids = append(ids, l.WebhookID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	in, arg := tx.Among("webhook_id", ids)
	due := map[string]bool{}
	err := tx.Read(ctx, func(rows *sql.Rows) error {
		var id string
		var now bool
		err := rows.Scan(&id, &now)
		due[id] = now
		return err
	}, `UPDATE webhook_lanes SET lease_token = NULL, lease_until = NULL,
		next_turn_at = CASE WHEN health IN ('ok', 'probation') AND `+firstDue+` IS NOT NULL THEN `+latestTurn(tx, firstDue)+` END
		WHERE `+in+` RETURNING webhook_id, COALESCE(next_turn_at <= ?, false)`, arg, now)
	if err != nil {
		return fmt.Errorf("release lanes: %w", err)
	}
	var later []*LaneSettlement
	for _, l := range lanes {
		l.Due = due[l.WebhookID]
		if l.Release && !l.NotBefore.IsZero() {
			later = append(later, l)
		}
	}
	if len(later) == 0 {
		return nil
	}
	turns := store.Column(later, func(l *LaneSettlement) time.Time { return l.NotBefore })
	_, err = store.Rowwise{
		Doing: "let lanes wait for their turn",
		Postgres: `UPDATE webhook_lanes SET next_turn_at = u.turn
		FROM unnest(?::timestamptz[], ?::uuid[], ?::timestamptz[]) AS u (turn, webhook_id, before)
		WHERE webhook_lanes.webhook_id = u.webhook_id AND webhook_lanes.next_turn_at < u.before`,
		SQLite: `UPDATE webhook_lanes SET next_turn_at = ? WHERE webhook_id = ? AND next_turn_at < ?`,
	}.Run(ctx, tx, turns, store.Column(later, func(l *LaneSettlement) string { return l.WebhookID }), turns)
	return err
}
