package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// passwordResetLife is how long the token of a reset works.
const passwordResetLife = time.Hour

// ErrNoMail says that the installation sends no mail.
var ErrNoMail = errors.New("no mail is sent")

// RequestPasswordReset has a link sent by which the user with an address can set another password. It does the same, and takes as long, for
// an address that nobody has: whose it is, is looked up when the mail is sent (see openReset). It fails with ErrNoMail where none is.
func RequestPasswordReset(ctx context.Context, db *store.DB, email string) error {
	if !allowedOn(db).Mails {
		return ErrNoMail
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error { return mailReset(ctx, tx, email) })
}

// newReset makes the one token by which a user can set another password, until the time that is returned. Earlier ones are dead.
func newReset(ctx context.Context, tx *store.DB, user *User) (token string, until time.Time, err error) {
	link := newLinkToken(passwordResetLink)
	until = tx.Now().Add(passwordResetLife)
	err = tx.Later(ctx, "insert password reset", `INSERT INTO password_resets (user_id, email_key, token_hash, expires_at)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET email_key = excluded.email_key, token_hash = excluded.token_hash,
			expires_at = excluded.expires_at`,
		user.ID, deref(user.EmailKey), link.hash(tx.Vault()), until)
	return link.text, until, err
}

// ConfirmPasswordReset sets the password of the user whose token it is, which works once, and notes that mail reaches them. All of their
// sessions end. It fails with NotFound for a token that does not work, and with Invalid for the password.
func ConfirmPasswordReset(ctx context.Context, db *store.DB, requestID, token string, in *Change) error {
	if _, _, err := ofReset(ctx, db, token); err != nil {
		return err
	}
	if err := in.check(Users, toUpdate); err != nil {
		return err
	}
	if err := HashPassword(ctx, db, in); err != nil {
		return err
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		id, _, err := ofReset(ctx, tx, token)
		if err != nil {
			return err
		}
		before, err := lock[User](ctx, tx, Users, collection.Everything(), id)
		if store.IsKind(err, store.NotFound) {
			return linkDead()
		}
		if err != nil {
			return err
		}
		// With the user locked: of two who use it at once the second one finds nothing.
		n, err := tx.Exec(ctx, `DELETE FROM password_resets WHERE user_id = ? AND token_hash = ? AND email_key = ?`,
			id, linkToken{passwordResetLink, token}.hash(tx.Vault()), deref(before.EmailKey))
		if err != nil {
			return fmt.Errorf("use password reset: %w", err)
		}
		if n == 0 || !before.Active {
			return linkDead()
		}
		user, by := *before, themselves(before, requestID)
		if err := prepareUser(tx, by, before, &user, in); err != nil {
			return err
		}
		if _, err := user.provenBy(ctx, tx, by, Subject{}); err != nil {
			return err
		}
		if err := saveUser(ctx, tx, by, before, &user, nil); err != nil {
			return err
		}
		return endOtherSessions(ctx, tx, by, before, &user)
	})
}

// endResets ends the links of a user, whose row is locked, by which another password can be set: whoever has changed the password or the
// address may have done so because somebody else reads their mail.
func endResets(ctx context.Context, tx *store.DB, user string) error {
	return tx.Later(ctx, "end password resets", `DELETE FROM password_resets WHERE user_id = ?`, user)
}

// ofReset returns the id of the user whose password a token can set now, and until when.
func ofReset(ctx context.Context, db *store.DB, token string) (user string, until time.Time, err error) {
	if LinkPattern.MatchString(token) {
		err = db.Read(ctx, func(rows *sql.Rows) error {
			var at jsonapi.Stamp
			err := rows.Scan(&user, &at)
			until = at.Time
			return err
		}, `SELECT r.user_id, r.expires_at FROM password_resets r
			JOIN users u ON u.id = r.user_id AND u.email_key = r.email_key AND u.active
			WHERE r.token_hash = ? AND r.expires_at > ?`, linkToken{passwordResetLink, token}.hash(db.Vault()), db.Now())
	}
	switch {
	case err != nil:
		return "", until, fmt.Errorf("find password reset: %w", err)
	case user == "":
		return "", until, linkDead()
	}
	return user, until, nil
}
