package models

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"roster/models/store"
)

// Letter is what a mail says.
type Letter struct {
	Kind MailKind
	// To is the address as mail servers take it.
	To string
	// Link is where the letter leads to. Whoever has it can do what the letter is about.
	Link string
	// Until is when the link ceases to work.
	Until time.Time
	// Organization, Inviter and Message are those of an invitation: the name of what is to be joined, of who asks for it, "" for a program,
	// and what they say. They are as people wrote them.
	Organization, Inviter, Message string
}

// At most so many mails go to one address within that time, over all replicas.
const (
	mailLimit  = 5
	mailWindow = time.Hour
)

// OpenMail returns what a mail that was claimed says, nil for one that nobody is to get any more: it is about what has ended, or to an
// address that no user has. For an address that has had enough mails, it returns how long the mail has to wait instead.
func OpenMail(ctx context.Context, db *store.DB, m *Mail) (letter *Letter, wait time.Duration, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		letter, wait = nil, 0
		u, err := m.open(tx)
		if err != nil {
			return err
		}
		switch m.Kind {
		case InvitationMail:
			letter, err = openInvitation(ctx, tx, u.Token)
		case PasswordResetMail:
			letter, err = openReset(ctx, tx, m, u)
		}
		if err != nil || letter == nil || m.counted {
			return err
		}
		if wait, err = throttle(ctx, tx, "mail", hex.EncodeToString(m.recipient), mailLimit, mailWindow); err != nil {
			return err
		}
		if wait > 0 {
			return errMailWaits // and what was written for it is not: an earlier token goes on working
		}
		_, err = tx.Exec(ctx, `UPDATE mails SET counted = ? WHERE id = ?`, true, m.ID)
		return wrapped("note that a mail is counted", err)
	})
	if errors.Is(err, errMailWaits) {
		return nil, wait, nil
	}
	return letter, 0, err
}

var errMailWaits = errors.New("the address has had enough mails for now")

// openInvitation returns the letter about an invitation, nil if the token does not work any more.
func openInvitation(ctx context.Context, tx *store.DB, token string) (*Letter, error) {
	inv, err := findOpen(ctx, tx, token)
	if store.IsKind(err, store.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	letter := &Letter{
		Kind: InvitationMail, To: mailable(inv.Email), Until: inv.ExpiresAt.Time, Message: deref(inv.Message),
		Link: linkToken{invitationLink, token}.url(allowedOn(tx).BaseURL),
	}
	var names struct{ Organization, FirstName, LastName string }
	err = tx.Session(ctx).Raw(`SELECT o.name AS organization, COALESCE(u.first_name, '') AS first_name,
			COALESCE(u.last_name, '') AS last_name
		FROM organizations o LEFT JOIN users u ON u.id = ? WHERE o.id = ?`, inv.InvitedBy, inv.OrganizationID).Scan(&names).Error
	if err != nil {
		return nil, fmt.Errorf("read who invites: %w", err)
	}
	letter.Organization = names.Organization
	letter.Inviter = (&User{FirstName: &names.FirstName, LastName: &names.LastName}).fullName()
	return letter, nil
}

// openReset returns the letter by which a user can set another password, nil if nobody has the address who can sign in. The token is made
// at the first attempt and stays at others, which may come after a mail that did arrive.
func openReset(ctx context.Context, tx *store.DB, m *Mail, u unreadable) (*Letter, error) {
	user, err := userWithAddress(ctx, tx, *emailKey(&u.Email))
	if err != nil || user == nil || !user.Active {
		return nil, err
	}
	if u.Token == "" {
		if u.Token, err = newReset(ctx, tx, user); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `UPDATE mails SET sealed = ? WHERE id = ?`, u.seal(tx, m.ID), m.ID); err != nil {
			return nil, fmt.Errorf("keep the token of a mail: %w", err)
		}
	}
	_, until, err := ofReset(ctx, tx, u.Token)
	if store.IsKind(err, store.NotFound) { // a newer one has ended it, or its time is over
		return nil, nil
	}
	return &Letter{
		Kind: PasswordResetMail, To: mailable(deref(user.Email)), Until: until,
		Link: linkToken{passwordResetLink, u.Token}.url(allowedOn(tx).BaseURL),
	}, err
}
