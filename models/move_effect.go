package models

import (
	"maps"
	"slices"
	"strings"

	"roster/models/store"
)

// What somebody loses and gains by a move is decided here, from the roles that they have above the branch and in it.

// stance is the roles of somebody from which they hold something in a branch. Those from above are inheritable.
type stance struct {
	left, stay, came []string   // from organizations that are above only before the move, always, only after it
	within           []*bearing // in the branch
}

// bearing is the roles of somebody at an organization of a branch, before a move and after it.
type bearing struct {
	organization, parent string
	before, after        []string
	above                []string // the organizations above it
	children             int64    // how many are right below it
}

// effect is what somebody loses and gains by a move, somewhere in the branch, in order: words, and the roles that they come from.
type effect struct {
	lost, lostBy, gained, gainedBy []string
}

// isNone reports whether nothing changes for them.
func (e *effect) isNone() bool { return len(e.lost)+len(e.gained) == 0 }

// roleTable has the roles that anything comes from, by their ids.
type roleTable map[string]*Role

// words returns what some roles permit.
func (t roleTable) words(ids ...string) (words []string) {
	for _, id := range ids {
		words = append(words, t[id].Permissions...)
	}
	return words
}

// inheritable returns those of some roles that count below as well.
func (t roleTable) inheritable(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !t[id].Inheritable })
}

// effects works out what people lose and gain. Most of them have the same roles as many others, for whom it is worked out once.
type effects struct {
	roles roleTable
	head  string
	known map[string]*effect
}

// of returns what somebody loses and gains: at some organization of the branch they hold a word before the move, and none that includes it
// after it, or the other way round.
func (es *effects) of(s *stance) *effect {
	key := s.key()
	if key != "" && es.known[key] != nil {
		return es.known[key]
	}
	lost, gained := map[string]bool{}, map[string]bool{}
	before, after := es.roles.words(slices.Concat(s.left, s.stay)...), es.roles.words(slices.Concat(s.came, s.stay)...)
	for _, c := range s.covers(es.roles, es.head) {
		was, is := append(slices.Clip(before), c.before...), append(slices.Clip(after), c.after...)
		missing(lost, was, is)
		missing(gained, is, was)
	}
	e := &effect{lost: slices.Sorted(maps.Keys(lost)), gained: slices.Sorted(maps.Keys(gained))}
	gone, new := slices.Clone(s.left), slices.Clone(s.came)
	for _, b := range s.within {
		gone, new = append(gone, without(b.before, b.after)...), append(new, without(b.after, b.before)...)
	}
	e.lostBy, e.gainedBy = es.roles.sources(gone, lost), es.roles.sources(new, gained)
	if key != "" {
		es.known[key] = e
	}
	return e
}

// missing adds to found the words that some hold and others do not.
func missing(found map[string]bool, held, by []string) {
	for _, word := range held {
		if !found[word] && !holds(by, word) {
			found[word] = true
		}
	}
}

// sources returns those of some roles, in order, that permit one of some words.
func (t roleTable) sources(ids []string, words map[string]bool) []string {
	return store.SortedUnique(slices.DeleteFunc(ids, func(id string) bool {
		return !slices.ContainsFunc(t[id].Permissions, func(word string) bool { return words[word] })
	}))
}

// key returns a text that says which roles somebody has where, "" for who has some below the head of the branch.
func (s *stance) key() string {
	parts := [][]string{s.left, s.stay, s.came}
	for _, b := range s.within {
		if len(s.within) > 1 || len(b.above) > 0 || !slices.Equal(b.before, b.after) {
			return ""
		}
		parts = append(parts, b.before)
	}
	var key strings.Builder
	for _, ids := range parts {
		slices.Sort(ids)
		key.WriteString(strings.Join(ids, ",") + ";")
	}
	return key.String()
}

// cover is the words that somebody holds at a part of a branch by what they are in it.
type cover struct{ before, after []string }

// covers returns what somebody holds by their roles in the branch, for each of its parts where that may differ from the others: outside of
// their organizations, at each of these, and right below each. What is empty is left out: below an organization whose children are all
// theirs there is nothing else.
func (s *stance) covers(roles roleTable, head string) (all []cover) {
	at := make(map[string]*bearing, len(s.within))
	own := map[string]int64{} // by parent
	for _, b := range s.within {
		at[b.organization] = b
		own[b.parent]++
	}
	if at[head] == nil {
		all = append(all, cover{})
	}
	for _, b := range s.within {
		var from cover
		for _, id := range b.above {
			if a := at[id]; a != nil {
				from.before = append(from.before, roles.words(roles.inheritable(a.before)...)...)
				from.after = append(from.after, roles.words(roles.inheritable(a.after)...)...)
			}
		}
		all = append(all, from.with(roles.words(b.before...), roles.words(b.after...)))
		if b.children > own[b.organization] {
			all = append(all, from.with(roles.words(roles.inheritable(b.before)...), roles.words(roles.inheritable(b.after)...)))
		}
	}
	return all
}

// with returns the cover with more words.
func (c cover) with(before, after []string) cover {
	return cover{append(slices.Clip(c.before), before...), append(slices.Clip(c.after), after...)}
}
