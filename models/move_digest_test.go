package models_test

import (
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/modelstest"
	"roster/models/store"
)

// TestADigestStandsForEachPart changes one thing after the other that a preview tells or counts: each makes the digest of before stale.
// What changes is in that part alone, as far as that can be.
func TestADigestStandsForEachPart(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		top := organization(t, db, "Top", "")
		left, to := organization(t, db, "Left", top.ID), organization(t, db, "To", top.ID)
		elsewhere, further := organization(t, db, "Elsewhere", top.ID), organization(t, db, "Further", top.ID)
		branch := organization(t, db, "Branch", left.ID)
		role := func(key, at, word string) string {
			return must(models.CreateRole(ctx, db, everything, input(attributes{
				"key": key, "name": key, "permissions": jsonapi.Strings{word},
			}, relations{"organization": one(at)})))(t).ID
		}
		reword := func(role, word string) {
			in := input(attributes{"permissions": jsonapi.Strings{word}}, nil)
			must(models.UpdateRole(ctx, db, everything, role, in))(t)
		}
		join := func(at, user, role string) string {
			return must(models.CreateMembership(ctx, db, everything,
				input(nil, relations{"organization": one(at), "user": one(user), "roles": many(role)})))(t).ID
		}
		give := func(membership, role string) {
			must(models.UpdateMembership(ctx, db, everything, membership, input(nil, relations{"roles": many(role)})))(t)
		}
		leave := func(membership string) {
			if err := models.DeleteMembership(ctx, db, everything, membership, nil); err != nil {
				t.Fatal(err)
			}
		}
		hear := func(at string) {
			must(models.CreateWebhook(ctx, db, everything, input(attributes{"url": "https://hooks.example.com/",
				"eventTypes": jsonapi.Strings{"*"}, "subtree": true}, relations{"organization": one(at)})))(t)
		}
		invite := func(email, role string) {
			must(models.CreateInvitation(ctx, db, everything,
				input(attributes{"email": email}, relations{"organization": one(branch.ID), "roles": many(role)})))(t)
		}
		// In the order of their ids, which is that of what is counted: who comes for somebody else stands where they stood.
		ada, cid, ben, dan := user(t, db, "Ada").ID, user(t, db, "Cid").ID, user(t, db, "Ben").ID, user(t, db, "Dan").ID
		lost, alike := role("lost", left.ID, "a:a"), role("alike", left.ID, "a:b")
		got, same := role("got", to.ID, "b:a"), role("same", to.ID, "b:b")
		kept, too := role("kept", left.ID, "c:c"), role("too", left.ID, "c:c")
		loser, winner := join(left.ID, ada, lost), join(to.ID, ben, got)
		var holder string
		move := models.Move{Organization: branch.ID, To: to.ID}
		digest := func() string { return must(models.PreviewMove(ctx, db, everything, move))(t).Digest }
		for _, c := range []struct {
			part   string
			change func()
		}{
			{"an organization of the branch", func() { organization(t, db, "Below", branch.ID) }},
			{"words that are lost", func() { reword(lost, "a:b") }},
			{"the role that they are lost by", func() { give(loser, alike) }},
			{"words that are gained", func() { reword(got, "b:b") }},
			{"the role that they are gained by", func() { give(winner, same) }},
			{"who loses", func() { leave(loser); join(left.ID, cid, alike) }},
			{"who gains", func() { leave(winner); join(to.ID, dan, same) }},
			{"one more who loses", func() { join(left.ID, ada, alike) }},
			{"an endpoint that leaves", func() { hear(left.ID) }},
			{"an endpoint that joins", func() { hear(to.ID) }},
			{"a role that cannot be kept", func() { holder = join(branch.ID, user(t, db, "Eve").ID, kept) }},
			{"another one that cannot", func() { give(holder, too) }},
			{"who has it", func() { leave(holder); join(branch.ID, user(t, db, "Fay").ID, too) }},
			{"an invitation that offers it", func() { invite("one@example.com", too) }},
			{"another one that does", func() { invite("two@example.com", too) }},
			{"to where nobody is", func() { move.To = elsewhere.ID }},
			{"to another place where nobody is", func() { move.To = further.ID }},
		} {
			before := digest()
			if again := digest(); again != before {
				t.Fatalf("%s: nothing has changed, and the digest has", c.part)
			}
			c.change()
			if digest() == before {
				t.Errorf("%s has changed, and the digest has not", c.part)
			}
			stale := move
			stale.Digest = &before
			if _, err := models.MoveBranch(ctx, db, everything, stale); !refused(err) {
				t.Errorf("%s has changed, and the branch moves: %v", c.part, err)
			}
		}
	})
}
