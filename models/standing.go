package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// standing is what a caller may do, and hand on, at one organization.
type standing struct {
	// anything: the caller manages it. Nothing is beyond it.
	anything bool
	// words are the permissions that it holds there, below those that it holds in the organizations below as well.
	words, below []string
	rank         int64
	owner        bool
}

// programRank is that of the credentials of an organization itself.
const programRank = 80

// standingOf returns what a caller may do at an organization that it sees. The memberships that this comes from stay until the transaction
// ends: of a change and the end of a membership that permitted it, one is first.
func standingOf(ctx context.Context, tx *store.DB, by Caller, organization string) (standing, error) {
	switch {
	case by.Scope.Manages():
		return standing{anything: true}, nil
	case by.Scope.Single():
		return standing{words: by.Rights.Scopes, below: by.Rights.Scopes, rank: programRank}, nil
	}
	s, err := standingOfUser(ctx, tx, by.User(), organization, tx.Sharing(" OF hm"))
	s.words, s.below = within(by.Rights, s.words), within(by.Rights, s.below)
	return s, err
}

// at returns a caller with the rights that it has at an organization which it sees, and refuses it without the word that is needed there.
// The rights of a program are the same everywhere; those of people are what their roles permit there, and no more than the scopes of their
// key.
func (by Caller) at(ctx context.Context, tx *store.DB, organization, word string) (Caller, error) {
	there, err := by.there(ctx, tx, organization)
	if err == nil && !there.Rights.Hold(word) { // without its id: it may be one that the caller does not see
		err = &store.Error{Kind: store.Forbidden, Message: "This needs " + word + " at the organization.", Permission: word,
			At: organization}
	}
	return there, err
}

// there returns a caller with the rights that it has at an organization, whatever they are.
func (by Caller) there(ctx context.Context, tx *store.DB, organization string) (Caller, error) {
	if by.User() == "" {
		return by, nil
	}
	s, err := standingOf(ctx, tx, by, organization)
	by.Rights.Scopes, by.below = s.words, s.below
	return by, err
}

// may is at for who needs nothing but to know.
func (by Caller) may(ctx context.Context, tx *store.DB, organization, word string) error {
	_, err := by.at(ctx, tx, organization, word)
	return err
}

// holdsBelow reports whether a caller that was asked at an organization holds a scope in those below as well.
func (by Caller) holdsBelow(scope string) bool {
	if by.User() != "" {
		return holds(by.below, scope)
	}
	return by.Scope.SeesBelow() && by.Rights.Hold(scope)
}

// ruled returns a caller for what a rule of the service does on its behalf, and it could not do itself.
func (by Caller) ruled() Caller {
	by.Scope, by.Rights = collection.Everything(), Rights{Scopes: []string{EveryScope}}
	return by
}

// within returns the words that rights hold, too.
func within(rights Rights, words []string) (both []string) {
	if rights.Hold(EveryScope) {
		return words
	}
	for _, scope := range rights.Scopes {
		if holds(words, scope) {
			both = append(both, scope)
		}
	}
	for _, word := range words {
		if rights.Hold(word) && !slices.Contains(both, word) {
			both = append(both, word)
		}
	}
	return both
}

// standingOfUser returns what a user may do at a live organization. Somebody who is not active holds nothing there, and keeps the rank.
func standingOfUser(ctx context.Context, db *store.DB, user, organization, locking string) (s standing, err error) {
	err = db.Read(ctx, func(rows *sql.Rows) error {
		var role string
		var permissions jsonapi.Strings
		var rank int64
		var inheritable, active bool
		if err := rows.Scan(&role, &permissions, &rank, &inheritable, &active); err != nil {
			return err
		}
		if s.rank = max(s.rank, rank); !active {
			return nil
		}
		s.owner = s.owner || role == RoleOwner
		s.words = append(s.words, permissions...)
		if inheritable {
			s.below = append(s.below, permissions...)
		}
		return nil
	}, `SELECT hr.id, hr.permissions, hr.rank, hr.inheritable, u.active FROM `+collection.Held+`
		JOIN users u ON u.id = hm.user_id
		WHERE hm.user_id = ? AND hp.descendant_id = ?`+locking, collection.IDOrNil(user), collection.IDOrNil(organization))
	if err != nil {
		return s, fmt.Errorf("read standing: %w", err)
	}
	s.words, s.below = store.SortedUnique(s.words), store.SortedUnique(s.below)
	return s, nil
}

// outranks reports whether a caller manages an organization, owns it, or has a higher rank there than a user.
func outranks(ctx context.Context, tx *store.DB, by Caller, user, organization string) (bool, error) {
	s, err := standingOf(ctx, tx, by, organization)
	if err != nil || s.anything || s.owner {
		return err == nil, err
	}
	other, err := standingOfUser(ctx, tx, user, organization, "")
	return other.rank < s.rank, err
}

// lacking returns why a role cannot be given or changed from there, nil if it can.
func (s standing) lacking(role *Role) *store.Error {
	if s.anything {
		return nil
	}
	if role.Rank > s.rank {
		return &store.Error{Kind: store.Forbidden, Field: "rank",
			Message: fmt.Sprintf("The role %s has the rank %d, and this caller has the rank %d there.", role.Key, role.Rank, s.rank)}
	}
	own := s.words
	if role.Inheritable {
		own = s.below
	}
	for _, word := range role.Permissions {
		if !holds(own, word) {
			return &store.Error{Kind: store.Forbidden, Field: "permissions",
				Message: fmt.Sprintf("The role %s has the permission %s, which this caller does not hold there.", role.Key, word)}
		}
	}
	return nil
}
