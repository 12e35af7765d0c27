package models

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// Origin returns what may be told of a URL that may hold a secret: scheme, host and port.
func Origin(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return "[unreadable URL]"
	}
	return u.Scheme + "://" + u.Host
}

// SealURL returns the two forms in which such a URL is kept: in the clear the origin, encrypted all of it.
func SealURL(v *store.Vault, owner, rawURL string) (origin string, sealed []byte) {
	return Origin(rawURL), v.Seal(urlOwner(owner), rawURL)
}

// OpenURL is the way back. What was kept before URLs were sealed, and is to be sealed yet, is in the clear.
func OpenURL(v *store.Vault, owner, kept string, sealed []byte) (string, error) {
	if sealed == nil {
		return kept, nil
	}
	return v.Open(urlOwner(owner), sealed)
}

// urlOwner keeps URLs apart from other secrets of the same resource.
func urlOwner(owner string) string { return "url of " + owner }

// sealedAtOnce bounds a transaction of sealURLs, which others wait for.
const sealedAtOnce = 200

// sealable are the columns of URLs, in the clear and sealed, by table.
var sealable = map[string]struct{ url, sealed string }{
	"organizations": {"webhook_url", "sealed_webhook_url"},
	"webhooks":      {"url", "sealed_url"},
}

// unsealed is the condition of the rows of a table whose URL is kept in the clear. There is an index of them.
func unsealed(table string) string {
	return sealable[table].sealed + " IS NULL AND " + sealable[table].url + " IS NOT NULL"
}

// sealURLs seals the URLs that earlier versions have kept in the clear, and cuts what events tell of them down to the origin. It goes on
// where it was interrupted, and does next to nothing once it is done. Several processes may call it at once. Bodies that were rendered
// before stay as they are, and go with their deliveries.
func sealURLs(ctx context.Context, db *store.DB) error {
	for _, table := range sortedKeys(sealable) {
		kept := sealable[table]
		for more := true; more; {
			err := store.Transaction(ctx, db, func(tx *store.DB) error {
				var rows []struct{ ID, URL string }
				err := tx.Session(ctx).Raw(`SELECT id, ` + kept.url + ` AS url FROM ` + table + ` WHERE ` + unsealed(table) + `
					ORDER BY id LIMIT ` + fmt.Sprint(sealedAtOnce) + tx.Locking(" SKIP LOCKED")).Scan(&rows).Error
				if err != nil {
					return err
				}
				for _, row := range rows {
					origin, sealed := SealURL(tx.Vault(), row.ID, row.URL)
					_, err := tx.Exec(ctx, `UPDATE `+table+` SET `+kept.url+` = ?, `+kept.sealed+` = ? WHERE id = ?`,
						origin, sealed, row.ID)
					if err != nil {
						return err
					}
				}
				more = len(rows) == sealedAtOnce
				return nil
			})
			if err != nil {
				return fmt.Errorf("seal URLs of %s: %w", table, err)
			}
		}
	}
	return cutURLsOfEvents(ctx, db)
}

// The installation keeps under cutMark the id of the last event that cutURLsOfEvents has looked at, and cutDone in the end.
const (
	cutMark = "events_without_urls"
	cutDone = "done"
)

// cutURLsOfEvents takes out of events what earlier versions have told of URLs beyond their origin. It is the only thing that ever changes
// an event.
func cutURLsOfEvents(ctx context.Context, db *store.DB) error {
	for done := false; !done; {
		err := store.Transaction(ctx, db, func(tx *store.DB) error {
			_, err := tx.Exec(ctx, `INSERT INTO installation (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`,
				cutMark, NoOrganization)
			if err != nil {
				return err
			}
			var last string
			row := tx.Session(ctx).Raw(`SELECT value FROM installation WHERE name = ?`+tx.Locking(""), cutMark).Row()
			if err := row.Scan(&last); err != nil {
				return err
			}
			if done = last == cutDone; done {
				return nil
			}
			var rows []struct {
				ID, SubjectType, Data string
				Changes               *string
			}
			err = tx.Session(ctx).Raw(`SELECT id, subject_type, data, changes FROM events WHERE id > ? AND subject_type IN (?, ?)
				ORDER BY id LIMIT ?`,
				last, Organizations.Schema.Type, Webhooks.Schema.Type, sealedAtOnce).Scan(&rows).Error
			if err != nil {
				return err
			}
			last = cutDone
			for _, row := range rows {
				last = row.ID
				data, changes, cut, err := cutURLs(CollectionOf(row.SubjectType), row.Data, deref(row.Changes))
				if err != nil {
					return fmt.Errorf("event %s: %w", row.ID, err)
				}
				if !cut {
					continue
				}
				if _, err := tx.Exec(ctx, `UPDATE events SET data = ?, changes = ? WHERE id = ?`,
					data, optional(changes), row.ID); err != nil {
					return err
				}
			}
			_, err = tx.Exec(ctx, `UPDATE installation SET value = ? WHERE name = ?`, last, cutMark)
			return err
		})
		if err != nil {
			return fmt.Errorf("cut URLs of events: %w", err)
		}
	}
	return nil
}

// cutURLs returns the data and the changes of an event with the origin in place of each URL that may hold a secret, and whether there was
// one.
func cutURLs(c *collection.Collection, data, changes string) (cutData, cutChanges string, cut bool, err error) {
	within := func(text string, edit func(members map[string]json.RawMessage) error) (string, error) {
		members := map[string]json.RawMessage{}
		if text == "" {
			return "", nil
		}
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			return "", err
		}
		if err := edit(members); err != nil {
			return "", err
		}
		encoded, err := jsonapi.Marshal(members)
		return string(encoded), err
	}
	shorten := func(members map[string]json.RawMessage, name string) {
		var text *string
		if json.Unmarshal(members[name], &text) != nil || text == nil || Origin(*text) == *text {
			return
		}
		cut = true
		members[name], _ = jsonapi.Marshal(Origin(*text)) // a string always encodes
	}
	for _, a := range c.Schema.Attributes {
		if !a.OriginOnly {
			continue
		}
		data, err = within(data, func(resource map[string]json.RawMessage) error {
			attributes, err := within(string(resource["attributes"]), func(attributes map[string]json.RawMessage) error {
				shorten(attributes, a.Name)
				return nil
			})
			if attributes != "" {
				resource["attributes"] = json.RawMessage(attributes)
			}
			return err
		})
		if err != nil {
			return "", "", false, err
		}
		changes, err = within(changes, func(changed map[string]json.RawMessage) error {
			pair, err := within(string(changed[a.Name]), func(pair map[string]json.RawMessage) error {
				shorten(pair, "before")
				shorten(pair, "after")
				return nil
			})
			if pair != "" {
				changed[a.Name] = json.RawMessage(pair)
			}
			return err
		})
		if err != nil {
			return "", "", false, err
		}
	}
	return data, changes, cut, nil
}
