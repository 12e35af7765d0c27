package models

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// APIKey lets a program call the service. Its secret is in the credentials; a rotation adds a second one for a while.
type APIKey struct {
	ID                 string          `gorm:"column:id;primaryKey" jsonapi:"primary,apiKeys" doc:"A credential of a program." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt          jsonapi.Stamp   `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was created." example:"2024-08-20T10:45:07+00:00"`
	UpdatedAt          jsonapi.Stamp   `gorm:"column:updated_at;autoUpdateTime:false" jsonapi:"attr,updatedAt" rule:"readonly,filter" doc:"When it was last changed." example:"2024-08-20T10:45:07+00:00"`
	Name               string          `gorm:"column:name" jsonapi:"attr,name" rule:"required,visible,max=200,filter" doc:"What it is for." example:"Nightly import"`
	Kind               string          `gorm:"column:kind" jsonapi:"attr,kind" rule:"createonly,enum=management|organization|user,filter" doc:"management: the management API, for the whole installation or for the subtree of its organization; organization: that one organization; user: what its user may do at that moment, within its scopes. Who acts as a user makes keys of that user when it names no kind." example:"organization"`
	Scopes             jsonapi.Strings `gorm:"column:scopes" jsonapi:"attr,scopes" rule:"max=50" doc:"What it may do: words of the service such as users:read, words of applications, or * for everything; an empty list is nothing. Only what the credential that gives them may do itself." example:"users:read"`
	ExpiresAt          *jsonapi.Time   `gorm:"column:expires_at" jsonapi:"attr,expiresAt" rule:"filter" doc:"When it ceases to work; null is never. Not later than the credential that makes it; without one, then." example:"2034-01-01T00:00:00+00:00"`
	LastUsedAt         *jsonapi.Stamp  `gorm:"column:last_used_at" jsonapi:"attr,lastUsedAt" rule:"readonly,fleeting,filter" doc:"When it was last used, to about a minute." example:"2024-08-20T10:45:07+00:00"`
	KeyID              *string         `gorm:"-" jsonapi:"attr,keyId" rule:"readonly" doc:"The public part of the key, between its kind and its secret. Null in events." example:"kQ3vX9aZ01Bc"`
	PreviousKeyID      *string         `gorm:"-" jsonapi:"attr,previousKeyId" rule:"readonly" doc:"That of the key before the last rotation, while it still works; after several rotations those before it can work as well. Null in events." example:"7KkkJhVxJ3Do"`
	PreviousExpiresAt  *jsonapi.Stamp  `gorm:"-" jsonapi:"attr,previousExpiresAt" rule:"readonly" doc:"Until when that one works. Null in events." example:"2034-01-01T00:00:00+00:00"`
	PreviousLastUsedAt *jsonapi.Stamp  `gorm:"-" jsonapi:"attr,previousLastUsedAt" rule:"readonly,fleeting" doc:"When that one was last used, to about a minute. Null in events." example:"2024-08-20T10:45:07+00:00"`
	Key                *string         `gorm:"-" jsonapi:"attr,key" rule:"secret,readonly" doc:"The credential itself. It has a value only in the answer to the request that made it."`

	SecretExpiresAt *jsonapi.Time  `gorm:"-"` // when the secret of KeyID ends
	SecretUsedAt    *jsonapi.Stamp `gorm:"-"` // when it was last used, if it is not the newest
	OrganizationID  *string        `gorm:"column:organization_id"`
	UserID          *string        `gorm:"column:user_id"`
	Version         int64          `gorm:"column:version"`
}

// TableName implements GORM's Tabler.
func (APIKey) TableName() string { return "api_keys" }

func defineAPIKeys(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(APIKey{}), Table: "api_keys", Model: reflect.TypeFor[APIKey](),
		Visible: visibleKeys, Own: "user_id",
		Reached: collection.Reached{Table: "api_keys", Column: "organization_id", Words: reading("apiKeys"), Own: true, Partly: true,
			InOrder: []string{"created_at", "id"}},
		Order:  []string{"api_keys.created_at", "api_keys.id"},
		Always: []string{"version"},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("api_keys.organization_id"),
			"userId":         collection.ByID("api_keys.user_id"),
			"keyId":          byKeyID,
		},
		Beyond:   map[string]collection.FilterBeyond{collection.FilterAncestor: below("api_keys.organization_id")},
		Branches: reading("organizations"), Inherited: &collection.Inherited{Elsewhere: true},
		Gather: gatherKeyIDs,
		Total: func(s collection.Scope, filter, _ string) collection.Counted {
			if filter == "" && s.All() {
				return collection.Counted{Name: countAPIKeys}
			}
			return collection.Counted{}
		},
	}
	declare(c, declaration{
		called: []string{"name"},
		hides: func(s collection.Scope, attributes map[string]any) bool {
			return !s.Manages() && attributes["kind"] == string(ManagementKey)
		},
		tells: []told{
			{created, "A key was created."}, {updated, "A key was changed."},
			{rotated, "A key got a new secret, or a rotation was ended: then no secret is among the changes."},
			{revoked, "A key was deleted and works no more."},
		},
		plans: plans{creates: func(p *Plan, in *Change) {
			p.adds = true
			p.Changes(Organizations, in.Links["organization"].One())
		}},
		leaving:  revokeCredentials,
		counts:   []string{`SELECT 'apiKeys', '', COUNT(*) FROM api_keys`},
		recorded: []Invariant{withoutCreation("api_keys", "apiKey.created")},
		invariants: []Invariant{
			{"a key without a secret", `SELECT id FROM api_keys
				WHERE id NOT IN (SELECT api_key_id FROM credentials WHERE api_key_id IS NOT NULL)`},
			{"a deleted organization with a key",
				`SELECT o.id FROM organizations o JOIN api_keys k ON k.organization_id = o.id WHERE o.deleted_at IS NOT NULL`},
		},
	})
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Keys of that organization."},
		{Name: "userId", Kind: jsonapi.String, Doc: "Keys of that user."},
		byAncestor("Keys"),
		{Name: "keyId", Kind: jsonapi.String, Doc: "The key whose public part that is, also that of before a rotation while it works."},
	}
}

func relateAPIKeys(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organization", CreateOnly: true,
		Doc: "The organization it belongs to, or the root of what a management key sees; null for the whole installation."},
		collection.Relation{Target: Organizations, Column: "organization_id", Evident: true})
	c.Relate(jsonapi.Relationship{Name: "user", CreateOnly: true, Doc: "Whose key it is, of the kind user; null for the others."},
		collection.Relation{Target: Users, Column: "user_id", Evident: true})
}

// visibleKeys returns the condition that a scope sees a key. A management key is not its organization's own: only the management sees it.
func visibleKeys(s collection.Scope) collection.Where {
	w := s.Within(reading("apiKeys"), "api_keys.organization_id")
	if !s.Manages() && w.SQL != "" {
		w = collection.Both(w, collection.Condition("api_keys.kind = 'organization'"))
	}
	return s.OrOwn(w, "api_keys.user_id")
}

// rights returns what the key may do, and until when.
func (k *APIKey) rights() Rights { return Rights{k.Scopes, k.ExpiresAt} }

// CreateAPIKey creates the key that the input describes and returns it with its secret, which is never known again. Nobody makes a key that
// can do more than itself, or for longer; without an expiry it has that of its maker.
func CreateAPIKey(ctx context.Context, db *store.DB, by Caller, in *Change) (*APIKey, error) {
	if err := in.check(APIKeys, toCreate); err != nil {
		return nil, err
	}
	return store.Resulting(ctx, db, func(tx *store.DB) (key *APIKey, err error) {
		now := jsonapi.Stamp{Time: tx.Now()}
		key = &APIKey{
			ID: NewID(), CreatedAt: now, UpdatedAt: now, Kind: string(OrganizationKey), Scopes: jsonapi.Strings{},
			ExpiresAt: by.Rights.Until, Version: 1,
		}
		if by.User() != "" && len(in.Links["organization"]) == 0 {
			key.Kind = string(UserKey)
		}
		APIKeys.Schema.Apply(key, in.Attributes)
		if err := own(ctx, tx, by, in, key); err != nil {
			return nil, err
		}
		held, err := by.over(ctx, tx, key)
		if err != nil {
			return nil, err
		}
		if err := checkAPIKey(tx, nil, key); err != nil {
			return nil, err
		}
		if err := checkGain(held, nil, key); err != nil {
			return nil, err
		}
		if err := roomForKey(ctx, tx, key); err != nil {
			return nil, err
		}
		if err := insert(ctx, tx, APIKeys, key); err != nil {
			return nil, err
		}
		if err := checkUnchanged(APIKeys, key, in, true); err != nil {
			return nil, err
		}
		tx.Count(countAPIKeys, "", 1)
		err = record(ctx, tx, by, change{verb: created, collection: APIKeys, organization: deref(key.OrganizationID), after: key})
		if err != nil {
			return nil, err
		}
		return key, addSecret(ctx, tx, key)
	})
}

// UpdateAPIKey changes the name, the scopes or the expiry of a key. A caller changes none that can do more than itself.
func UpdateAPIKey(ctx context.Context, db *store.DB, by Caller, id string, in *Change) (*APIKey, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (key *APIKey, err error) {
		before, err := lock[APIKey](ctx, tx, APIKeys, by.Scope, id)
		if err != nil {
			return nil, err
		}
		held, err := by.over(ctx, tx, before)
		if err != nil {
			return nil, err
		}
		if err := checkVersion(before.Version, in.Versions); err != nil {
			return nil, err
		}
		if err := in.check(APIKeys, toUpdate); err != nil {
			return nil, err
		}
		if len(in.Echo) > 0 { // somebody sends back what they read
			if err := FillKeyIDs(ctx, tx, before); err != nil {
				return nil, err
			}
		}
		copied := *before
		key = &copied
		if err := checkUnchanged(APIKeys, key, in, false); err != nil {
			return nil, err
		}
		columns := APIKeys.Schema.Apply(key, in.Attributes)
		if reflect.DeepEqual(before, key) {
			return key, nil
		}
		if err := checkTouch(held, before); err != nil {
			return nil, err
		}
		if err := checkAPIKey(tx, before, key); err != nil {
			return nil, err
		}
		if err := checkGain(held, before, key); err != nil {
			return nil, err
		}
		return key, saveAPIKey(ctx, tx, by, updated, before, key, columns)
	})
}

// saveAPIKey writes the columns of a key and records the event, with the names of secrets that changed.
func saveAPIKey(
	ctx context.Context, tx *store.DB, by Caller, v verb, before, key *APIKey, columns []string, secrets ...string,
) error {
	touchesCredential(tx, key.ID, 1)
	key.Version++
	key.UpdatedAt = jsonapi.Stamp{Time: tx.Now()}
	if err := save(ctx, tx, APIKeys, key, append(columns, "version", "updated_at")...); err != nil {
		return err
	}
	return record(ctx, tx, by, change{
		verb: v, collection: APIKeys, organization: deref(key.OrganizationID), before: before, after: key, secrets: secrets,
	})
}

// RotateAPIKey gives a key a new secret and returns it. Earlier secrets go on working for the overlap and are dead afterwards.
// A caller who holds less than the key, or for less long, cannot: it would be shown a secret that can do more than its own.
func RotateAPIKey(ctx context.Context, db *store.DB, by Caller, id string, overlap time.Duration) (*APIKey, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (key *APIKey, err error) {
		before, err := lock[APIKey](ctx, tx, APIKeys, by.Scope, id)
		if err != nil {
			return nil, err
		}
		held, err := by.over(ctx, tx, before)
		if err != nil {
			return nil, err
		}
		if err := checkGain(held, nil, before); err != nil {
			return nil, err
		}
		copied := *before
		key = &copied
		end := tx.Now().Add(overlap)
		err = tx.Later(ctx, "limit earlier secrets",
			`UPDATE credentials SET expires_at = ? WHERE api_key_id = ? AND (expires_at IS NULL OR expires_at > ?)`, end, id, end)
		if err != nil {
			return nil, err
		}
		// Until now it was the one that the key was used by.
		err = tx.Later(ctx, "keep when the secret was used", `UPDATE credentials SET last_used_at =
			(SELECT k.last_used_at FROM api_keys k WHERE k.id = credentials.api_key_id)
			WHERE lookup = (`+madeLast+`)`, id)
		if err != nil {
			return nil, err
		}
		if err := saveAPIKey(ctx, tx, by, rotated, before, key, nil, "key"); err != nil {
			return nil, err
		}
		return key, addSecret(ctx, tx, key)
	})
}

// DeleteAPIKey revokes a key: it is dead when this returns, and gone. The event of it stays. A caller revokes none that can do more than
// itself.
func DeleteAPIKey(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		key, err := lock[APIKey](ctx, tx, APIKeys, by.Scope, id)
		if err != nil {
			return err
		}
		held, err := by.over(ctx, tx, key)
		if err != nil {
			return err
		}
		if err := checkTouch(held, key); err != nil {
			return err
		}
		if err := checkVersion(key.Version, versions); err != nil {
			return err
		}
		return revokeKey(ctx, tx, by, key)
	})
}

// revokeKey removes a key with its secrets.
func revokeKey(ctx context.Context, tx *store.DB, by Caller, key *APIKey) error {
	touchesCredential(tx, key.ID, 1)
	if err := endSessionsBy(ctx, tx, by, key.ID); err != nil {
		return err
	}
	if err := tx.Later(ctx, "delete key", `DELETE FROM api_keys WHERE id = ?`, key.ID); err != nil {
		return err
	}
	tx.Count(countAPIKeys, "", -1)
	return record(ctx, tx, by, change{verb: revoked, collection: APIKeys, organization: deref(key.OrganizationID), before: key})
}

// revokeCredentials removes the token and the keys of an organization.
func revokeCredentials(ctx context.Context, tx *store.DB, by Caller, organization string) error {
	if err := deleteToken(ctx, tx, by, organization); err != nil {
		return err
	}
	return revokeKeys(ctx, tx, by, collection.Condition("organization_id = ?", organization))
}

// revokeKeysOf removes the keys of a user.
func revokeKeysOf(ctx context.Context, tx *store.DB, by Caller, user string) error {
	return revokeKeys(ctx, tx, by, collection.Condition("user_id = ?", user))
}

// revokeKeys removes keys until there are none: while it waits for a request that is under way with one of them, that may make another.
func revokeKeys(ctx context.Context, tx *store.DB, by Caller, which collection.Where) error {
	for {
		var keys []*APIKey
		q := APIKeys.From(ctx, tx, which).Clauses(forUpdate)
		if err := q.Order("id").Find(&keys).Error; err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
		if len(keys) == 0 {
			return nil
		}
		for _, key := range keys {
			if err := revokeKey(ctx, tx, by, key); err != nil {
				return err
			}
		}
	}
}

// addSecret makes a new secret for a key and puts its text into the model.
func addSecret(ctx context.Context, tx *store.DB, key *APIKey) error {
	secret := NewSecret(KeyKind(key.Kind))
	key.Key = &secret.Text
	return insertCredential(ctx, tx, credential{Secret: secret, apiKeyID: &key.ID})
}

// firstKey is the name under which the installation remembers that its first management key was made.
const firstKey = "first_management_key"

// HasManagementKey reports whether somebody was given a management key of the whole installation, or ever was.
func HasManagementKey(ctx context.Context, db *store.DB) (has bool, err error) {
	err = db.Session(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM installation WHERE name = ?)
		OR EXISTS (SELECT 1 FROM api_keys WHERE kind = ? AND organization_id IS NULL)`, firstKey, ManagementKey).Scan(&has).Error
	if err != nil {
		return false, fmt.Errorf("look for a management key: %w", err)
	}
	return has, nil
}

// CreateFirstManagementKey creates a management key for the whole installation and returns its secret, the first time it is called on a
// database, unless somebody has made one before; then, and later, it returns "".
func CreateFirstManagementKey(ctx context.Context, db *store.DB) (string, error) {
	secret := ""
	err := store.Transaction(ctx, db, func(tx *store.DB) error {
		secret = ""
		if made, err := HasManagementKey(ctx, tx); err != nil || made {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`,
			firstKey, tx.Now().Format(time.RFC3339))
		if err != nil {
			return fmt.Errorf("claim first key: %w", err)
		}
		if n == 0 {
			return nil
		}
		in := &Change{Attributes: map[string]any{
			"name": "First management key", "kind": string(ManagementKey), "scopes": jsonapi.Strings{EveryScope},
		}}
		key, err := CreateAPIKey(ctx, tx, System("first start"), in)
		if err != nil {
			return err
		}
		secret = *key.Key
		return nil
	})
	return secret, err
}
