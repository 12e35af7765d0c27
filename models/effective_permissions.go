package models

import (
	"context"
	"fmt"
	"slices"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// HeldWord is a word that a user holds at an organization, with the memberships and roles that it comes from, in order.
type HeldWord struct {
	Word               string
	Memberships, Roles []string
}

// MaxWords bounds the words of one answer.
const MaxWords = 1000

// EffectivePermissions returns, in order, every word that DecideFor permits a user at an organization, and for the same reasons: the
// service's own words, the one that stands for all, and those of roles that can be given there, of which the caller reads these. About
// themselves people are told what their roles and their credential name, whether they read roles or not. It asks the database once. Whoever
// may not know who does what at the organization is told of none. It fails with NotFound for a user whom the caller does not see. more:
// there are other words than the first [MaxWords].
func EffectivePermissions(ctx context.Context, db *store.DB, by Caller, user, organization string) (held []HeldWord, more bool, err error) {
	if !jsonapi.IsID(user) {
		return nil, false, store.NoResource(Users.Schema.Type, user)
	}
	own := user == by.User()
	seen, told := map[string]bool{user: own}, map[string]bool{organization: own} // of themselves people are told everywhere
	words := wordsHeld{own: own, readsRoles: by.Scope.Holds(reading("roles"))}
	if own {
		words.known = slices.Clone(by.Rights.Scopes)
	}
	asked := slices.Concat(
		Users.AmongIDs(db, seen, []string{user}, Users.Present(by.Scope)...), by.toldAmong(db, told, []string{organization}),
		words.queries(by.Scope, user, organization),
	)
	if err := db.Ask(ctx, asked...); err != nil {
		return nil, false, fmt.Errorf("read what a user holds: %w", err)
	}
	switch {
	case !seen[user]:
		return nil, false, store.NoResource(Users.Schema.Type, user)
	case !told[organization]:
		return nil, false, nil
	}
	held = slices.DeleteFunc(words.held(), func(h HeldWord) bool { return own && by.withholds(h.Word) })
	return held[:min(len(held), MaxWords)], len(held) > MaxWords, nil
}

// wordsHeld is what the database says of a user at an organization.
type wordsHeld struct {
	// own: it is the caller. readsRoles: the credential of the caller does.
	own, readsRoles bool
	// lines has, by word, the memberships and roles that have it.
	lines map[string]*Decision
	// known are words of which the caller knows: those of the service apart, and of such roles as can be given there.
	known []string
}

// queries returns what finds it, of memberships and roles those that a scope sees. Nobody holds anything at what is no organization.
func (w *wordsHeld) queries(scope collection.Scope, user, organization string) []store.Query {
	w.lines = map[string]*Decision{}
	if !jsonapi.IsID(organization) {
		return nil
	}
	lines, seen := reasons(scope)
	queries := []store.Query{{
		SQL: lines("0", "", "?", "?", "IS NOT NULL"), Args: append(seen, user, organization),
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				word := a.Text(row, ofWord)
				if w.lines[word] == nil {
					w.lines[word] = &Decision{}
				}
				w.lines[word].add(a.Text(row, ofMembership), a.Text(row, ofRole))
				if w.own || w.readsRoles && a.Text(row, ofRole) != "" {
					w.known = append(w.known, word)
				}
			}
			return nil
		},
	}}
	if w.readsRoles {
		queries = append(queries, wordsUsableAt(organization, &w.known, Roles.Present(scope)...))
	}
	return queries
}

// held returns the words that the lines include, with where they come from.
func (w *wordsHeld) held() (held []HeldWord) {
	words := append(Scopes(), w.known...)
	for _, word := range store.SortedUnique(words) {
		one, holds := HeldWord{Word: word}, false
		for _, including := range store.SortedUnique(including(word)) {
			if from := w.lines[including]; from != nil {
				one.Memberships, one.Roles = append(one.Memberships, from.Memberships...), append(one.Roles, from.Roles...)
				holds = true
			}
		}
		if holds {
			one.Memberships, one.Roles = store.SortedUnique(one.Memberships), store.SortedUnique(one.Roles)
			held = append(held, one)
		}
	}
	return held
}

// wordsUsableAt returns the query of the words of those roles that can be given at an organization and meet conditions, in order.
func wordsUsableAt(organization string, words *[]string, conds ...collection.Where) store.Query {
	return wordsOfRoles(words, MaxWords+1, append([]collection.Where{usableAt(organization)}, conds...)...)
}

// wordsOfRoles returns the query of the first words of the roles that meet conditions, in order. w is the word.
func wordsOfRoles(words *[]string, most int, conds ...collection.Where) store.Query {
	and, args := collection.Conjunction(conds...)
	return store.Query{
		SQL: `SELECT DISTINCT w.permission FROM role_permissions w JOIN roles ON roles.id = w.role_id
			WHERE w.permission <> ?` + and + ` ORDER BY w.permission LIMIT ?`,
		Args: slices.Concat([]any{EveryScope}, args, []any{most}),
		Take: func(a *store.Answer) error {
			for row := range a.Len() {
				*words = append(*words, a.Text(row, 0))
			}
			return nil
		},
	}
}

// ApplicationWords returns the words of applications in the roles that a scope sees and that can be given at an organization, in order;
// none where the scope does not see the organization. more: there are others, since not more than [MaxWords] are looked at.
func ApplicationWords(ctx context.Context, db *store.DB, scope collection.Scope, organization string) (
	words []string, more bool, err error,
) {
	line, ok := lineOf(scope, organization)
	if !ok {
		return nil, false, nil
	}
	conds := append(Roles.Present(scope), collection.Condition("EXISTS (SELECT 1 "+line.SQL+")", line.Args...))
	if err := db.Ask(ctx, wordsUsableAt(organization, &words, conds...)); err != nil {
		return nil, false, fmt.Errorf("read the words of applications: %w", err)
	}
	more = len(words) > MaxWords
	return slices.DeleteFunc(words[:min(len(words), MaxWords)], isOwn), more, nil
}
