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
	// hears are words for reading, besides those of Rights, of what endpoints may be sent.
	hears []string
	// lines are what this comes from.
	lines []roleLine
}

// roleLine is a role that somebody has by a membership, as both were read.
type roleLine struct {
	membership, role               string
	membershipVersion, roleVersion int64
}

// programRank is that of the credentials of an organization itself.
const programRank = 80

// there returns what a caller holds at an organization that it sees. What this comes from is there when the transaction ends: of a change
// and of whatever takes away what permitted it, one is first. The rights of a program are the same everywhere; those of people are what
// their roles permit there, and no more than the scopes of their key.
func (by Caller) there(ctx context.Context, tx *store.DB, organization string) (standing, error) {
	if by.User() == "" {
		return by.holding(ctx, tx, organization)
	}
	if err := keepStanding(ctx, tx, by.Scope, organization); err != nil {
		return standing{}, err
	}
	s, err := by.holding(ctx, tx, organization)
	s.assume(tx, by.User(), organization)
	return s, err
}

// holding is there for who only reads: what it says may have been taken away a moment later.
func (by Caller) holding(ctx context.Context, db *store.DB, organization string) (standing, error) {
	if by.User() == "" {
		return standing{Rights: by.Rights, below: by.Rights.Scopes, anything: by.Scope.Manages(), seesBelow: by.Scope.SeesBelow(),
			rank: programRank, hears: by.Hears}, nil
	}
	s, err := standingOfUser(ctx, db, by.User(), organization)
	s.Scopes, s.below, s.Until = within(by.Rights, s.Scopes), within(by.Rights, s.below), by.Rights.Until
	return s, err
}

// A change by a person relies on the person, their memberships, the roles of these, and the way down to the organization. It has read
// them, and it has to be undone if any of that is taken away before it is committed. Mostly none is. So that is assumed, and looked at
// with COMMIT: the rows are locked for that moment only, and by whoever does not wait, because who takes rights away may have them and
// wait for what the change has. If the assumption does not hold, the transaction is run again and keeps the rows first (docs/adr/0099).

// assume makes a transaction end only if what was read of a user's standing is still so.
func (s *standing) assume(tx *store.DB, user, organization string) {
	if len(s.lines) == 0 || keepsFirst(tx) {
		return
	}
	lines := s.lines
	tx.AtLast(heldStanding{user, organization, fmt.Sprint(lines)}, func(ctx context.Context, tx *store.DB) error {
		query := `SELECT 1
			FROM unnest(?::uuid[], ?::bigint[], ?::uuid[], ?::bigint[]) AS l (membership, membership_version, role, role_version)
			JOIN memberships hm ON hm.id = l.membership AND hm.version = l.membership_version
			JOIN roles hr ON hr.id = l.role AND hr.version = l.role_version
			JOIN organization_paths hp ON hp.ancestor_id = hm.organization_id AND hp.descendant_id = ?
			JOIN users u ON u.id = hm.user_id AND u.active
			FOR SHARE OF u, hm, hr, hp` + tx.NoWait()
		args := []any{
			store.Column(lines, func(l roleLine) string { return l.membership }),
			store.Column(lines, func(l roleLine) int64 { return l.membershipVersion }),
			store.Column(lines, func(l roleLine) string { return l.role }),
			store.Column(lines, func(l roleLine) int64 { return l.roleVersion }), collection.IDOrNil(organization),
		}
		if !tx.Assumes() { // what is found does not matter: it has been waited for
			_, err := tx.Run(ctx, query, args...)
			return err
		}
		_, err := tx.Assume(ctx, "SELECT 1 FROM ("+query+") AS kept HAVING COUNT(*) = ?", append(args, len(lines))...)
		return err
	})
}

// heldStanding is what a user was found to hold at an organization. What comes in between two looks may be gone by the end, too.
type heldStanding struct{ user, organization, lines string }

// branchesMove is what a transaction counts that moves branches: it is going to change the ways by which it may.
type branchesMove struct{}

// keepsFirst reports whether a transaction keeps what somebody holds before it does anything, and assumes nothing.
func keepsFirst(tx *store.DB) bool { return !tx.Assumes() || tx.Total(branchesMove{}, 0) > 0 }

// keepStanding keeps what the person of a scope holds at an organization from being taken away until the transaction ends, if that is not
// assumed. A statement that waits for a row goes on with the others as they were when it began, so what is held is read by another one.
func keepStanding(ctx context.Context, tx *store.DB, scope collection.Scope, organization string) error {
	sharing, user := tx.Sharing(" OF u, hm, hr, hp"), scope.PersonID()
	if sharing == "" || user == "" || !keepsFirst(tx) {
		return nil
	}
	_, err := tx.Run(ctx, `SELECT 1 FROM `+linesOfUser+sharing, collection.IDOrNil(user), collection.IDOrNil(organization))
	if err != nil {
		return fmt.Errorf("keep standing: %w", err)
	}
	return nil
}

// stay keeps the person of a caller from being deleted, as long as the transaction lasts, before a row refers to them. Who deletes them has
// their row first and may wait for what the transaction has, so this does not wait for that either.
func (by Caller) stay(ctx context.Context, tx *store.DB) error {
	user := by.User()
	if user == "" || tx.Dialect() != store.Postgres {
		return nil
	}
	look := func(ctx context.Context, tx *store.DB) error {
		query := `SELECT 1 FROM users WHERE id = ? FOR KEY SHARE` + tx.NoWait()
		if assumed, err := tx.Assume(ctx, query, user); assumed || err != nil {
			return err
		}
		_, err := tx.Run(ctx, query, user)
		return err
	}
	tx.AtLast(stays{user}, look) // which has it already, and waits for it before the transaction is run again
	return look(ctx, tx)
}

// stays is that a user is there.
type stays struct{ user string }

// linesOfUser are the lines by which a user has roles at an organization.
var linesOfUser = collection.Held + ` JOIN users u ON u.id = hm.user_id WHERE hm.user_id = ? AND hp.descendant_id = ?`

// at is there, and refuses a caller without the word that is needed at the organization.
func (by Caller) at(ctx context.Context, tx *store.DB, organization, word string) (standing, error) {
	s, err := by.there(ctx, tx, organization)
	if err == nil && !s.Hold(word) && by.User() != "" && !keepsFirst(tx) {
		// It may have been seen a moment ago, by rights that have gone meanwhile. Then it is not there for the caller.
		return s, tx.Doubt()
	}
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
		var line roleLine
		var permissions jsonapi.Strings
		var rank int64
		var inheritable, active bool
		err := rows.Scan(&line.membership, &line.membershipVersion, &line.role, &line.roleVersion,
			&permissions, &rank, &inheritable, &active)
		if err != nil {
			return err
		}
		if s.rank = max(s.rank, rank); !active {
			return nil
		}
		s.lines = append(s.lines, line)
		s.owner = s.owner || line.role == RoleOwner
		s.Scopes = append(s.Scopes, permissions...)
		if inheritable {
			s.below = append(s.below, permissions...)
		}
		return nil
	}, `SELECT hm.id, hm.version, hr.id, hr.version, hr.permissions, hr.rank, hr.inheritable, u.active FROM `+linesOfUser,
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
