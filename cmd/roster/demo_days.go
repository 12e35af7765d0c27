package main

import (
	"fmt"
	"time"

	"roster/models"
)

// everyday is what happens on each of the days: people are moved and told, a program keeps them in step at night. Weekends are quiet.
func (s *story) everyday() []scene {
	var all []scene
	for day := storyDays - 1; day > 0; day-- {
		all = append(all, scene{s.on(day, 2, 10), func() error { return s.keepInStep(1 + s.rand.IntN(3)) }})
		if at := s.on(day, 0, 0).Weekday(); at == time.Saturday || at == time.Sunday {
			continue
		}
		for range 4 + s.rand.IntN(5) {
			all = append(all, scene{s.on(day, 7+s.rand.IntN(11), s.rand.IntN(55)), s.someChange})
		}
	}
	return all
}

// lately is what happened in the last two days: so much that whoever looks finds something, whatever day of the week it is.
func (s *story) lately() []scene {
	var all []scene
	for hours := 23; hours > 0; hours -= 2 {
		all = append(all, scene{s.ago(time.Duration(hours) * time.Hour), func() error { return s.keepInStep(1) }})
	}
	for _, ago := range []time.Duration{
		29 * time.Hour, 9 * time.Hour, 8 * time.Hour, 6 * time.Hour, 5 * time.Hour, 4 * time.Hour, 3 * time.Hour, 2 * time.Hour,
		95 * time.Minute, 50 * time.Minute, 25 * time.Minute,
	} {
		all = append(all, scene{s.ago(ago), s.someChange})
	}
	return append(all,
		scene{s.on(9, 9, 10), s.sendAgain},
		scene{s.on(2, 17, 30), func() error { return s.pause("Data warehouse") }},
		scene{s.ago(3 * time.Hour), func() error { return s.use("Badge terminals") }},
		scene{s.ago(21 * time.Hour), func() error { return s.rotateKey("Door controllers") }},
		scene{s.ago(26 * time.Hour), func() error { return s.rotateSecret("Payroll") }},
	)
}

// someone returns a membership of somebody without a part, nil if there is nobody.
func (s *story) someone() *models.Membership {
	if len(s.others) == 0 {
		return nil
	}
	return pick(s.rand, s.others)
}

// inCharge returns one of those of the cast who are in charge of the people of an organization.
func (s *story) inCharge(organization string) models.Caller {
	if s.rand.IntN(3) > 0 && s.actors[theAdmin].home != s.company {
		for _, org := range s.tree.below(s.actors[theAdmin].home.ID, nil) {
			if org.ID == organization {
				return s.by(theAdmin)
			}
		}
	}
	return s.by(theOwner)
}

// someChange has somebody do one of the things that owners and administrators do.
func (s *story) someChange() error {
	m := s.someone()
	if m == nil {
		return s.describe()
	}
	switch s.rand.IntN(6) {
	case 0:
		return s.describe()
	case 1, 2:
		role := pick(s.rand, []string{models.RoleMember, models.RoleViewer, models.RoleManager})
		in := &models.Change{Links: map[string]models.Links{"roles": {role}}}
		_, err := models.UpdateMembership(s.ctx, s.tx, s.inCharge(m.OrganizationID), m.ID, in)
		return err
	default:
		return s.changeUser(s.inCharge(m.OrganizationID), m.UserID)
	}
}

// describe changes what an organization of the tree says of itself.
func (s *story) describe() error {
	org := pick(s.rand, s.tree.organizations)
	_, err := models.UpdateOrganization(s.ctx, s.tx, s.inCharge(org.ID), org.ID, &models.Change{Attributes: map[string]any{
		"description": pick(s.rand, descriptions), "locationTracking": s.rand.IntN(2) == 0,
	}})
	return err
}

// keepInStep has the program of the personnel department bring up to date what it knows of some people, in one request.
func (s *story) keepInStep(people int) error {
	by, err := s.byKey("HR system")
	if err != nil {
		return err
	}
	for range people {
		m := s.someone()
		if m == nil {
			return nil
		}
		if err := s.changeUser(by, m.UserID); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) changeUser(by models.Caller, user string) error {
	attributes := map[string]any{"externalId": fmt.Sprintf("E-%06d", s.rand.IntN(1_000_000))}
	if s.rand.IntN(2) == 0 {
		attributes = map[string]any{"phone": fmt.Sprintf("+41 44 %03d %02d %02d", s.rand.IntN(1000), s.rand.IntN(100), s.rand.IntN(100))}
	}
	_, err := models.UpdateUser(s.ctx, s.tx, by, user, &models.Change{Attributes: attributes})
	return err
}

// pause has the administrator of the company stop an endpoint: what it is to get waits.
func (s *story) pause(name string) error {
	_, err := models.UpdateWebhook(s.ctx, s.tx, s.by(theOwner), s.endpoints[name].ID, &models.Change{
		Attributes: map[string]any{"status": models.WebhookPaused},
	})
	return err
}

// rotateSecret gives an endpoint another secret. For three days it is signed with both.
func (s *story) rotateSecret(name string) error {
	_, err := models.RotateWebhookSecret(s.ctx, s.tx, s.by(theOwner), s.endpoints[name].ID, 3*24*time.Hour)
	return err
}
