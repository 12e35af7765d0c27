package main

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
	"time"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/webhooks"
)

// story is what the cast of a demo does in the weeks before it is shown, written down in one transaction, by the functions that would do
// it. Unlike the organizations and people it depends on the clock: what is open is open, and what ends soon ends soon. It is made from the
// seed but for that, and for the ids of what it makes.
type story struct {
	*cast
	ctx  context.Context
	tx   *store.DB // its clock stands where the story is
	now  time.Time // when it is told
	rand *rand.Rand
	past *webhooks.Past
	seen map[string]time.Time // when people were there last

	keys      map[string]*models.APIKey // of organizations, by name
	endpoints map[string]*models.Webhook
}

// scene is something that happens at a time.
type scene struct {
	at  time.Time
	act func() error
}

// tell lets scenes happen in the order of their times. What they change is delivered meanwhile, as far as there is somebody to receive it.
// Each has numbers of its own: some are told by the clock and some by the day, so that their order depends on when the story is told.
func (s *story) tell(scenes []scene) error {
	for i, sc := range scenes {
		numbers := s.choices(3 + uint64(i))
		scenes[i].act = func() error {
			s.rand = numbers
			return sc.act()
		}
	}
	scenes = slices.DeleteFunc(scenes, func(sc scene) bool { return sc.at.After(s.now) })
	slices.SortStableFunc(scenes, func(a, b scene) int { return a.at.Compare(b.at) })
	tx, day := s.tx, time.Time{}
	for _, sc := range scenes {
		if d := sc.at.Truncate(24 * time.Hour); d.After(day) {
			if err := s.past.Until(s.ctx, tx, d); err != nil {
				return err
			}
			day = d
		}
		s.tx = tx.At(sc.at)
		if err := sc.act(); err != nil {
			return fmt.Errorf("what happened %s ago: %w", s.now.Sub(sc.at).Round(time.Minute), err)
		}
	}
	s.tx = tx
	if err := s.past.Until(s.ctx, tx, s.now); err != nil {
		return err
	}
	return models.TouchUsers(s.ctx, tx, s.seen)
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
		password = cryptorand.Text()
	}
	passwords, err := c.hash(ctx, db, password)
	if err != nil {
		return err
	}
	var told *story
	printed := false
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		told = newStory(ctx, tx, c)
		err := told.tell(slices.Concat(told.beginnings(passwords), told.invitations(), told.changesOfTheTree(), told.everyday(),
			told.lately()))
		if err != nil || printed {
			return err
		}
		// Before it is kept: a password that cannot be printed is nobody's, and another run gives another one.
		_, err = fmt.Fprintf(out, "\nThese people sign in with the password %s, which is shown this once:\n\n", password)
		printed = err == nil
		return err
	})
	if err != nil {
		return fmt.Errorf("let people of the demo sign in: %w", err)
	}
	if err := c.print(ctx, db, out); err != nil {
		return err
	}
	return told.printSights(ctx, db, out)
}

func newStory(ctx context.Context, tx *store.DB, c *cast) *story {
	return &story{
		cast: c, ctx: ctx, tx: tx, now: tx.Now(), rand: c.choices(1), past: webhooks.NewPast("Roster-Webhooks/"+version(), c.choices(2)),
		seen: map[string]time.Time{}, keys: map[string]*models.APIKey{}, endpoints: map[string]*models.Webhook{},
	}
}

// choices returns the random numbers of a part of the story: the same seed gives the same story.
func (c *cast) choices(part uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.key, part)) //nolint:gosec // nothing secret hangs on it
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

// on returns a time of a day so many days ago, a few minutes off.
func (s *story) on(daysAgo, hour, minute int) time.Time {
	day := s.now.Truncate(24*time.Hour).AddDate(0, 0, -daysAgo)
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + s.upTo(4*time.Minute))
}

// ago returns a time before the story is told, a few minutes off.
func (s *story) ago(d time.Duration) time.Time { return s.now.Add(-d - s.upTo(4*time.Minute)) }

func (s *story) upTo(d time.Duration) time.Duration {
	return time.Duration(s.rand.Int64N(int64(d))).Truncate(time.Millisecond)
}

// by is somebody as they act in a browser, in a request of its own.
func (s *story) by(part int) models.Caller { return s.byActor(s.actors[part]) }

func (s *story) byActor(a actor) models.Caller {
	s.seen[a.ID] = s.tx.Now()
	return models.Caller{
		Kind: models.BySession, ID: a.ID, Name: *a.FirstName + " " + *a.LastName, Scope: collection.Person(a.ID),
		Rights: models.Rights{Scopes: []string{models.EveryScope}}, RequestID: idAt(s.rand, s.tx.Now()),
	}
}

// byKey is a program that acts with a key of that name, in a request of its own.
func (s *story) byKey(name string) (models.Caller, error) {
	holder, err := models.FindHolder(s.ctx, s.tx, *s.keys[name].Key)
	if err != nil {
		return models.Caller{}, err
	}
	return holder.Caller(idAt(s.rand, s.tx.Now())), s.use(name)
}

// use notes that a key of that name was used.
func (s *story) use(name string) error {
	return models.TouchAPIKeys(s.ctx, s.tx, map[string]time.Time{s.keys[name].ID: s.tx.Now()})
}

// print tells who can sign in, and how many organizations each sees.
func (c *cast) print(ctx context.Context, db *store.DB, out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
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
