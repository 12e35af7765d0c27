package models

import (
	"context"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Move is what somebody wants of a branch: another parent.
type Move struct {
	// Organization is the head of the branch, To the parent that it is to have, "" for none.
	Organization, To string
	// Digest is that of the [Consequence] which the move is meant to have, nil for whatever it has.
	Digest *string
	// Replacements are the roles that members of the branch get in place of those that they lose.
	Replacements []RoleReplacement
}

// change returns what the move asks of its organization.
func (m Move) change() *Change {
	links := Links{}
	if m.To != "" {
		links = Links{m.To}
	}
	return &Change{
		Links: map[string]Links{"parent": links}, Replacements: m.Replacements, weighed: &weighed{digest: m.Digest},
	}
}

// Consequence is what a move of a branch does, as one caller may know. Whom the caller does not see is counted, and not named.
type Consequence struct {
	// Digest stands for all that follows, of everybody. Another consequence has another one.
	Digest string
	// Organizations is how many move.
	Organizations int64
	// Loses are the people who hold less somewhere in the branch, Gains those who hold more. Somebody can be both.
	Loses, Gains AffectedPeople
	// EndpointsLeaving are endpoints from above with subtree which get no more events of the branch, EndpointsJoining those that begin to.
	EndpointsLeaving, EndpointsJoining AffectedEndpoints
	// RolesLost are the roles of members that cannot be used at the new place. The move is refused unless it replaces each.
	RolesLost []LostRole
}

// AffectedPeople are people who hold less after a move, or more.
type AffectedPeople struct {
	Total  int64            `json:"total" doc:"How many they are."`
	People []AffectedPerson `json:"people" doc:"The first 20 of those whom the caller sees, where it reads memberships; themselves people always see."`
}

// AffectedPerson is one of them.
type AffectedPerson struct {
	User        string          `json:"user" doc:"Their id."`
	Name        string          `json:"name" doc:"Their full name."`
	Roles       []AffectedRole  `json:"roles" doc:"The roles that this comes from, as far as the caller sees them."`
	Permissions jsonapi.Strings `json:"permissions" doc:"What they lose, or gain, somewhere in the branch: words of the service, and of roles that the caller sees. Themselves people are told all."`
}

// AffectedRole is a role that somebody loses or gains something by.
type AffectedRole struct {
	Role string `json:"role" doc:"Its id."`
	Name string `json:"name" doc:"What people know it by."`
}

// AffectedEndpoints are endpoints that hear of a branch only before a move, or only after it.
type AffectedEndpoints struct {
	Total     int64              `json:"total" doc:"How many they are, paused and disabled ones too."`
	Endpoints []AffectedEndpoint `json:"endpoints" doc:"The first 20 of those that the caller sees."`
}

// AffectedEndpoint is one of them.
type AffectedEndpoint struct {
	Webhook      string  `json:"webhook" doc:"Its id."`
	Name         *string `json:"name" doc:"What it is for."`
	URL          string  `json:"url" doc:"The origin of where it is."`
	Organization string  `json:"organization" doc:"The id of the organization that it belongs to."`
}

// LostRole is a role that members of a branch have and cannot have at its new place.
type LostRole struct {
	Role        *string `json:"role" doc:"Its id; null for one that the caller does not see."`
	Name        *string `json:"name" doc:"What people know it by; null for one that the caller does not see."`
	Holders     int64   `json:"holders" doc:"How many people have it in the branch."`
	Invitations int64   `json:"invitations" doc:"How many open invitations to the branch offer it. These are not replaced: revoke them first."`
}

// PreviewMove returns what a move would do at this moment, as a caller may know. Nothing changes, and nobody waits for it. It fails as
// [MoveBranch] does, but for roles that are not replaced, which it tells, and for what only the move can judge: whether each replacement is
// a grant of the caller's to each of those who get it.
func PreviewMove(ctx context.Context, db *store.DB, by Caller, m Move) (*Consequence, error) {
	in := m.change()
	err := store.View(ctx, db, func(view *store.DB) error {
		found, err := collection.Find(ctx, view, Organizations, by.Scope, m.Organization, nil)
		if err != nil {
			return err
		}
		org := found.(*Organization)
		held, err := by.at(ctx, view, org.ID, "organizations:write")
		if err != nil {
			return err
		}
		parent, moves, err := destination(ctx, view, by, in, org)
		if err != nil {
			return err
		}
		moved := *org
		if moves {
			moved.ParentID = optional(parent)
			r, branch, err := checkPlace(ctx, view, by, org.ID, parent)
			if err != nil {
				return err
			}
			if err := replacements(m.Replacements).foresee(ctx, view, by, org.ID, r); err != nil {
				return err
			}
			if err := r.bound(view, branch); err != nil {
				return err
			}
		}
		return in.weighed.weigh(ctx, view, by, held, in, org, &moved)
	})
	if err != nil {
		return nil, ofMove(err, m)
	}
	return in.weighed.consequence, nil
}

// MoveBranch gives a branch another parent, as [UpdateOrganization] does, and returns what that has done. It fails with the kinds
// RelatedNotFound, Conflict, Invalid, ReadOnly and Forbidden, and with PreconditionFailed if the digest is another one: then nothing is
// done.
func MoveBranch(ctx context.Context, db *store.DB, by Caller, m Move) (*Consequence, error) {
	in := m.change()
	if _, err := UpdateOrganization(ctx, db, by, m.Organization, in); err != nil {
		return nil, ofMove(err, m)
	}
	return in.weighed.consequence, nil
}

// ofMove returns the refusal of a change of an organization as one of the move that asks for it.
func ofMove(err error, m Move) error {
	refusals := store.ErrorsOf(err)
	if refusals == nil {
		return err
	}
	own := store.Column(refusals, func(refusal *store.Error) *store.Error {
		of := *refusal
		switch {
		case of.Kind == store.NotFound && of.Field == "":
			return store.NoRelated("organization", 0, Organizations.Schema.Type, m.Organization)
		case of.Field == "parent":
			of.Field = "to"
		}
		return &of
	})
	if len(own) == 1 {
		return own[0]
	}
	return store.Errors(own)
}

// foresee makes sure that the replacements of a move name roles that can be given at the new place.
func (rs replacements) foresee(ctx context.Context, view *store.DB, by Caller, head string, r relocation) error {
	left, _, _ := r.sides()
	if err := rs.check(ctx, view, by, left); err != nil {
		return err
	}
	var errs store.Errors
	for i, one := range rs {
		role, err := collection.Find(ctx, view, Roles, by.Scope, one.To, nil)
		switch {
		case store.IsKind(err, store.NotFound):
			missing := store.NoRelated("", 0, Roles.Schema.Type, one.To)
			errs = append(errs, replacementError(store.RelatedNotFound, i, "to", missing.Message))
		case err != nil:
			return err
		default:
			owner := deref(role.(*Role).OrganizationID)
			usable := owner == "" || owner == head || slices.ContainsFunc(r.is, func(a ancestor) bool { return a.id == owner })
			if !usable {
				errs = append(errs, replacementError(store.Invalid, i, "to", unusableThere))
			}
		}
	}
	return errs.Err()
}
