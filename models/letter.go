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

// mailsTo is how many mails one address gets.
var mailsTo = throttle{"mail to", 5, time.Hour}

// OpenMail returns what a mail that was claimed says, nil for one that nobody is to get any more: it is about what has ended, or to an
// address that no user has. For an address that has had enough mails, it returns how long the mail has to wait instead.
func OpenMail(ctx context.Context, db *store.DB, m *Mail) (letter *Letter, wait time.Duration, err error) {
	u, err := m.open(db)
	if err != nil {
		return nil, 0, err
	}
	if wanted, err := m.isWanted(ctx, db, u); err != nil || !wanted {
		return nil, 0, err
	}
	if wait, err = m.count(ctx, db); err != nil || wait > 0 {
		return nil, wait, err
	}
	letter, err = store.Resulting(ctx, db, func(tx *store.DB) (*Letter, error) {
		if m.Kind == PasswordResetMail {
			return openReset(ctx, tx, m, u)
		}
		return openInvitation(ctx, tx, u.Token)
	})
	return letter, 0, err
}

// isWanted reports whether there is still something to send.
func (m *Mail) isWanted(ctx context.Context, db *store.DB, u unreadable) (bool, error) {
	if m.Kind == PasswordResetMail {
		user, err := userWithAddress(ctx, db, *emailKey(&u.Email))
		return user != nil && user.Active, err
	}
	_, err := findOpen(ctx, db, u.Token)
	if store.IsKind(err, store.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// count counts a mail among those that its recipient gets, once, whatever attempts it takes. It returns how long the mail has to wait if
// these are enough.
func (m *Mail) count(ctx context.Context, db *store.DB) (wait time.Duration, err error) {
	if m.counted {
		return 0, nil
	}
	_, err = try(ctx, db, "The address has had enough mails.", counted{throttle: mailsTo, subject: hex.EncodeToString(m.recipient)})
	var enough *store.Error
	if errors.As(err, &enough) && enough.Kind == store.TooMany {
		return enough.Wait, nil
	}
	if err != nil {
		return 0, err
	}
	_, err = db.Exec(ctx, `UPDATE mails SET counted = ? WHERE id = ?`, true, m.ID)
	return 0, wrapped("note that a mail is counted", err)
}

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
		Link: linkToken{invitationLink, token}.url(tx),
	}
	letter.Organization, letter.Inviter, err = inv.whoInvites(ctx, tx)
	return letter, err
}

// whoInvites returns the names of the organization that is to be joined, and of who asks for it, "" for a program.
func (inv *Invitation) whoInvites(ctx context.Context, db *store.DB) (organization, inviter string, err error) {
	var names struct{ Organization, FirstName, LastName string }
	err = db.Session(ctx).Raw(`SELECT o.name AS organization, COALESCE(u.first_name, '') AS first_name,
			COALESCE(u.last_name, '') AS last_name
		FROM organizations o LEFT JOIN users u ON u.id = ? WHERE o.id = ?`, inv.InvitedBy, inv.OrganizationID).Scan(&names).Error
	if err != nil {
		return "", "", fmt.Errorf("read who invites: %w", err)
	}
	return names.Organization, (&User{FirstName: &names.FirstName, LastName: &names.LastName}).fullName(), nil
}

// openReset returns the letter by which a user can set another password, nil if nobody has the address who can sign in. The token is made
// at the first attempt and stays at others, which may come after a mail that did arrive. If it is dead by then, who has asked again since
// gets another one.
func openReset(ctx context.Context, tx *store.DB, m *Mail, u unreadable) (*Letter, error) {
	user, err := userWithAddress(ctx, tx, *emailKey(&u.Email))
	if err != nil || user == nil || !user.Active {
		return nil, err
	}
	_, until, err := ofReset(ctx, tx, u.Token)
	switch {
	case err == nil:
	case !store.IsKind(err, store.NotFound):
		return nil, err
	case u.Token != "" && m.asked <= u.Asked: // a change of who has asked has ended it, or its time is over
		return nil, nil
	default:
		if u.Token, until, err = newReset(ctx, tx, user); err != nil {
			return nil, err
		}
		u.Asked = m.asked
		if _, err := tx.Exec(ctx, `UPDATE mails SET sealed = ? WHERE id = ?`, u.seal(tx, m.ID), m.ID); err != nil {
			return nil, fmt.Errorf("keep the token of a mail: %w", err)
		}
	}
	return &Letter{
		Kind: PasswordResetMail, To: mailable(deref(user.Email)), Until: until,
		Link: linkToken{passwordResetLink, u.Token}.url(tx),
	}, nil
}
