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

// standing is what a caller holds at one organization: what it may do there, and hand on. It is no [Caller], so that nobody can be asked
// at one organization for what they hold at another.
type standing struct {
	// Rights are those of the credential; of a person they hold no more than their roles permit there.
	Rights
	// below are the words that it holds in the organizations below as well.
	below []string
	// anything: the caller manages the organization. Nothing is beyond it.
	anything bool
	// seesBelow: what belongs to the organizations below is the caller's to see.
	seesBelow bool
	rank      int64
	owner     bool
}

// programRank is that of the credentials of an organization itself.
const programRank = 80

// there returns what a caller holds at an organization that it sees. What this comes from stays until the transaction ends: of a change and
// of whatever takes away what permitted it, one is first. The rights of a program are the same everywhere; those of people are what their
// roles permit there, and no more than the scopes of their key.
func (by Caller) there(ctx context.Context, tx *store.DB, organization string) (standing, error) {
	if by.User() == "" {
		return standing{Rights: by.Rights, below: by.Rights.Scopes, anything: by.Scope.Manages(), seesBelow: by.Scope.SeesBelow(),
			rank: programRank}, nil
	}
	if err := keepStanding(ctx, tx, by.Scope, organization); err != nil {
		return standing{}, err
	}
	s, err := standingOfUser(ctx, tx, by.User(), organization)
	s.Scopes, s.below, s.Until = within(by.Rights, s.Scopes), within(by.Rights, s.below), by.Rights.Until
	return s, err
}

// keepStanding keeps what the person of a scope holds at an organization from being taken away until the transaction ends: the person,
// their memberships, the roles of these, and the way down to the organization. A statement that waits for a row goes on with the others as
// they were when it began, so what is held is read by another one.
func keepStanding(ctx context.Context, tx *store.DB, scope collection.Scope, organization string) error {
	sharing, user := tx.Sharing(" OF u, hm, hr, hp"), scope.PersonID()
	if sharing == "" || user == "" {
		return nil
	}
	_, err := tx.Run(ctx, `SELECT 1 FROM `+linesOfUser+sharing, collection.IDOrNil(user), collection.IDOrNil(organization))
	if err != nil {
		return fmt.Errorf("keep standing: %w", err)
	}
	return nil
}

// linesOfUser are the lines by which a user has roles at an organization.
var linesOfUser = collection.Held + ` JOIN users u ON u.id = hm.user_id WHERE hm.user_id = ? AND hp.descendant_id = ?`

// at is there, and refuses a caller without the word that is needed at the organization.
func (by Caller) at(ctx context.Context, tx *store.DB, organization, word string) (standing, error) {
	s, err := by.there(ctx, tx, organization)
	if err == nil && !s.Hold(word) { // without its id: it may be one that the caller does not see
		err = &store.Error{Kind: store.Forbidden, Message: "This needs " + word + " at the organization.", Permission: word,
			At: organization}
	}
	return s, err
}

// may is at for who needs nothing but to know.
func (by Caller) may(ctx context.Context, tx *store.DB, organization, word string) error {
	_, err := by.at(ctx, tx, organization, word)
	return err
}

// holdsBelow reports whether a scope is held in the organizations below as well, by a caller that sees them.
func (s standing) holdsBelow(scope string) bool { return s.seesBelow && holds(s.below, scope) }

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
func standingOfUser(ctx context.Context, db *store.DB, user, organization string) (s standing, err error) {
	s.seesBelow = true
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
		s.Scopes = append(s.Scopes, permissions...)
		if inheritable {
			s.below = append(s.below, permissions...)
		}
		return nil
	}, `SELECT hr.id, hr.permissions, hr.rank, hr.inheritable, u.active FROM `+linesOfUser,
		collection.IDOrNil(user), collection.IDOrNil(organization))
	if err != nil {
		return s, fmt.Errorf("read standing: %w", err)
	}
	s.Scopes, s.below = store.SortedUnique(s.Scopes), store.SortedUnique(s.below)
	return s, nil
}

// outranks reports whether a caller manages an organization, owns it, or has a higher rank there than a user.
func outranks(ctx context.Context, tx *store.DB, by Caller, user, organization string) (bool, error) {
	s, err := by.there(ctx, tx, organization)
	if err != nil || s.anything || s.owner {
		return err == nil, err
	}
	other, err := standingOfUser(ctx, tx, user, organization)
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
	own := s.Scopes
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
