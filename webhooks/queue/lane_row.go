package queue

import (
	"database/sql"
	"strings"
	"time"

	"roster/models/store"
)

// LaneRow is a lane as the database has it: its turn, its lease, and the state that decides how it is served.
type LaneRow struct {
	WebhookID      string
	OrganizationID string
	NextTurnAt     *time.Time
	LeaseToken     *string
	LeaseUntil     *time.Time
	LaneState
}

// Holding returns what a lane that is leased is held under.
func (l *LaneRow) Holding() Holding { return Holding{l.WebhookID, *l.LeaseToken} }

// LaneState is the state of an endpoint that decides how it is served. A zero time is NULL.
type LaneState struct {
	Cap, MaxCap         int // attempts at once, now and at most
	Health              string
	Clean               int // quick successes in a row
	ConsecutiveFailures int
	FailingSince        time.Time `gorm:"default:null"` // first failure since the last success; zero when there is none
	LastFailureAt       time.Time `gorm:"default:null"`
	LastSuccessAt       time.Time `gorm:"default:null"`
	Answers             int       // since the breaker last closed
	Failing             float64   // share of failures among recent answers
	Slow                float64   // share of slow successes among recent successes
	Latency             float64   // milliseconds of recent successes
	RetryAfter          time.Time `gorm:"default:null"` // until then the receiver asked to be left alone, or cannot be sent anything
	FailedProbes        int       // more than zero: the breaker is open
	ProbeAt             time.Time `gorm:"default:null"` // until then the open breaker lets nothing through
}

// stateColumn is a column of LaneState: how it is read, and how it is written.
type stateColumn struct {
	name    string
	read    func(*LaneState) any // what to scan it into
	written store.RowColumn[*LaneSettlement]
}

func inState[V any](name, dataType string, field func(*LaneState) *V) stateColumn {
	return stateColumn{
		name:    name,
		read:    func(l *LaneState) any { return field(l) },
		written: store.Col(name, dataType, func(l *LaneSettlement) V { return *field(&l.State) }),
	}
}

func timeInState(name string, field func(*LaneState) *time.Time) stateColumn {
	return stateColumn{
		name: name,
		read: func(l *LaneState) any { return (*zeroOrTime)(field(l)) },
		written: store.Col(name, "timestamptz", func(l *LaneSettlement) *time.Time {
			if at := field(&l.State); !at.IsZero() {
				return at
			}
			return nil
		}),
	}
}

// as makes the column be written as an expression, see store.RowColumn.As.
func (c stateColumn) as(expression string) stateColumn {
	c.written = c.written.As(expression)
	return c
}

// zeroOrTime is a time that is zero for NULL.
type zeroOrTime time.Time

// Scan implements sql.Scanner.
func (t *zeroOrTime) Scan(value any) error {
	var at sql.NullTime
	err := at.Scan(value)
	*t = zeroOrTime(at.Time)
	return err
}

// stateColumns are the columns of LaneState.
var stateColumns = []stateColumn{
	inState("cap", "bigint", func(l *LaneState) *int { return &l.Cap }),
	inState("max_cap", "bigint", func(l *LaneState) *int { return &l.MaxCap }),
	inState("health", "text", func(l *LaneState) *string { return &l.Health }).as(
		`CASE WHEN ` + isInactive + ` THEN webhook_lanes.health ELSE u.health END`), // which others write
	inState("clean", "bigint", func(l *LaneState) *int { return &l.Clean }),
	inState("consecutive_failures", "bigint", func(l *LaneState) *int { return &l.ConsecutiveFailures }),
	timeInState("failing_since", func(l *LaneState) *time.Time { return &l.FailingSince }),
	timeInState("last_failure_at", func(l *LaneState) *time.Time { return &l.LastFailureAt }),
	timeInState("last_success_at", func(l *LaneState) *time.Time { return &l.LastSuccessAt }),
	inState("answers", "bigint", func(l *LaneState) *int { return &l.Answers }),
	inState("failing", "float8", func(l *LaneState) *float64 { return &l.Failing }),
	inState("slow", "float8", func(l *LaneState) *float64 { return &l.Slow }),
	inState("latency", "float8", func(l *LaneState) *float64 { return &l.Latency }),
	timeInState("retry_after", func(l *LaneState) *time.Time { return &l.RetryAfter }),
	inState("failed_probes", "bigint", func(l *LaneState) *int { return &l.FailedProbes }),
	timeInState("probe_at", func(l *LaneState) *time.Time { return &l.ProbeAt }),
}

// laneColumns are the columns that takeLanes reads.
var laneColumns = `webhook_id, organization_id, next_turn_at, lease_token, lease_until, ` +
	strings.Join(store.Column(stateColumns, func(c stateColumn) string { return c.name }), ", ")

// takeLanes returns what reads lanes from an answer.
func takeLanes(into *[]*LaneRow) func(*store.Answer) error {
	return func(a *store.Answer) error {
		*into = nil
		for i := range a.Len() {
			l := &LaneRow{WebhookID: strings.Clone(a.Text(i, 0)), OrganizationID: strings.Clone(a.Text(i, 1))}
			l.NextTurnAt, l.LeaseToken, l.LeaseUntil = new(time.Time), new(string), new(time.Time)
			read := []any{l.NextTurnAt, l.LeaseToken, l.LeaseUntil}
			for _, c := range stateColumns {
				read = append(read, c.read(&l.LaneState))
			}
			for n, pointer := range read {
				if small, ok := pointer.(*int); ok {
					*small = int(a.Number(i, n+2))
				} else if err := a.Into(i, n+2, pointer); err != nil {
					return err
				}
			}
			if a.Null(i, 2) {
				l.NextTurnAt = nil
			}
			if a.Null(i, 3) {
				l.LeaseToken, l.LeaseUntil = nil, nil
			}
			*into = append(*into, l)
		}
		return nil
	}
}
