package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// AccessDenied is the type of the events that tell of what a known caller was not permitted. Their subject is what it was about, of any
// type, and their resource names that and says in its meta what was tried.
const AccessDenied = "access.denied"

// denied is what happens to a caller that may not do what it asks for.
const denied verb = "denied"

// A caller that is denied the same again within denialWindow makes no second event, and no more than maxDenials whatever it tries: a flood
// of attempts is not one of events.
const (
	denialWindow = time.Minute
	maxDenials   = 20
)

// denialSeed sets the locks of callers apart from other advisory locks.
const denialSeed = 0x726f73746572 + 3

// Denial is what a caller was not permitted.
type Denial struct {
	Attempt
	// Type and ID are of the resource that it was about; At is the organization where a word was missing. Each may be "", for not known.
	Type, ID, At string
}

// Attempt is what was tried.
type Attempt struct {
	Permission string `json:"permission" doc:"The word that the caller lacked; empty where it was not a word, such as a rank."`
	Method     string `json:"method" doc:"The method of the request."`
	Route      string `json:"route" doc:"The path of the request, with variables in braces."`
}

// RecordDenial records an access.denied, at the organization of what the caller was denied, in a transaction of its own. It does nothing if
// the caller does not see that, if it is not known, or if the same or much else was told of the caller within the last minute.
func RecordDenial(ctx context.Context, db *store.DB, by Caller, d Denial) error {
	if d.ID == "" && d.At != "" {
		d.Type, d.ID = Organizations.Schema.Type, d.At
	}
	subject := CollectionOf(d.Type)
	if subject == nil || !jsonapi.IsID(d.ID) {
		return nil
	}
	caller := Identity{by.Kind, by.ID}.String()
	if silent, err := d.silent(ctx, db, caller); err != nil || silent {
		return err
	}
	found, err := collection.FindAll(ctx, db, subject, by.Scope, []string{d.ID}, nil)
	if err != nil || len(found) == 0 {
		return err
	}
	at, err := d.place(ctx, db, by, subject, found[0])
	if err != nil {
		return err
	}
	event, err := d.event(by, subject, at, db.Now())
	if err != nil {
		return err
	}
	if err := event.callSubject(subject, found[0]); err != nil {
		return err
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		first, err := d.claim(ctx, tx, caller)
		if err != nil || !first {
			return err
		}
		return Capture(ctx, tx, event)
	})
}

// silent reports whether nothing more is told of the caller for now.
func (d *Denial) silent(ctx context.Context, db *store.DB, caller string) (silent bool, err error) {
	err = db.Read(ctx, func(rows *sql.Rows) error {
		var all, same int64
		err := rows.Scan(&all, &same)
		silent = all >= maxDenials || same > 0
		return err
	}, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN permission = ? AND subject_id = ? THEN 1 ELSE 0 END), 0)
		FROM access_denials WHERE caller = ? AND told_at > ?`, d.Permission, d.ID, caller, db.Now().Add(-denialWindow))
	if err != nil {
		return false, fmt.Errorf("look for what a caller was denied: %w", err)
	}
	return silent, nil
}

// claim notes that the denial is told, unless nothing more is to be told of the caller. Of several at once one is first.
func (d *Denial) claim(ctx context.Context, tx *store.DB, caller string) (first bool, err error) {
	if tx.Dialect() == store.Postgres {
		_, err := tx.Run(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(?, ?))`, caller, int64(denialSeed))
		if err != nil {
			return false, fmt.Errorf("lock what a caller was denied: %w", err)
		}
	}
	if silent, err := d.silent(ctx, tx, caller); err != nil || silent {
		return false, err
	}
	now := tx.Now()
	err = tx.Later(ctx, "forget what a caller was denied",
		`DELETE FROM access_denials WHERE caller = ? AND told_at <= ?`, caller, now.Add(-denialWindow))
	if err != nil {
		return false, err
	}
	return true, tx.Later(ctx, "note what a caller was denied",
		`INSERT INTO access_denials (caller, permission, subject_id, told_at) VALUES (?, ?, ?, ?)`, caller, d.Permission, d.ID, now)
}

// place returns the organization at which the denial is told, "" for none: where a word was missing, or that of what it was about. What no
// single organization is told of is told at none.
func (d *Denial) place(ctx context.Context, db *store.DB, by Caller, subject *collection.Collection, found any) (at string, err error) {
	switch _, has := subject.Value(found, "organization_id"); {
	case d.At != "":
		at = d.At
	case subject == Organizations:
		at = d.ID
	case subject == Users:
		at, err = d.placeOfUser(ctx, db, by)
	case has:
		at = subject.Text(found, "organization_id")
	}
	hides := declared(subject).hides
	if err != nil || hides == nil || at == "" {
		return at, err
	}
	attributes, err := jsonapi.Attributes(found)
	if err != nil {
		return "", err
	}
	if hides(collection.OnlyOrganization(at), attributes) {
		return "", nil
	}
	return at, nil
}

// placeOfUser returns an organization of the user that the denial is about, one that the caller sees if there is such a one.
func (d *Denial) placeOfUser(ctx context.Context, db *store.DB, by Caller) (at string, err error) {
	first := by.Scope.Within(readingOf(Users), "memberships.organization_id")
	if first.SQL == "" {
		first = collection.Condition("1 = 1")
	}
	err = db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&at) }, `SELECT organization_id FROM memberships WHERE user_id = ?
		ORDER BY CASE WHEN `+first.SQL+` THEN 0 ELSE 1 END, organization_id LIMIT 1`, append([]any{d.ID}, first.Args...)...)
	if err != nil {
		return "", fmt.Errorf("find where a caller was denied: %w", err)
	}
	return at, nil
}

// event returns the event of the denial.
func (d *Denial) event(by Caller, subject *collection.Collection, at string, now time.Time) (*Event, error) {
	data, err := jsonapi.Marshal(d.resource(subject))
	if err != nil {
		return nil, err
	}
	return &Event{
		ID: NewID(), EventType: AccessDenied, OccurredAt: jsonapi.Stamp{Time: now},
		OrganizationID: optional(at), SubjectType: subject.Schema.Type, SubjectID: d.ID,
		ActorKind: by.Kind, ActorID: optional(by.ID), ActorName: optional(by.Name), RequestID: optional(by.RequestID),
		Resource: jsonapi.Raw(data),
	}, nil
}

// deniedResource names a resource, and says what was tried with it.
type deniedResource struct {
	Type  string            `json:"type"`
	ID    string            `json:"id"`
	Links map[string]string `json:"links"`
	Meta  Attempt           `json:"meta"`
}

func (d *Denial) resource(subject *collection.Collection) deniedResource {
	return deniedResource{subject.Schema.Type, d.ID, map[string]string{"self": subject.Schema.URL() + "/" + d.ID}, d.Attempt}
}

// PurgeDenials removes up to most of what is of no use any more for telling a denial once, and returns how many. A caller that comes back
// removes its own.
func PurgeDenials(ctx context.Context, db *store.DB, most int) (int, error) {
	free := map[store.Dialect]string{store.Postgres: "FOR UPDATE SKIP LOCKED"}[db.Dialect()]
	n, err := db.Exec(store.Alone(ctx), `DELETE FROM access_denials WHERE (caller, permission, subject_id) IN (
		SELECT caller, permission, subject_id FROM access_denials WHERE told_at <= ? ORDER BY told_at LIMIT ? `+free+`)`,
		db.Now().Add(-denialWindow), most)
	if err != nil {
		return 0, fmt.Errorf("purge denials: %w", err)
	}
	return int(n), nil
}
