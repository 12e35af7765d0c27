package main

import (
	"slices"
	"strings"
	"time"

	"roster/jsonapi"
	"roster/models"
)

// The roles that the owner of the demo's company makes.
var ownRoles = []struct {
	part        int // whose it is
	key, name   string
	permissions jsonapi.Strings
	rank        int64
	inheritable bool
}{
	{theAccountant, "accountant", "Accountant", jsonapi.Strings{"organizations:read", "users:read", "invoices:approve"}, 30, true},
	{theDirector, "director", "Director", jsonapi.Strings{"organizations:read", "users:read", "budgets:approve"}, 40, false},
}

// storyDays is how many days back the story goes: as far as series of endpoints, and deliveries, are kept.
const storyDays = 29

// beginnings are what was set up when it began: roles, keys, endpoints.
func (s *story) beginnings(passwords [theFormer]*models.Change) []scene {
	all := []scene{
		{s.on(storyDays, 7, 30), func() error { return s.setPasswords(passwords) }},
		{s.on(storyDays, 8, 10), s.makeRoles},
		{s.on(storyDays, 8, 40), func() error { return s.makeOwnKey(theOwner, "HR system", 61, "users:read", "users:write") }},
		{s.on(28, 9, 5), func() error { return s.makeKey("Badge terminals", 6, "organizations:read", "users:read") }},
		{s.on(25, 16, 20), func() error { return s.makeKey("Data migration", 0, "organizations:read", "users:read") }},
		{s.on(21, 10, 30), func() error { return s.makeKey("Door controllers", 120, "users:read") }},
		{s.on(28, 9, 50), func() error { return s.makeOwnKey(theOwner, "Spreadsheet", 2, "organizations:read", "users:read") }},
		{s.on(28, 10, 40), func() error { return s.makeOwnKey(theManager, "Spreadsheet", 5, "organizations:read", "users:read") }},
	}
	for _, e := range demoEndpoints {
		all = append(all, scene{s.on(e.since, 11, 15), func() error { return s.makeEndpoint(e) }})
	}
	return all
}

// makeRoles has the owner make the company's own roles, and give them.
func (s *story) makeRoles() error {
	for _, own := range ownRoles {
		role, err := models.CreateRole(s.ctx, s.tx, s.by(theOwner), &models.Change{
			Attributes: map[string]any{
				"key": own.key, "name": own.name, "permissions": own.permissions, "rank": own.rank, "inheritable": own.inheritable,
			},
			Links: map[string]models.Links{"organization": {s.company.ID}},
		})
		if err != nil {
			return err
		}
		in := &models.Change{Links: map[string]models.Links{"roles": {role.ID}}}
		if _, err := models.UpdateMembership(s.ctx, s.tx, s.by(theOwner), s.actors[own.part].membership, in); err != nil {
			return err
		}
	}
	return nil
}

// makeKey has the owner make a key of the company that ends in so many days, 0 for never.
func (s *story) makeKey(name string, days int, scopes ...string) error {
	in := &models.Change{
		Attributes: map[string]any{"name": name, "scopes": jsonapi.Strings(scopes)},
		Links:      map[string]models.Links{"organization": {s.company.ID}},
	}
	if days > 0 {
		in.Attributes["expiresAt"] = s.inDays(days)
	}
	key, err := models.CreateAPIKey(s.ctx, s.tx, s.by(theOwner), in)
	s.keys[name] = key
	return err
}

// makeOwnKey has somebody make a key of their own that ends in so many days.
func (s *story) makeOwnKey(part int, name string, days int, scopes ...string) error {
	key, err := models.CreateAPIKey(s.ctx, s.tx, s.by(part), &models.Change{Attributes: map[string]any{
		"name": name, "scopes": jsonapi.Strings(scopes), "expiresAt": s.inDays(days),
	}})
	s.keys[name] = key
	return err
}

func (s *story) inDays(n int) jsonapi.Time {
	return jsonapi.Time{Time: s.now.AddDate(0, 0, n).Truncate(time.Second)}
}

// rotateKey gives a key another secret. The one before works for three days more, and a program goes on using it.
func (s *story) rotateKey(name string) error {
	before := s.keys[name]
	if err := models.TouchAPIKeys(s.ctx, s.tx, map[string]time.Time{before.ID: s.tx.Now().Add(-time.Minute)}); err != nil {
		return err
	}
	after, err := models.RotateAPIKey(s.ctx, s.tx, s.by(theOwner), before.ID, 3*24*time.Hour)
	if err != nil {
		return err
	}
	s.keys[name] = after
	holder, err := models.FindHolder(s.ctx, s.tx, *before.Key)
	if err != nil {
		return err
	}
	err = models.TouchSecrets(s.ctx, s.tx, map[string]time.Time{holder.Retiring(): s.now.Add(-11 * time.Minute)})
	if err != nil {
		return err
	}
	return models.TouchAPIKeys(s.ctx, s.tx, map[string]time.Time{after.ID: s.now.Add(-3 * time.Minute)})
}

// invitations has people of the cast ask others to join, who answer or do not.
func (s *story) invitations() []scene {
	domain := (*s.actors[theOwner].Email)[strings.IndexByte(*s.actors[theOwner].Email, '@'):]
	var all []scene
	ask := func(at time.Time, by actor, email string, answerAt time.Time, answer func(inv *models.Invitation, token string) error) {
		var inv *models.Invitation
		all = append(all, scene{at, func() (err error) {
			inv, err = models.CreateInvitation(s.ctx, s.tx, s.byActor(by), &models.Change{
				Attributes: map[string]any{"email": email, "message": "Welcome to " + by.home.Name + "!"},
				Links:      map[string]models.Links{"organization": {by.home.ID}, "roles": {models.RoleViewer}},
			})
			return err
		}})
		if answer != nil {
			all = append(all, scene{answerAt, func() error {
				_, token, _ := strings.Cut(*inv.URL, "#token=")
				return answer(inv, token)
			}})
		}
	}
	if s.host.User != nil {
		ask(s.on(20, 9, 20), s.host, *s.actors[theMember].Email, s.on(19, 10, 5), func(_ *models.Invitation, token string) error {
			_, err := models.AcceptInvitation(s.ctx, s.tx, s.by(theMember), token, &models.Change{})
			return err
		})
	}
	ask(s.on(15, 14, 40), s.actors[theOwner], "candidate"+domain, s.on(14, 8, 50), func(_ *models.Invitation, token string) error {
		_, err := models.DeclineInvitation(s.ctx, s.tx, idAt(s.rand, s.tx.Now()), token)
		return err
	})
	ask(s.on(12, 11, 10), s.actors[theManager], "trainee"+domain, time.Time{}, nil) // has expired
	ask(s.on(6, 15, 30), s.actors[theAdmin], "typing.error"+domain, s.on(6, 15, 36), func(inv *models.Invitation, _ string) error {
		return models.DeleteInvitation(s.ctx, s.tx, s.by(theAdmin), inv.ID, nil)
	})
	ask(s.ago(6*24*time.Hour+5*time.Hour), s.actors[theOwner], "external.auditor"+domain, time.Time{}, nil) // ends within a day
	ask(s.on(2, 9, 45), s.actors[theManager], "new.colleague"+domain, time.Time{}, nil)                     // is open
	return all
}

// changesOfTheTree are about organizations: one that was made by mistake, one that moves, one that ends.
func (s *story) changesOfTheTree() []scene {
	var made *models.Organization
	place := s.line[min(1, len(s.line)-1)]
	all := []scene{
		{s.on(24, 13, 20), func() (err error) {
			made, err = models.CreateOrganization(s.ctx, s.tx, s.by(theOwner), &models.Change{
				Attributes: map[string]any{"name": "Pilot: one badge for all", "kind": "project", "slug": "pilot-" + s.company.Slug},
				Links:      map[string]models.Links{"parent": {s.company.ID}},
			})
			return err
		}},
		{s.on(9, 16, 40), func() error { return models.DeleteOrganization(s.ctx, s.tx, s.by(theOwner), made.ID, nil) }},
	}
	if place != s.company {
		all = append(all, scene{s.on(22, 9, 30), func() error {
			_, err := models.MoveBranch(s.ctx, s.tx, s.by(theOwner), models.Move{Organization: made.ID, To: place.ID})
			return err
		}})
	}
	// What the administrator and the manager see is what it was: they go on with it.
	free := s.tree.leaves(s.tree.below(s.company.ID, append(s.tree.below(s.actors[theManager].home.ID, nil), s.line...)))
	aside := slices.DeleteFunc(slices.Clone(free), func(org *models.Organization) bool {
		return slices.Contains(s.tree.below(place.ID, nil), org)
	})
	if len(aside) > 0 && place != s.company {
		all = append(all, scene{s.on(17, 10, 50), func() error {
			_, err := models.MoveBranch(s.ctx, s.tx, s.by(theOwner), models.Move{Organization: aside[0].ID, To: place.ID})
			return err
		}})
	}
	if len(free) > 1 {
		ended := free[len(free)-1]
		all = append(all, scene{s.on(13, 17, 15), func() error {
			last := jsonapi.Time{Time: s.on(12, 0, 0).Truncate(24 * time.Hour)}
			_, err := models.UpdateOrganization(s.ctx, s.tx, s.by(theOwner), ended.ID, &models.Change{Attributes: map[string]any{
				"validFrom": jsonapi.Time{Time: ended.CreatedAt.Truncate(24 * time.Hour)}, "validTo": last,
				"description": "Closed; its people have moved on",
			}})
			return err
		}})
	}
	return all
}
