package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
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

// story is what the cast of a demo does in the days before it is shown, written down in one transaction, by the functions that would do it.
// Unlike the organizations and people it depends on the clock: what is open is open, and what ends soon ends soon.
type story struct {
	*cast
	ctx context.Context
	tx  *store.DB
}

// checkPassword refuses a password that nobody could set. The error does not repeat it.
func checkPassword(password string) error {
	if wrong := models.Users.Schema.Attribute("password").Check(password); wrong != "" {
		return errors.New("the password " + wrong)
	}
	return nil
}

// play gives the cast a password, "" for a random one, and lets them do what they do, unless they have done so. It prints who they are.
func (c *cast) play(ctx context.Context, db *store.DB, password string, out io.Writer) error {
	var played int64
	err := models.Invitations.From(ctx, db, collection.Condition("organization_id = ?", c.company.ID)).Count(&played).Error
	if err != nil {
		return fmt.Errorf("look for invitations of the demo: %w", err)
	}
	if played > 0 {
		return nil
	}
	if password == "" {
		password = rand.Text()
	}
	passwords, err := c.hash(ctx, db, password)
	if err != nil {
		return err
	}
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		s := &story{c, ctx, tx}
		for _, chapter := range []func() error{
			func() error { return s.setPasswords(passwords) }, s.makeRoles, s.invite, s.makeKeys,
		} {
			if err := chapter(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("let people of the demo sign in: %w", err)
	}
	return c.print(ctx, db, password, out)
}

// hash works out what is kept of the password, for each with a salt of its own: equal ones would tell in a dump who has the same password,
// and one guess would be tried on all of them at once. That costs, so it is for a few people.
func (c *cast) hash(ctx context.Context, db *store.DB, password string) (all [theFormer]*models.Change, err error) {
	for part := range all {
		all[part] = &models.Change{Attributes: map[string]any{"password": password}}
		if err := models.HashPassword(ctx, db, all[part]); err != nil {
			return all, err
		}
	}
	return all, nil
}

func (s *story) setPasswords(changes [theFormer]*models.Change) error {
	for part, in := range changes {
		if _, err := models.UpdateUser(s.ctx, s.tx, models.System("demo"), s.actors[part].ID, in); err != nil {
			return err
		}
	}
	return nil
}

// daysAgo returns the transaction with the clock of that time.
func (s *story) daysAgo(n int) *store.DB { return s.tx.At(s.tx.Now().AddDate(0, 0, -n)) }

// caller is somebody as they act in a browser.
func (a actor) caller() models.Caller {
	return models.Caller{
		Kind: models.BySession, ID: a.ID, Name: *a.FirstName + " " + *a.LastName, Scope: collection.Person(a.ID),
		Rights: models.Rights{Scopes: []string{models.EveryScope}},
	}
}

// makeRoles has the owner make the company's own roles, and give them.
func (s *story) makeRoles() error {
	owner := s.actors[theOwner].caller()
	for _, own := range ownRoles {
		role, err := models.CreateRole(s.ctx, s.daysAgo(30), owner, &models.Change{
			Attributes: map[string]any{
				"key": own.key, "name": own.name, "permissions": own.permissions, "rank": own.rank, "inheritable": own.inheritable,
			},
			Links: map[string]models.Links{"organization": {s.company.ID}},
		})
		if err != nil {
			return err
		}
		in := &models.Change{Links: map[string]models.Links{"roles": {role.ID}}}
		if _, err := models.UpdateMembership(s.ctx, s.daysAgo(30), owner, s.actors[own.part].membership, in); err != nil {
			return err
		}
	}
	return nil
}

// makeKeys has people make keys of their own that are about to end.
func (s *story) makeKeys() error {
	for part, days := range map[int]int{theOwner: 2, theManager: 5} {
		_, err := models.CreateAPIKey(s.ctx, s.daysAgo(28), s.actors[part].caller(), &models.Change{Attributes: map[string]any{
			"name": "Spreadsheet", "scopes": jsonapi.Strings{"organizations:read", "users:read"},
			"expiresAt": jsonapi.Time{Time: s.tx.Now().AddDate(0, 0, days).Truncate(time.Second)},
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// invite has people of the cast ask others to join, who answer or do not.
func (s *story) invite() error {
	domain := (*s.actors[theOwner].Email)[strings.IndexByte(*s.actors[theOwner].Email, '@'):]
	for _, i := range []struct {
		by     actor
		email  string
		ago    int
		answer func(inv *models.Invitation, token string) error
	}{
		{s.host, *s.actors[theMember].Email, 20, func(_ *models.Invitation, token string) error {
			_, err := models.AcceptInvitation(s.ctx, s.daysAgo(19), s.actors[theMember].caller(), token, &models.Change{})
			return err
		}},
		{s.actors[theOwner], "candidate" + domain, 15, func(_ *models.Invitation, token string) error {
			_, err := models.DeclineInvitation(s.ctx, s.daysAgo(14), "", token)
			return err
		}},
		{s.actors[theManager], "trainee" + domain, 12, nil}, // has expired
		{s.actors[theAdmin], "typing.error" + domain, 6, func(inv *models.Invitation, _ string) error {
			return models.DeleteInvitation(s.ctx, s.daysAgo(6), s.actors[theAdmin].caller(), inv.ID, nil)
		}},
		{s.actors[theManager], "new.colleague" + domain, 2, nil}, // is open
	} {
		if i.by.User == nil {
			continue
		}
		inv, err := models.CreateInvitation(s.ctx, s.daysAgo(i.ago), i.by.caller(), &models.Change{
			Attributes: map[string]any{"email": i.email, "message": "Welcome to " + i.by.home.Name + "!"},
			Links:      map[string]models.Links{"organization": {i.by.home.ID}, "roles": {models.RoleViewer}},
		})
		if err == nil && i.answer != nil {
			_, token, _ := strings.Cut(*inv.URL, "#token=")
			err = i.answer(inv, token)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// print tells who can sign in, with what, and how many organizations each sees.
func (c *cast) print(ctx context.Context, db *store.DB, password string, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "\nThese people sign in with the password %s, which is shown this once:\n\n", password)
	fmt.Fprintln(table, "ADDRESS\tROLE\tAT\tORGANIZATIONS SEEN")
	for part, a := range c.actors[:theFormer] {
		page, err := collection.List(ctx, db, models.Organizations, collection.Person(a.ID),
			&jsonapi.Query{Page: jsonapi.Page{Number: 1, Size: 1}})
		if err != nil {
			return fmt.Errorf("count what people of the demo see: %w", err)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", *a.Email, roles[part].title, a.home.Name, page.Total)
	}
	return table.Flush()
}
