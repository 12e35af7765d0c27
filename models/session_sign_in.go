package models

import (
	"context"
	"fmt"
	"reflect"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// SignIn is a person who has signed in to a session, or the key that it is of.
type SignIn struct {
	ID        string        `gorm:"column:id;primaryKey" jsonapi:"primary,signIns" doc:"A person who has signed in to a session, or the key that it is of." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt jsonapi.Stamp `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly" doc:"When they did, the last time." example:"2024-08-20T10:45:07+00:00"`
	Method    string        `gorm:"column:method" jsonapi:"attr,method" rule:"readonly,enum=password|totp|oidc|invitation|key|portal" doc:"How: by password, with a second factor besides (totp), by a provider of OpenID Connect, by accepting an invitation; or by a key, or a portal link, which is alone in its session." example:"password"`

	SessionID string  `gorm:"column:session_id"`
	UserID    *string `gorm:"column:user_id"`    // nil for that of a key
	APIKeyID  *string `gorm:"column:api_key_id"` // nil for that of a person, or of a token
}

// TableName implements GORM's Tabler.
func (SignIn) TableName() string { return "sign_ins" }

// The ways to sign in.
const (
	ByPassword   = "password"
	ByTOTP       = "totp"
	ByOIDC       = "oidc"
	ByInvitation = "invitation"
	ByKey        = "key"
	ByPortal     = "portal"
)

func defineSignIns(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(SignIn{}), Table: "sign_ins", Model: reflect.TypeFor[SignIn](),
		Visible: visibleSignIns,
		Order:   []string{"sign_ins.created_at", "sign_ins.id"},
	}
	declare(c, declaration{follows: []string{"users"}, rank: 3})
}

func relateSignIns(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "user", ReadOnly: true, Doc: "Who it is; null for a key."},
		collection.Relation{Target: Users, Column: "user_id", Evident: true})
	c.Relate(jsonapi.Relationship{Name: "apiKey", ReadOnly: true,
		Doc: "The key, in place of a user; null for a person, and for the token of an organization."},
		collection.Relation{Target: APIKeys, Column: "api_key_id", Evident: true})
}

// visibleSignIns returns the condition that a sign-in is a person's own, or of the session that the caller acts in.
func visibleSignIns(s collection.Scope) collection.Where {
	switch {
	case s.All():
		return collection.Always()
	case s.PersonID() != "" && s.Session() != "":
		return collection.Condition("(sign_ins.user_id = ? OR sign_ins.session_id = ?)", s.PersonID(), s.Session())
	case s.PersonID() != "":
		return collection.Condition("sign_ins.user_id = ?", s.PersonID())
	case s.Session() != "":
		return collection.Condition("sign_ins.session_id = ?", s.Session())
	}
	return collection.Never()
}

// everySignIn is that of everybody who has signed in to a session.
func everySignIn(*SignIn) bool { return true }

// signInOf returns what a sign-in is that is of a user.
func signInOf(user string) func(*SignIn) bool {
	return func(in *SignIn) bool { return deref(in.UserID) == user }
}

func saveSignIn(ctx context.Context, tx *store.DB, in *SignIn) error {
	if err := tx.Session(ctx).Save(in).Error; err != nil {
		return fmt.Errorf("save sign-in: %w", err)
	}
	return nil
}

// signInsOf returns the sign-ins of a session, the newest last.
func signInsOf(ctx context.Context, tx *store.DB, session string) ([]*SignIn, error) {
	var all []*SignIn
	err := SignIns.From(ctx, tx, collection.Condition("session_id = ?", session)).Order("created_at, id").Find(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read sign-ins: %w", err)
	}
	return all, nil
}
