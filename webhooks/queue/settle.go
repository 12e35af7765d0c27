package queue

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"roster/models"
	"roster/models/store"
)

// Attempt is one attempt at a delivery, as it is kept.
type Attempt struct {
	Number    int
	Trigger   string
	StartedAt time.Time
	URL       string // all of it: it is sealed when it is kept
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
	ReplayID              *string // that began it
	RoundAttempts         int
	DueAt                 *time.Time
	FinishedAt            *time.Time
	Reason                *string
	Attempt               *Attempt
	// OurFault: the receiver had no part in what became of the attempt, which is not counted for it or against it.
	OurFault bool
}

// LaneSettlement is the state of a lane after attempts.
type LaneSettlement struct {
	Holding
	State LaneState
	// Release gives the lane back; it then has its next turn when something is due.
	Release bool
	// NotBefore is when a lane that is given back has its next turn at the earliest: now is behind all others that wait.
	NotBefore time.Time
	// Disable disables the endpoint, for that reason.
	Disable string
	// Signings are those that are to be noted, see models.SecretUseSpan.
	Signings []Signing
	// Due is set by Settle: the lane was given back with its turn now.
	Due bool
}

// Settle writes what became of deliveries, with the attempts, and the state of their lanes, in one transaction. What belongs to a lane
// that is no longer held under its token is left out, and the lane is returned as lost: whoever holds it now decides.
func Settle(ctx context.Context, db *store.DB, deliveries []*Settlement, lanes []*LaneSettlement) (lost map[string]bool, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		if err := tx.ByIndex(ctx); err != nil {
			return err
		}
		if mayBeRepeated(deliveries, lanes) {
			if err := tx.Unflushed(ctx); err != nil {
				return err
			}
		}
		kept, err := heldLanes(ctx, tx, store.Column(lanes, func(l *LaneSettlement) Holding { return l.Holding }))
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
		var finished []OrderKey
		for _, s := range deliveries {
			if kept[s.WebhookID] {
				mine = append(mine, s)
				if s.OrderKey != nil && s.State != models.DeliveryPending {
					finished = append(finished, OrderKey{s.WebhookID, *s.OrderKey})
				}
			}
		}
		if err := settleDeliveries(ctx, tx, mine); err != nil {
			return err
		}
		if err := advanceKeys(ctx, tx, finished); err != nil {
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

// mayBeRepeated tells whether nobody is deceived if what is written is lost with the database's machine, and sent again: no endpoint is
// disabled, and none asks for an order in which an earlier event would come behind a later one.
func mayBeRepeated(deliveries []*Settlement, lanes []*LaneSettlement) bool {
	return !slices.ContainsFunc(lanes, func(l *LaneSettlement) bool { return l.Disable != "" }) &&
		!slices.ContainsFunc(deliveries, func(s *Settlement) bool { return s.OrderKey != nil })
}

// settleDeliveries writes what became of deliveries that had as many attempts as when that was decided. It is repeated when nobody knows
// whether it was committed: if it was, and somebody has begun the delivery again meanwhile, nothing of that may be undone.
func settleDeliveries(ctx context.Context, tx *store.DB, settled []*Settlement) error {
	attempts := store.Column(settled, func(s *Settlement) *keptAttempt {
		origin, sealed := models.SealURL(tx.Vault(), s.WebhookID, s.Attempt.URL)
		return &keptAttempt{s.Attempt, s.DeliveryID, origin, sealed}
	})
	if err := addTallies.Later(ctx, tx, talliesOf(settled)); err != nil {
		return err
	}
	if err := insertAttempts.Later(ctx, tx, attempts); err != nil {
		return err
	}
	var done, other []*Settlement
	for _, s := range settled {
		if s.State == models.DeliverySucceeded && s.ReplayID == nil {
			done = append(done, s)
		} else {
			other = append(other, s)
		}
	}
	if err := closeDeliveries.Later(ctx, tx, done); err != nil {
		return err
	}
	return updateOpen.Later(ctx, tx, other)
}

// isOpen is the condition of deliveries that had as many attempts as when what became of them was decided. One is pending for as long as it
// is not finished. To say so by its state would offer the indexes of those that are pending, all of which is read for one row if they were
// small when the statement was planned.
const isOpen = `webhook_open.finished_at IS NULL AND webhook_open.attempts = u.attempts - 1`

// closeDeliveries makes deliveries those that have simply succeeded, which their attempts tell.
var closeDeliveries = store.ForRows("close deliveries",
	`DELETE FROM webhook_open USING ROWS WHERE webhook_open.delivery_id = u.delivery_id AND `+isOpen,
	`DELETE FROM webhook_open WHERE webhook_open.delivery_id = u.delivery_id AND `+isOpen,
	store.Col("delivery_id", "uuid", func(s *Settlement) string { return s.DeliveryID }),
	store.Col("attempts", "bigint", func(s *Settlement) int { return s.Attempt.Number }),
)

var updateOpen = store.UpdateRows("update deliveries", "webhook_open", isOpen,
	store.Col("delivery_id", "uuid", func(s *Settlement) string { return s.DeliveryID }).Key(),
	store.Col("state", "text", func(s *Settlement) string { return s.State }),
	store.Col("attempts", "bigint", func(s *Settlement) int { return s.Attempt.Number }),
	store.Col("round_attempts", "bigint", func(s *Settlement) int { return s.RoundAttempts }),
	store.Col("due_at", "timestamptz", func(s *Settlement) *time.Time { return s.DueAt }),
	store.Col("finished_at", "timestamptz", func(s *Settlement) *time.Time { return s.FinishedAt }),
	store.Col("reason", "text", func(s *Settlement) *string { return s.Reason }),
)

// keptAttempt is an attempt at a delivery, with the forms in which its URL is kept.
type keptAttempt struct {
	*Attempt
	deliveryID string
	origin     string
	sealedURL  []byte
}

var insertAttempts = store.InsertRows("insert attempts", "webhook_attempts", `ON CONFLICT (delivery_id, number) DO NOTHING`,
	store.Col("delivery_id", "uuid", func(a *keptAttempt) string { return a.deliveryID }),
	store.Col("number", "bigint", func(a *keptAttempt) int { return a.Number }),
	store.Col("trigger", "text", func(a *keptAttempt) string { return a.Trigger }),
	store.Col("started_at", "timestamptz", func(a *keptAttempt) time.Time { return a.StartedAt }),
	store.Col("url", "text", func(a *keptAttempt) string { return a.origin }),
	store.Col("address", "text", func(a *keptAttempt) *string { return a.Address }),
	store.Col("protocol", "text", func(a *keptAttempt) *string { return a.Protocol }),
	store.Col("reused", "boolean", func(a *keptAttempt) bool { return a.Reused }),
	store.Col("tries", "bigint", func(a *keptAttempt) int { return a.Tries }),
	store.Col("dns_us", "bigint", func(a *keptAttempt) int64 { return a.DNS.Microseconds() }),
	store.Col("connect_us", "bigint", func(a *keptAttempt) int64 { return a.Connect.Microseconds() }),
	store.Col("tls_us", "bigint", func(a *keptAttempt) int64 { return a.TLS.Microseconds() }),
	store.Col("sent_us", "bigint", func(a *keptAttempt) int64 { return a.Sent.Microseconds() }),
	store.Col("first_byte_us", "bigint", func(a *keptAttempt) int64 { return a.FirstByte.Microseconds() }),
	store.Col("total_us", "bigint", func(a *keptAttempt) int64 { return a.Total.Microseconds() }),
	store.Col("status", "bigint", func(a *keptAttempt) *int64 { return a.Status }),
	store.Col("code", "text", func(a *keptAttempt) *string { return a.Code }),
	store.Col("detail", "text", func(a *keptAttempt) *string { return a.Detail }),
	store.Col("response_headers", "text", func(a *keptAttempt) *string { return a.ResponseHeaders }),
	store.Col("response_head", "bytea", func(a *keptAttempt) []byte { return a.ResponseHead }),
	store.Col("truncated", "boolean", func(a *keptAttempt) bool { return a.Truncated }),
	store.Col("secrets", "text", func(a *keptAttempt) string { return a.Secrets }),
	store.Col("sealed_url", "bytea", func(a *keptAttempt) []byte { return a.sealedURL }),
	store.Col("request_headers", "text", func(a *keptAttempt) string { return a.RequestHeaders }),
)

// advanceKeys lets the next delivery go of each key whose first one is finished.
func advanceKeys(ctx context.Context, tx *store.DB, keys []OrderKey) error {
	now := tx.Now()
	return letNextGo.Later(ctx, tx, store.Column(keys, func(k OrderKey) advance { return advance{k, now} }))
}

// advance gives the next delivery of a key the time at which it is due.
type advance struct {
	OrderKey
	dueAt time.Time
}

var letNextGo = store.ForRows("let the next delivery go",
	`UPDATE webhook_open SET due_at = u.due_at
	FROM ROWS
	CROSS JOIN LATERAL (SELECT o.delivery_id FROM webhook_open o
		WHERE o.webhook_id = u.webhook_id AND o.order_key = u.order_key AND o.state = 'pending'
		ORDER BY o.ordinal LIMIT 1) AS first
	WHERE webhook_open.delivery_id = first.delivery_id AND webhook_open.due_at IS NULL`,
	`UPDATE webhook_open SET due_at = u.due_at
	WHERE due_at IS NULL AND delivery_id = (SELECT o.delivery_id FROM webhook_open o
		WHERE o.webhook_id = u.webhook_id AND o.order_key = u.order_key AND o.state = 'pending'
		ORDER BY o.ordinal LIMIT 1)`,
	store.Col("due_at", "timestamptz", func(a advance) time.Time { return a.dueAt }),
	store.Col("webhook_id", "uuid", func(a advance) string { return a.WebhookID }),
	store.Col("order_key", "text", func(a advance) string { return a.Key }),
)

// firstDue is when the first pending delivery of a lane is due. It looks for a row, not for a minimum, so that SQLite keeps the type.
const firstDue = `(SELECT o.due_at FROM webhook_open o
	WHERE o.webhook_id = webhook_lanes.webhook_id AND o.state = 'pending' AND o.due_at IS NOT NULL
	ORDER BY o.due_at LIMIT 1)`

var updateLanes = store.UpdateRows("update lanes", "webhook_lanes", "", append(
	store.Column(stateColumns, func(c stateColumn) store.RowColumn[*LaneSettlement] { return c.written }),
	store.Col("webhook_id", "uuid", func(l *LaneSettlement) string { return l.WebhookID }).Key(),
)...)

func settleLanes(ctx context.Context, tx *store.DB, lanes []*LaneSettlement) error {
	if err := updateLanes.Later(ctx, tx, lanes); err != nil {
		return err
	}
	if err := settleSignings(ctx, tx, lanes); err != nil {
		return err
	}
	return releaseLanes(ctx, tx, lanes)
}

// releaseLanes gives lanes back. The next turn is when something is due, but not while the lane is to be left alone, nor before it is
// wanted. What is due is looked for in a statement of its own, which sees whatever was inserted before the lane was locked.
func releaseLanes(ctx context.Context, tx *store.DB, lanes []*LaneSettlement) error {
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
		next_turn_at = CASE WHEN `+isActive+` AND `+firstDue+` IS NOT NULL THEN `+latestTurn(tx, firstDue)+` END
		WHERE `+in+` RETURNING webhook_id, COALESCE(next_turn_at <= ?, false)`, arg, tx.Now())
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
	return postponeTurns.Later(ctx, tx, later)
}

var postponeTurns = store.UpdateRows("let lanes wait for their turn", "webhook_lanes",
	`webhook_lanes.next_turn_at < u.next_turn_at`,
	store.Col("webhook_id", "uuid", func(l *LaneSettlement) string { return l.WebhookID }).Key(),
	store.Col("next_turn_at", "timestamptz", func(l *LaneSettlement) time.Time { return l.NotBefore }),
)
