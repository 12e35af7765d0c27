package models

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// The words of portal links that are not words of the service: reading deliveries, and sending them again, by somebody who need not see or
// change endpoints. Nothing else holds them.
const (
	deliveriesRead  = "webhookDeliveries:read"
	deliveriesWrite = "webhookDeliveries:write"
)

// portalWords are the permissions that a portal link can have.
var portalWords = []string{"webhooks:read", "webhooks:write", deliveriesRead, deliveriesWrite, "events:read"}

// Bounds of portal links: for how many seconds one can be opened, how many its session lasts at most, and how many links an organization
// has at a time.
const (
	maxPortalLife    = 300
	maxPortalSession = 43200
	maxPortalLinks   = 1000
)

// check holds the rules of a new link that concern what its maker may do, or the world outside.
func (l *PortalLink) check(held standing) error {
	var errs store.Errors
	invalid := func(field, message string, args ...any) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: field, Message: fmt.Sprintf(message, args...)})
	}
	if l.ExpiresIn < 1 || l.ExpiresIn > maxPortalLife {
		invalid("expiresIn", "expiresIn must be 1 to %d seconds.", maxPortalLife)
	}
	if l.SessionExpiresIn < 1 || l.SessionExpiresIn > maxPortalSession {
		invalid("sessionExpiresIn", "sessionExpiresIn must be 1 to %d seconds.", maxPortalSession)
	}
	if len(l.Permissions) == 0 {
		invalid("permissions", "A portal link permits something: name one of %s.", strings.Join(portalWords, ", "))
	}
	for _, word := range l.Permissions {
		switch {
		case !slices.Contains(portalWords, word):
			invalid("permissions", "%.60q is no permission of portal links: these are %s.", word, strings.Join(portalWords, ", "))
		case !held.Hold(inService(word)):
			errs = append(errs, &store.Error{Kind: store.Forbidden, Field: "permissions", Permission: inService(word), At: l.OrganizationID,
				Message: fmt.Sprintf("This caller does not hold %s at the organization itself.", inService(word))})
		}
	}
	for _, origin := range l.FrameAncestors {
		if !isPageOrigin(origin) {
			invalid("frameAncestors", "%.100q is no origin such as https://app.example.com: https, or http on this machine, in small "+
				"letters, without a path or a wildcard.", origin)
		}
	}
	if l.ReturnURL != nil {
		if u, err := url.Parse(*l.ReturnURL); err != nil || !isPageOrigin(strings.ToLower(u.Scheme+"://"+u.Host)) {
			invalid("returnUrl", "returnUrl must be a URL of https, or of http on this machine.")
		}
	}
	return errs.Err()
}

// inService returns the word of the service that somebody holds who may give a word of portal links.
func inService(word string) string {
	if verb, of := strings.CutPrefix(word, "webhookDeliveries:"); of {
		return "webhooks:" + verb
	}
	return word
}

// pageOrigin matches origins that may stand in a policy: nothing in them is taken there for anything else. CSP knows no addresses of IPv6.
var pageOrigin = regexp.MustCompile(`^(https?)://([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::([1-9][0-9]{0,4}))?$`)

// isPageOrigin reports whether a text is the origin of a page that nobody on the way can change.
func isPageOrigin(text string) bool {
	parts := pageOrigin.FindStringSubmatch(text)
	if len(text) > 300 || parts == nil {
		return false
	}
	if port := parts[3]; port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil { // there is none, and no browser finds the page
			return false
		}
	}
	return parts[1] == "https" || isOwnMachine(parts[2])
}

// isOwnMachine reports whether a host is the machine that it is spoken of on (RFC 6761 §6.3).
func isOwnMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// checkRoom makes sure that the organization of a link, which is locked, may have one more.
func (l *PortalLink) checkRoom(ctx context.Context, tx *store.DB) error {
	var n int64
	err := PortalLinks.From(ctx, tx, collection.Condition("organization_id = ?", l.OrganizationID),
		collection.Condition("(used_at IS NOT NULL OR expires_at > ?)", tx.Now())).Count(&n).Error
	if err != nil {
		return fmt.Errorf("count portal links: %w", err)
	}
	if n >= maxPortalLinks {
		return &store.Error{Kind: store.Conflict,
			Message: fmt.Sprintf("An organization has at most %d portal links at a time. Delete one that is not needed.", maxPortalLinks)}
	}
	return nil
}

// heard returns the words by which somebody may read what events are about: what an endpoint that they make may be sent.
func (s standing) heard() jsonapi.Strings {
	var words []string
	for _, t := range EventTypes() {
		for _, word := range reads(t.Subject) {
			if s.Hold(word) {
				words = append(words, word)
			}
		}
	}
	return store.SortedUnique(words)
}

// untilThen returns when something ends that lasts for some seconds, and no longer than the credential of who made it.
func untilThen(now time.Time, seconds int64, credential *jsonapi.Time) time.Time {
	end := now.Add(time.Duration(seconds) * time.Second)
	if credential != nil && credential.Before(end) {
		return credential.Time
	}
	return end
}

// atDeliveries is at for who has sent again what was sent. The session of a portal link may be permitted that alone.
func (by Caller) atDeliveries(ctx context.Context, tx *store.DB, organization string) (standing, error) {
	if by.Kind == ByPortalLink && by.Rights.Hold(deliveriesWrite) {
		return by.there(ctx, tx, organization)
	}
	return by.at(ctx, tx, organization, "webhooks:write")
}

// FrameAncestors returns the origins of pages that may embed what a portal link opens, none for a link that is unknown or has ended.
func FrameAncestors(ctx context.Context, db *store.DB, id string) ([]string, error) {
	if !jsonapi.IsID(id) {
		return nil, nil
	}
	var found []*PortalLink
	err := PortalLinks.From(ctx, db, collection.Condition("id = ?", id)).
		Select("frame_ancestors", "used_at", "expires_at", "session_expires_at").Limit(1).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find portal link: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	if found[0].tellState(db.Now()); found[0].State == "expired" {
		return nil, nil
	}
	return found[0].FrameAncestors, nil
}
