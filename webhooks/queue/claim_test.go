package queue_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
	"roster/webhooks/queue"
)

// capture records an event of an organization, "" for none, and returns its id.
func capture(t *testing.T, db *store.DB, organization string) string {
	t.Helper()
	changes := jsonapi.Raw("{}")
	e := &models.Event{
		ID: models.NewID(), EventType: "queue.tested", OccurredAt: jsonapi.Stamp{Time: db.Now()}, SubjectType: "organizations",
		SubjectID: models.NewID(), ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw("{}"),
	}
	if organization != "" {
		e.OrganizationID = &organization
	}
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		err := models.Capture(t.Context(), tx, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func claim(t *testing.T, db *store.DB, c queue.EventClaim) (events []*models.QueuedEvent, after string) {
	t.Helper()
	if err := models.NumberEvents(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	err := store.Transaction(t.Context(), db, func(tx *store.DB) error {
		claimed, err := queue.ClaimEvents(t.Context(), tx, c)
		if err != nil {
			return err
		}
		events, after = claimed.Events, claimed.After
		return tx.Ask(t.Context(), claimed.Numbers...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return events, after
}

// TestASharedClaimServesEveryOrganization claims from a queue in which one organization has almost everything.
func TestASharedClaimServesEveryOrganization(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		big, others := models.NewID(), []string{models.NewID(), models.NewID(), "", models.NewID()}
		captured := map[string][]string{} // ids in order
		for range 50 {
			captured[big] = append(captured[big], capture(t, db, big))
		}
		for range 2 {
			for _, o := range others {
				captured[o] = append(captured[o], capture(t, db, o))
			}
		}

		taken, sequences := map[string][]string{}, map[string][]int64{}
		var places []int64
		take := func(c queue.EventClaim) (sizes map[string]int, after string) {
			events, after := claim(t, db, c)
			sizes = map[string]int{}
			for _, e := range events {
				sizes[e.OrganizationID]++
				taken[e.OrganizationID] = append(taken[e.OrganizationID], e.ID)
				sequences[e.OrganizationID] = append(sequences[e.OrganizationID], e.Sequence)
				places = append(places, e.Place)
			}
			return sizes, after
		}

		if sizes, _ := take(queue.EventClaim{Limit: 5}); sizes[big] != 5 {
			t.Errorf("the oldest five: %v, want five of the first organization", sizes)
		}
		// Two organizations fit into each of these; the next claim goes on behind them, and round.
		first, after := take(queue.EventClaim{Limit: 2, Shared: true})
		second, after := take(queue.EventClaim{Limit: 2, Shared: true, After: after})
		third, after := take(queue.EventClaim{Limit: 2, Shared: true, After: after})
		served := map[string]int{}
		for _, sizes := range []map[string]int{first, second, third} {
			if len(sizes) != 2 {
				t.Errorf("a shared claim of two took %v", sizes)
			}
			for o, n := range sizes {
				served[o] += n
			}
		}
		if len(served) != 5 {
			t.Errorf("three shared claims of two served %d of 5: %v", len(served), served)
		}
		sizes, after := take(queue.EventClaim{Limit: 20, Shared: true, After: after})
		if sizes[big] != 20/5 && sizes[big] != 20/4 {
			t.Errorf("a shared claim took %v, want an equal share for each", sizes)
		}
		for range 20 {
			_, after = take(queue.EventClaim{Limit: 20, Shared: true, After: after})
		}
		for o, want := range captured {
			if !slices.Equal(taken[o], want) {
				t.Errorf("%q: took %d events of %d, or not in their order", o, len(taken[o]), len(want))
			}
			for i, n := range sequences[o] {
				if o != "" && n != int64(i+1) || o == "" && n != 0 {
					t.Errorf("%q: numbers are %v", o, sequences[o])
					break
				}
			}
		}
		if !slices.IsSorted(places) || len(slices.Compact(slices.Clone(places))) != len(places) {
			t.Errorf("places do not increase: %v", places)
		}
		modelstest.CheckConsistency(t, db)
	})
}

// TestTheSequenceIsTheOrderOfDeliveries lets a transaction commit after one that began later: it gets the later number and the later place.
func TestTheSequenceIsTheOrderOfDeliveries(t *testing.T) {
	t.Parallel()
	db := modelstest.Open(t, store.Postgres) // SQLite has one writer at a time
	organization := models.NewID()
	captured, commit := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- store.Transaction(context.Background(), db, func(tx *store.DB) error {
			changes := jsonapi.Raw("{}")
			err := models.Capture(context.Background(), tx, &models.Event{
				ID: models.NewID(), EventType: "queue.slow", OccurredAt: jsonapi.Stamp{Time: db.Now()}, OrganizationID: &organization,
				SubjectType: "organizations", SubjectID: organization, ActorKind: "system", Changes: &changes, Resource: jsonapi.Raw("{}"),
			})
			if err == nil { // whoever asks for something has what was done before
				_, err = models.HasOrganization(context.Background(), tx, organization)
			}
			close(captured)
			<-commit
			return err
		})
	}()
	<-captured
	capture(t, db, organization)
	quick, _ := claim(t, db, queue.EventClaim{Limit: 10})
	close(commit)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	slow, _ := claim(t, db, queue.EventClaim{Limit: 10})
	if len(quick) != 1 || len(slow) != 1 {
		t.Fatalf("claimed %d and %d events, want one each", len(quick), len(slow))
	}
	if slow[0].Ordinal >= quick[0].Ordinal {
		t.Fatalf("ordinals %d and %d: this shows nothing", slow[0].Ordinal, quick[0].Ordinal)
	}
	got := fmt.Sprint(quick[0].Sequence, slow[0].Sequence, slow[0].Place > quick[0].Place)
	if got != "1 2 true" {
		t.Errorf("numbers and whether the places are in order: %s, want 1 2 true", got)
	}
}
