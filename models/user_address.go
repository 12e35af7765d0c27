package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"roster/models/collection"
	"roster/models/store"
)

// That an address is taken is told (ADR 0050), but not for every address that somebody thinks of: a caller learns of so many which are
// taken by people whom it does not see, as failures to sign in are bounded. Then it is refused any address that it does not see, taken or
// not, and learns nothing. Addresses that were free count for nothing, and keys of the whole installation see everybody.
var (
	takenThere = throttle{"taken address there", 10, 15 * time.Minute}
	takenInAll = throttle{"taken addresses", 50, 15 * time.Minute}
)

// emailTaken is what a caller is told of an address that a user has.
const emailTaken = "That email is taken."

// tooManyTaken is what a caller is told who has asked for too many.
const tooManyTaken = "Too many addresses were taken. Try again later."

// asked returns what is counted when a caller learns that an address is taken: whichever credential of a person or an organization it is
// told by, and whichever organization of a tree it is: branches are made at will.
func (by Caller) asked(ctx context.Context, db *store.DB, address string) ([]counted, error) {
	who := by.User()
	if who == "" {
		err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&who) }, `SELECT ancestor_id FROM organization_paths
			WHERE descendant_id = ? ORDER BY distance DESC LIMIT 1`, collection.IDOrNil(by.Scope.Root()))
		if err != nil {
			return nil, fmt.Errorf("find the head of a tree: %w", err)
		}
	}
	return []counted{{throttle: takenThere, subject: who + " " + address}, {throttle: takenInAll, subject: who}}, nil
}

// checkAddress makes sure that nobody whom the caller does not see has the new address of a user, as far as the caller may learn it: the
// error is of the kind Conflict, or TooMany. One that is taken by somebody whom it does see is refused when it is written.
func checkAddress(ctx context.Context, tx *store.DB, by Caller, before, user *User) error {
	key := deref(user.EmailKey)
	if by.Scope.All() || key == "" || key == deref(before.EmailKey) {
		return nil
	}
	has := collection.Condition("users.email_key = ?", key)
	var all, seen []string
	err := Users.From(ctx, tx, has).Pluck("users.id", &all).Error
	if err == nil && len(all) > 0 {
		err = Users.From(ctx, tx, has, Users.Visible(by.Scope)).Pluck("users.id", &seen).Error
	}
	if err != nil {
		return fmt.Errorf("look for an address: %w", err)
	}
	if len(seen) > 0 {
		return nil
	}
	asked, err := by.asked(ctx, tx, key)
	if err != nil {
		return err
	}
	for _, c := range asked {
		wait, err := c.next(ctx, tx)
		if err != nil {
			return err
		}
		if wait > 0 {
			return &store.Error{Kind: store.TooMany, Message: tooManyTaken, Wait: wait}
		}
	}
	if len(all) > 0 {
		return &store.Error{Kind: store.Conflict, Field: "email", Message: emailTaken, Discloses: key}
	}
	return nil
}

// CountDisclosure counts what a refusal is about to tell a caller of somebody whom it does not see. It belongs behind the transaction,
// which is undone. The error is of the kind TooMany if that was told too often: it is to be told instead.
func CountDisclosure(ctx context.Context, db *store.DB, by Caller, refusal error) error {
	for _, cause := range store.ErrorsOf(refusal) {
		if cause.Discloses == "" {
			continue
		}
		asked, err := by.asked(ctx, db, cause.Discloses)
		if err != nil {
			return err
		}
		if _, err := try(ctx, db, tooManyTaken, asked...); err != nil {
			return err
		}
	}
	return nil
}
