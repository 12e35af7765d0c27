package models

import (
	"context"
	"fmt"
	"time"

	"roster/models/collection"
	"roster/models/store"
)

// own sets whose a new key is: the organization or the user of the input, or those that the caller is bound to.
func own(ctx context.Context, tx *store.DB, by Caller, in *Change, key *APIKey) error {
	if key.Kind == string(UserKey) {
		return ownUser(ctx, tx, by, in, key)
	}
	if len(in.Links["user"]) > 0 {
		return &store.Error{Kind: store.Invalid, Field: "user", Message: "Only a key of the kind user is a user's."}
	}
	link, given := in.Links["organization"]
	id := link.One()
	if id == "" && by.Scope.Root() != "" {
		if given {
			return &store.Error{Kind: store.Forbidden, Field: "organization",
				Message: "This credential is bound to an organization: its keys are, too."}
		}
		id = by.Scope.Root()
	}
	switch {
	case key.Kind == string(OrganizationKey) && id == "":
		return &store.Error{Kind: store.Required, Field: "organization",
			Message: "A key of the kind organization needs the relationship organization."}
	case key.Kind == string(ManagementKey) && !by.Scope.Manages():
		return &store.Error{Kind: store.Forbidden, Field: "kind", Message: "Only the management creates management keys."}
	case id == "":
		return nil
	}
	key.OrganizationID = &id
	return lockForKey(ctx, tx, by.Scope, id)
}

// over returns the rights that a caller has over a key, and refuses it without that to change keys. Over those of their own people have all
// that their credential has; of what others get by a key of an organization they have what they hold below it as well.
func (by Caller) over(ctx context.Context, tx *store.DB, key *APIKey) (Rights, error) {
	if key.UserID != nil && *key.UserID == by.User() || by.User() == "" {
		return by.Rights, nil
	}
	s, err := by.at(ctx, tx, deref(key.OrganizationID), "apiKeys:write")
	if err == nil && s.rank < programRank {
		err = &store.Error{Kind: store.Forbidden, Message: fmt.Sprintf("A key of an organization has the rank %d, and this caller %d.",
			programRank, s.rank)}
	}
	return Rights{s.below, s.Until}, err
}

// ownUser sets the user of a new key: who makes it, or whom a management key of the whole installation names.
func ownUser(ctx context.Context, tx *store.DB, by Caller, in *Change, key *APIKey) error {
	user, self := in.Links["user"].One(), by.User()
	switch {
	case len(in.Links["organization"]) > 0:
		return &store.Error{Kind: store.Invalid, Field: "organization",
			Message: "A key of the kind user belongs to no organization: it acts for its user."}
	case self == "" && !by.Scope.All():
		return &store.Error{Kind: store.Forbidden, Field: "kind",
			Message: "Keys of users are made by themselves, or by a management key of the whole installation."}
	case self == "" && user == "":
		return &store.Error{Kind: store.Required, Field: "user", Message: "A key of the kind user needs the relationship user."}
	case self != "" && user != "" && user != self:
		return &store.Error{Kind: store.Forbidden, Field: "user", Message: "A user makes keys for themselves alone."}
	case user == "":
		user = self
	}
	if _, err := lock[User](ctx, tx, Users, by.Scope, user); err != nil {
		if store.IsKind(err, store.NotFound) {
			return store.NoRelated("user", 0, Users.Schema.Type, user)
		}
		return err
	}
	key.UserID = &user
	return nil
}

// maxKeys is how many keys belong to one organization, or to one user, at most, those that have expired included.
const maxKeys = 100

// lockForKey makes sure that an organization is there and visible. It locks the organization: of two keys at once one is counted by the
// other, and an organization that is being deleted takes all of them along.
func lockForKey(ctx context.Context, tx *store.DB, scope collection.Scope, organization string) error {
	_, err := lockLive[Organization](ctx, tx, Organizations, scope, organization)
	if store.IsKind(err, store.NotFound) {
		return store.NoRelated("organization", 0, "organizations", organization)
	}
	return err
}

// roomForKey makes sure that whose a new key is, whom the transaction has locked, may have one more.
func roomForKey(ctx context.Context, tx *store.DB, key *APIKey) error {
	field, of, whose := "organization", key.OrganizationID, "An organization"
	if key.UserID != nil {
		field, of, whose = "user", key.UserID, "A user"
	}
	if of == nil {
		return nil
	}
	var n int64
	if err := APIKeys.From(ctx, tx, collection.Condition(field+"_id = ?", *of)).Count(&n).Error; err != nil {
		return fmt.Errorf("count keys: %w", err)
	}
	if n >= maxKeys {
		return &store.Error{Kind: store.Conflict, Field: field,
			Message: fmt.Sprintf("%s has at most %d keys. Delete one that is not used.", whose, maxKeys)}
	}
	return nil
}

// checkAPIKey holds the rules of a key as it is to be; before is nil for a new one.
func checkAPIKey(tx *store.DB, before, key *APIKey) error {
	var errs store.Errors
	for _, scope := range key.Scopes {
		if !IsScope(scope) {
			errs = append(errs, &store.Error{Kind: store.Invalid, Field: "scopes",
				Message: fmt.Sprintf("%.80q is no scope: %s.", scope, wordForm)})
		}
	}
	kept := before != nil && before.ExpiresAt != nil && key.ExpiresAt != nil && before.ExpiresAt.Equal(key.ExpiresAt.Time)
	if !kept && key.ExpiresAt != nil && !key.ExpiresAt.After(tx.Now()) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: "expiresAt", Message: "expiresAt must be in the future."})
	}
	return errs.Err()
}

// checkTouch makes sure that a caller changes, or ends, no key that can do more than itself.
func checkTouch(by Rights, key *APIKey) error {
	if scope := by.lacking(key.Scopes); scope != "" {
		return &store.Error{Kind: store.Forbidden, Field: "scopes",
			Message: fmt.Sprintf("The key has the scope %.60q, which this credential does not hold.", scope)}
	}
	return nil
}

// checkGain makes sure that what a key has after a change and did not have before is within the rights of who makes it: in what it allows,
// and for how long. before is nil for a key that is new, and for one whose secret is handed out, which gives all that it has.
func checkGain(by Rights, before, key *APIKey) error {
	var errs store.Errors
	had := Rights{}
	if before != nil {
		had = before.rights()
	}
	for _, scope := range key.Scopes {
		if !by.Hold(scope) && !had.Hold(scope) {
			errs = append(errs, &store.Error{Kind: store.Forbidden, Field: "scopes",
				Message: fmt.Sprintf("This credential does not hold the scope %.60q itself.", scope)})
		}
	}
	if gains := before == nil || !had.Cover(key.rights()); gains && !by.outlast(key.ExpiresAt) {
		errs = append(errs, &store.Error{Kind: store.Forbidden, Field: "expiresAt",
			Message: fmt.Sprintf("This credential works until %s: it gives no key rights beyond that.",
				by.Until.UTC().Format(time.RFC3339))})
	}
	return errs.Err()
}
