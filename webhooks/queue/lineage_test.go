package queue_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
)

// sending is an event and what each organization of endpoints is sent of it, by organization.
type sending struct {
	event *models.QueuedEvent
	sent  map[string]string
}

// fanOut takes events out of the queue, in the order of their positions, and returns what would be sent.
func fanOut(ctx context.Context, tx *store.DB, c queue.EventClaim) ([]sending, error) {
	claimed, err := queue.ClaimEvents(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	events := claimed.Events
	subscribers, err := models.FindSubscribers(ctx, tx, events, claimed.Numbers...)
	if err != nil {
		return nil, err
	}
	var messages []*models.Message
	for _, e := range events {
		own := map[string]bool{}
		for _, s := range subscribers.Of(e) {
			if !own[s.Owner] {
				own[s.Owner] = true
				messages = append(messages, s.Message(e))
			}
		}
	}
	if err := models.DescribeMessages(ctx, tx, messages); err != nil {
		return nil, err
	}
	var out []sending
	for _, e := range events {
		one := sending{e, map[string]string{}}
		for _, m := range messages {
			if m.Event == e {
				actor, err := jsonapi.Marshal(m.Actor)
				if err != nil {
					return nil, err
				}
				one.sent[m.Owner] = fmt.Sprintf("%s %s %s %s", m.OrganizationName, actor, m.Changes, m.Resource)
			}
		}
		out = append(out, one)
	}
	return out, subscribers.ForgetMoves(ctx, tx)
}

// errPeek ends a fan-out that leaves everything as it was.
var errPeek = errors.New("only looking")

// peek returns what would be sent of all that is in the queue, by event, and leaves it there.
func peek(t testing.TB, db *store.DB) map[string]sending {
	t.Helper()
	return fanOutAll(t, db, errPeek)
}

// fanOutAll is peek that ends with an error, or commits.
func fanOutAll(t testing.TB, db *store.DB, end error) map[string]sending {
	t.Helper()
	if err := models.NumberEvents(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	found := map[string]sending{}
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		all, err := fanOut(t.Context(), tx, queue.EventClaim{Limit: 10_000})
		for _, one := range all {
			found[one.event.ID] = one
		}
		return errors.Join(err, end)
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
	return found
}

// nursery is a tree that a test changes at random, with what it knows of it.
type nursery struct {
	t       *testing.T
	db      *store.DB
	r       *rand.Rand
	parents map[string]string // "" of heads
	subtree map[string]bool   // organizations with an endpoint, and whether it looks at the subtree
	keys    map[string]string // an actor's id by its organization
}

func (n *nursery) organizations() []string { return slices.Sorted(maps.Keys(n.parents)) }

func (n *nursery) any() string {
	all := n.organizations()
	return all[n.r.IntN(len(all))]
}

// above returns the organizations above one, itself first.
func (n *nursery) above(id string) []string {
	var line []string
	for ; id != ""; id = n.parents[id] {
		line = append(line, id)
	}
	return line
}

// interested returns those of a line, which begins with an organization, whose endpoints get the events of that organization.
func (n *nursery) interested(line []string) []string {
	var owners []string
	for i, id := range line {
		if subtree, has := n.subtree[id]; has && (subtree || i == 0) {
			owners = append(owners, id)
		}
	}
	return owners
}

// by returns a caller that some of the organizations see.
func (n *nursery) by() models.Caller {
	by := everything
	if key := n.keys[n.any()]; key != "" {
		by.ID, by.Name = key, "a key"
	}
	return by
}

// step changes something, and returns the organization whose event it is and who is to be sent it.
func (n *nursery) step() (organization string, owners []string) {
	n.t.Helper()
	ctx, id, by := n.t.Context(), n.any(), n.by()
	switch n.r.IntN(4) {
	case 0:
		before := n.above(id)
		parent := ""
		if n.r.IntN(5) > 0 {
			parent = n.any()
		}
		if slices.Contains(n.above(parent), id) || parent == n.parents[id] {
			return n.step()
		}
		a := modelstest.With("name", fmt.Sprint("moved ", n.r.IntN(1000)))
		must(models.UpdateOrganization(ctx, n.db, by, id, change(a, modelstest.To("parent", parent))))(n.t)
		n.parents[id] = parent
		owners = append(n.interested(before), n.interested(n.above(id))...)
		slices.Sort(owners)
		return id, slices.Compact(owners)
	case 1:
		in := change(modelstest.With("name", "child"), modelstest.To("parent", id))
		child := must(models.CreateOrganization(ctx, n.db, by, in))(n.t).ID
		n.parents[child] = id
		id = child
	default:
		must(models.UpdateOrganization(ctx, n.db, by, id, change(modelstest.With("name", fmt.Sprint("n", n.r.Int())))))(n.t)
	}
	owners = n.interested(n.above(id))
	slices.Sort(owners)
	return id, owners
}

// TestAnEventIsSentAsIfItWereFannedOutAtOnce changes and moves at random, and fans out later.
func TestAnEventIsSentAsIfItWereFannedOutAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for seed := range uint64(3) {
			n := &nursery{t, db, rand.New(rand.NewPCG(seed, 13)), map[string]string{}, map[string]bool{}, map[string]string{}}
			for i := range 12 {
				parent := ""
				if i > 2 {
					parent = n.any()
				}
				id := organization(t, db, "organization", parent).ID
				n.parents[id] = parent
				switch i % 4 {
				case 0, 1:
					hook(t, db, id, modelstest.With("subtree", true))
					n.subtree[id] = true
				case 2:
					hook(t, db, id, modelstest.With("subtree", false))
					n.subtree[id] = false
				}
				n.keys[id] = modelstest.Key(t, db, models.ManagementKey, id).ID
			}
			fanOutAll(t, db, nil)
			atOnce := map[string]sending{}
			for range 60 {
				organization, owners := n.step()
				for id, one := range peek(t, db) {
					if first, seen := atOnce[id]; seen {
						if !maps.Equal(first.sent, one.sent) {
							t.Fatalf("seed %d: %s of %s is sent\n%v\nwhen it was fanned out at once\n%v",
								seed, one.event.Type, id, one.sent, first.sent)
						}
						continue
					}
					atOnce[id] = one
					if got := slices.Sorted(maps.Keys(one.sent)); one.event.OrganizationID != organization || !slices.Equal(got, owners) {
						t.Fatalf("seed %d: %s goes to %v, want %v", seed, one.event.Type, got, owners)
					}
				}
				if n.r.IntN(4) == 0 {
					n.takeSome(atOnce)
				}
			}
			for id, one := range fanOutAll(t, db, nil) {
				if !maps.Equal(atOnce[id].sent, one.sent) {
					t.Errorf("seed %d: the last fan-out sends\n%v\nwant\n%v", seed, one.sent, atOnce[id].sent)
				}
			}
			if left := texts(t, db, `SELECT event_id FROM branch_moves`); len(left) > 0 {
				t.Errorf("seed %d: %d moves are kept beyond the events before them", seed, len(left))
			}
		}
	})
}

// takeSome fans out some events, which need not be the oldest.
func (n *nursery) takeSome(atOnce map[string]sending) {
	n.t.Helper()
	err := store.Transaction(n.t.Context(), n.db, func(tx *store.DB) error {
		some, err := fanOut(n.t.Context(), tx, queue.EventClaim{Limit: 1 + n.r.IntN(4), Shared: n.r.IntN(2) == 0})
		for _, one := range some {
			if !maps.Equal(atOnce[one.event.ID].sent, one.sent) {
				n.t.Errorf("a share of the queue is sent\n%v\nwant\n%v", one.sent, atOnce[one.event.ID].sent)
			}
		}
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

// TestEventsAreSentByTheirPlaceAmongMovesOfTheSameMoment lets branches be moved, changed and fanned out at once. Whatever came first: the
// moves before an event, by position, say who is above it.
func TestEventsAreSentByTheirPlaceAmongMovesOfTheSameMoment(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		var ends []string
		for range 3 {
			end := organization(t, db, "end", "").ID
			hook(t, db, end, modelstest.With("subtree", true))
			ends = append(ends, end)
		}
		branch := organization(t, db, "branch", ends[0]).ID
		leaf := organization(t, db, "leaf", branch).ID
		fanOutAll(t, db, nil)

		var workers, fanning sync.WaitGroup
		for i := range 2 {
			workers.Go(func() {
				for n := range 25 {
					if err := moveTo(t, db, branch, ends[(n+i)%3]); err != nil && !store.Unavailable(err) {
						t.Error(err)
					}
				}
			})
			workers.Go(func() {
				for n := range 40 {
					in := change(modelstest.With("name", fmt.Sprint(i, n)))
					if _, err := models.UpdateOrganization(t.Context(), db, everything, leaf, in); err != nil && !store.Unavailable(err) {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		sent := map[int64]sending{}
		fanning.Go(func() {
			for last := false; ; {
				n := collect(t, db, sent)
				if n == 0 && last {
					return
				}
				select {
				case <-done:
					last = true
				default:
				}
			}
		})
		workers.Wait()
		close(done)
		fanning.Wait()

		above, moves := ends[0], 0
		for _, position := range slices.Sorted(maps.Keys(sent)) {
			one := sent[position]
			want := map[string]bool{above: true}
			if one.event.OrganizationID == branch {
				for _, end := range ends {
					if strings.Contains(string(one.event.Changes), `"after":"`+end+`"`) {
						above = end
					}
				}
				want[above] = true
				moves++
			}
			if got := slices.Sorted(maps.Keys(one.sent)); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
				t.Errorf("%s at %d goes to %v, want %v", one.event.Type, position, got, want)
			}
		}
		if moves == 0 || len(sent) < moves+80 {
			t.Errorf("%d moves in %d events show little", moves, len(sent))
		}
		if left := texts(t, db, `SELECT event_id FROM branch_moves`); len(left) > 0 {
			t.Errorf("%d moves are kept", len(left))
		}
		modelstest.CheckConsistency(t, db)
	})
}

// collect fans out a few events and adds them, by position. It returns how many they were.
func collect(t *testing.T, db *store.DB, sent map[int64]sending) (n int) {
	t.Helper()
	if err := models.NumberEvents(t.Context(), db); err != nil {
		t.Error(err)
	}
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		some, err := fanOut(t.Context(), tx, queue.EventClaim{Limit: 7, Shared: true})
		n = len(some)
		for _, one := range some {
			sent[one.event.Position] = one
		}
		return err
	})
	if err != nil && !store.Unavailable(err) {
		t.Error(err)
	}
	return n
}
