package models

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"roster/jsonapi"
	"roster/models/store"
)

// MailKind is what a mail is about.
type MailKind string

// The kinds of mail.
const (
	InvitationMail    MailKind = "invitation"
	PasswordResetMail MailKind = "password_reset"
)

// Mail is one that is to be sent. Whoever has claimed it sends it before its lease ends, or says when it is to be tried again.
type Mail struct {
	ID        string
	Kind      MailKind
	Attempts  int // with the present one
	CreatedAt jsonapi.Stamp
	// Invitation is the id of the invitation that it is about, nil for a password reset.
	Invitation *string

	turnAt    jsonapi.Stamp
	recipient []byte
	sealed    []byte
	counted   bool
	asked     int // how often it was asked for, when it was claimed
}

// unreadable is what is sealed of a mail.
type unreadable struct {
	Email string `json:"email,omitempty"` // of a reset; that of an invitation is in it
	Token string `json:"token,omitempty"` // of a reset once there is one, see openReset
	Asked int    `json:"asked,omitempty"` // how often a reset was asked for when its token was made
}

// mailInvitation writes the mail of an invitation, in place of an earlier one that was not sent.
func mailInvitation(ctx context.Context, tx *store.DB, inv *Invitation, link linkToken) error {
	if err := dropMailsAbout(ctx, tx, inv.ID); err != nil {
		return err
	}
	return insertMail(ctx, tx, InvitationMail, inv.OrganizationID, &inv.ID, inv.EmailKey, unreadable{Token: link.text})
}

// mailReset writes the mail of a password reset to an address, whose ever it is. While one is waiting, that one will do. It is noted that
// it was asked for again: the link in it may be dead by now (see openReset), and it may be on its way already (see DropMail).
func mailReset(ctx context.Context, tx *store.DB, email string) error {
	key := *emailKey(&email)
	return insertMail(ctx, tx, PasswordResetMail, hex.EncodeToString(recipientOf(tx, key)), nil, key, unreadable{Email: email})
}

// recipientOf returns what an address is known by where it is not to be read.
func recipientOf(db *store.DB, key string) []byte { return db.Vault().Digest("recipient of mail", key) }

// mailsApart spreads out the mails of one lane: while all are waiting, each comes behind the mails of others that were written within that
// time. It delays none.
const mailsApart = time.Second

// insertMail writes a mail. Its turn comes after those of its lane that wait, so that who has many waits for them alone.
func insertMail(ctx context.Context, tx *store.DB, kind MailKind, lane string, subject *string, key string, u unreadable) error {
	id, now := NewID(), tx.Now()
	var last jsonapi.Stamp
	err := tx.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&last) },
		`SELECT turn_at FROM mails WHERE lane = ? ORDER BY turn_at DESC LIMIT 1`, lane)
	if err != nil {
		return fmt.Errorf("look for mails of a lane: %w", err)
	}
	turn := now
	if next := last.Add(mailsApart); next.After(now) {
		turn = next
	}
	return tx.Later(ctx, "insert mail", `INSERT INTO mails (id, kind, lane, recipient, subject_id, sealed, counted, attempts, turn_at,
		due_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT (recipient) WHERE kind = 'password_reset'
			DO UPDATE SET asked = mails.asked + 1, created_at = excluded.created_at`,
		id, string(kind), lane, recipientOf(tx, key), subject, u.seal(tx, id), false, turn, now, now)
}

func (u unreadable) seal(db *store.DB, id string) []byte {
	encoded, _ := json.Marshal(u) // strings always encode
	return db.Vault().Seal(mailOwner(id), string(encoded))
}

func (m *Mail) open(db *store.DB) (u unreadable, err error) {
	text, err := db.Vault().Open(mailOwner(m.ID), m.sealed)
	if err == nil {
		err = json.Unmarshal([]byte(text), &u)
	}
	if err != nil {
		return u, fmt.Errorf("read mail %s: %w", m.ID, err)
	}
	return u, nil
}

// dropMailsAbout deletes what was to be sent about an invitation.
func dropMailsAbout(ctx context.Context, tx *store.DB, invitation string) error {
	return tx.Later(ctx, "delete mails", `DELETE FROM mails WHERE subject_id = ?`, invitation)
}

// ClaimMails returns up to most mails that are due, in the order of their turns, and keeps other replicas from them until the lease ends.
func ClaimMails(ctx context.Context, db *store.DB, most int, lease time.Duration) ([]*Mail, error) {
	var due bool
	err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&due) },
		`SELECT EXISTS (SELECT 1 FROM mails WHERE due_at <= ?)`, db.Now())
	if err != nil || !due { // a transaction that writes is for when there is something
		return nil, wrapped("look for mails", err)
	}
	mails, err := store.Resulting(ctx, db, func(tx *store.DB) (mails []*Mail, err error) {
		skipping := tx.Locking(" SKIP LOCKED")
		err = tx.Read(ctx, func(rows *sql.Rows) error {
			m := &Mail{}
			mails = append(mails, m)
			return rows.Scan(&m.ID, &m.Kind, &m.Attempts, &m.CreatedAt, &m.turnAt, &m.Invitation, &m.recipient, &m.sealed, &m.counted,
				&m.asked)
		}, `UPDATE mails SET attempts = attempts + 1, due_at = ? WHERE id IN (
				SELECT id FROM mails WHERE due_at <= ? ORDER BY turn_at, id LIMIT ?`+skipping+`)
			RETURNING id, kind, attempts, created_at, turn_at, subject_id, recipient, sealed, counted, asked`,
			tx.Now().Add(lease), tx.Now(), most)
		return mails, err
	})
	slices.SortFunc(mails, func(a, b *Mail) int { return cmp.Or(a.turnAt.Compare(b.turnAt.Time), cmp.Compare(a.ID, b.ID)) })
	return mails, wrapped("claim mails", err)
}

// wrapped returns an error with what was being done, nil for none.
func wrapped(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// DropMail deletes a mail that was sent, or is not wanted any more. One that was asked for again since it was claimed begins anew instead.
func DropMail(ctx context.Context, db *store.DB, m *Mail) error {
	n, err := db.Exec(ctx, `DELETE FROM mails WHERE id = ? AND asked = ?`, m.ID, m.asked)
	if err == nil && n == 0 {
		now := db.Now()
		_, err = db.Exec(ctx, `UPDATE mails SET due_at = ?, turn_at = ?, attempts = 0, counted = ? WHERE id = ? AND asked > ?`,
			now, now, false, m.ID, m.asked)
	}
	return wrapped("delete mail", err)
}

// RetryMail says when a mail that could not be sent is tried again.
func RetryMail(ctx context.Context, db *store.DB, m *Mail, at time.Time) error {
	_, err := db.Exec(ctx, `UPDATE mails SET due_at = ?, turn_at = ? WHERE id = ? AND attempts = ?`, at, at, m.ID, m.Attempts)
	return wrapped("postpone mail", err)
}

// PostponeMail says when a mail is dealt with that was not tried: the attempt does not count.
func PostponeMail(ctx context.Context, db *store.DB, m *Mail, at time.Time) error {
	_, err := db.Exec(ctx, `UPDATE mails SET due_at = ?, turn_at = ?, attempts = attempts - 1 WHERE id = ? AND attempts = ?`,
		at, at, m.ID, m.Attempts)
	return wrapped("postpone mail", err)
}

// mailOwner is what a mail is sealed for.
func mailOwner(id string) string { return "mail " + id }
