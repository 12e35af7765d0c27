package collection

import (
	"slices"
	"strings"
)

// Scope is what a caller may see. The zero Scope sees nothing.
type Scope struct {
	reach reach
	id    string
	// session is that of a caller who acts in one, see [Scope.InSession].
	session string
	// gathered and single change how conditions are written, not what they say, see [Scope.gather] and [Scope.singly].
	gathered, single bool
	// heir is the user who sees a subtree because they hold the words for it at its head and everywhere below, "" for its key: see
	// Collection.inherited. With besides they see what is their own, too.
	heir    string
	besides bool
	// live: nothing of organizations that are deleted is seen.
	live bool
	// words are what the credential holds, each between commas; "" for whatever there is, see [Scope.Holding].
	words string
}

type reach int

const (
	nothing reach = iota
	everything
	subtree
	oneOrganization
	person
)

// Everything sees the whole installation.
func Everything() Scope { return Scope{reach: everything} }

// Subtree sees an organization and all below it.
func Subtree(organizationID string) Scope { return Scope{reach: subtree, id: organizationID} }

// OnlyOrganization sees one organization and what hangs on it.
func OnlyOrganization(organizationID string) Scope {
	return Scope{reach: oneOrganization, id: organizationID}
}

// Person sees what the roles of a user reach.
func Person(userID string) Scope { return Scope{reach: person, id: userID} }

// InSession returns the scope of a caller that acts in a session, "" for none: it sees that session, and people see who else is signed in
// there.
func (s Scope) InSession(id string) Scope {
	s.session = id
	return s
}

// Session returns the session that a caller acts in, "" for none.
func (s Scope) Session() string { return s.session }

// Holding returns the scope of a credential that holds no more than some words. They say what it sees of what follows resources of others,
// and what it is told by rows about others; whether it may ask for resources themselves is the route's question.
func (s Scope) Holding(words []string) Scope {
	if !slices.IsSorted(words) {
		words = slices.Sorted(slices.Values(words))
	}
	s.words = "," + strings.Join(words, ",") + ","
	return s
}

// Holds reports whether the credential holds one of some words. A scope that is of no credential holds them all.
func (s Scope) Holds(words Words) bool {
	return s.words == "" || slices.ContainsFunc(words, func(word string) bool { return strings.Contains(s.words, ","+word+",") })
}

// Root returns the organization that bounds the scope, or "".
func (s Scope) Root() string {
	if s.reach == person {
		return ""
	}
	return s.id
}

// Manages reports whether the scope is that of the management: the whole installation or a subtree.
func (s Scope) Manages() bool { return s.SeesBelow() && s.heir == "" }

// All reports whether the scope is the whole installation.
func (s Scope) All() bool { return s.reach == everything }

// SeesBelow reports whether what belongs to the organizations below a visible one is visible, too.
func (s Scope) SeesBelow() bool { return s.reach == everything || s.reach == subtree }

// PersonID returns the user whose scope it is, "" for that of a program.
func (s Scope) PersonID() string {
	if s.reach != person {
		return ""
	}
	return s.id
}

// Whose returns the organization, or the user, whose scope it is; "" for that of everything and of nothing.
func (s Scope) Whose() string { return s.id }

// Single reports whether the scope is one organization without those below it.
func (s Scope) Single() bool { return s.reach == oneOrganization }

// Bounded reports whether the scope is an organization, alone or with all below it.
func (s Scope) Bounded() bool { return s.reach == subtree || s.reach == oneOrganization }

// RootedIn returns the scope that sees of another organization, or as another user, what this one sees of its own.
func (s Scope) RootedIn(id string) Scope {
	s.id = id
	return s
}

// gather returns the scope with its conditions written so that the database begins with the organizations of the scope and finds rows by
// them. Otherwise they are written to be asked of one row after the other, whichever way the database comes to it. What is right depends on
// how many there are, which no planner knows: see [Collection.search].
func (s Scope) gather() Scope {
	s.gathered = true
	return s
}

// singly returns the scope with the conditions of filters written so that each row is asked, as those of the scope are anyway, for who has
// the ids of rows: otherwise the database may find all that a filter leaves, to see whether these are among it.
func (s Scope) singly() Scope {
	s.single = true
	return s
}

// fence is the end of a subquery that PostgreSQL is to ask for each row, and not to turn into a join with all that the scope sees.
const fence = " LIMIT 1 OFFSET 0"

// Within returns the condition that the organization in a column, named with its table, is in the scope, of people where they hold one of
// the words. It says nothing of deleted organizations, at which nobody holds anything.
func (s Scope) Within(words Words, column string) Where {
	switch s.reach {
	case person:
		return s.Among(column, "hp.descendant_id", words.reaching(s.id))
	case everything:
		return Always()
	case subtree:
		live := either(s.live, "JOIN organizations ro ON ro.id = r.descendant_id AND ro.deleted_at IS NULL ", "")
		return s.Among(column, "r.descendant_id", Condition("FROM organization_paths r "+live+"WHERE r.ancestor_id = ?", s.id))
	case oneOrganization:
		return Condition(column+" = ?", s.id)
	default:
		return Never()
	}
}

// WithinAny is [Scope.Within] for organizations that may be deleted.
func (s Scope) WithinAny(words Words, column string) Where {
	if s.live = false; s.reach == person {
		return s.Among(column, "hp.descendant_id", words.reachingAll(s.id))
	}
	return s.Within(words, column)
}

// Among returns the condition that a column is among the keys of some rows, a FROM and a WHERE, written as the scope has it: see gather.
func (s Scope) Among(column, key string, rows Where) Where {
	if s.gathered {
		return Condition(column+" IN (SELECT "+key+" "+rows.SQL+")", rows.Args...)
	}
	return Condition("EXISTS (SELECT 1 "+rows.SQL+" AND "+key+" = "+column+fence+")", rows.Args...)
}

// Filters returns the condition of a filter that a column is among the keys of some rows, a FROM and a WHERE. A list may begin with these
// rows, if not singly.
func (s Scope) Filters(column, key string, rows Where) Where {
	s.gathered = !s.single
	return s.Among(column, key, rows)
}
