package models

import (
	"context"
	"fmt"

	"roster/jsonapi"
	"roster/models/store"
)

// An address is claimed while nobody has vouched for it but people and organizations: they gave it to an account that is there, their own
// or another, or signed up with a link that did not come by mail to it. Such an account may have been made to wait for the owner of the
// address (account pre-hijacking), so it is theirs alone from the moment on which they show up.

// provenBy notes that the address of a user, who is locked, is that of who is there now, by a link that was mailed to it or the word of a
// provider. Of one that was claimed, everything ends by which the account could be entered before, but the password, which is the caller's
// to replace, and the subject s, "" for none. It does not save the user.
func (u *User) provenBy(ctx context.Context, tx *store.DB, by Caller, s Subject) (claimed bool, err error) {
	if u.EmailVerifiedAt == nil {
		u.EmailVerifiedAt = &jsonapi.Stamp{Time: tx.Now()}
	}
	if !u.EmailClaimed {
		return false, nil
	}
	u.EmailClaimed = false
	if err := endSessions(ctx, tx, by, u.ID, ""); err != nil {
		return true, err
	}
	if err := revokeKeysOf(ctx, tx, by, u.ID); err != nil {
		return true, err
	}
	_, err = tx.Exec(ctx, `DELETE FROM user_subjects WHERE user_id = ? AND NOT (issuer = ? AND subject = ?)`, u.ID, s.Issuer, s.ID)
	if err != nil {
		return true, fmt.Errorf("delete subjects: %w", err)
	}
	if has, err := HasSecondFactor(ctx, tx, u.ID); err != nil || !has {
		return true, err
	}
	return true, dropFactor(ctx, tx, by, u)
}
