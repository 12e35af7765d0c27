package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"roster/jsonapi"
)

// A compound document that would be too large is built again with its to-many linkage cut: data that grows must not turn a request that
// works into an error. Each relationship that was cut has its own next link, which leads through the rest of its linkage, page by page,
// with the same inclusions. What a to-one relationship leads to always comes along: there is at most one for each resource.

// weight is the number of resources that one member of a to-many relationship brings along, about: itself, and one for each path beneath
// it.
func weight(child *jsonapi.Inclusion) int {
	w := 1
	for _, below := range child.Children {
		w += weight(below)
	}
	return w
}

// shareOf returns how much of the room the first of the inclusions may take, so that there is some for those behind it.
func shareOf(children []*jsonapi.Inclusion, room int) int {
	all := 0
	for _, child := range children {
		all += weight(child)
	}
	return max(0, room) * weight(children[0]) / all
}

// unlink takes back the linkage that an inclusion gave a resource.
func unlink(r *jsonapi.Resource, root *jsonapi.Inclusion) {
	for _, child := range root.Children {
		if linked := r.Linked(child.Relationship.Name); linked != nil && child.Relationship.Many {
			linked.Leave()
		}
	}
}

// maxShares bounds how often what some owners leave is shared out among the others.
const maxShares = 3

// firstLinkage is the linkage of one to-many relationship of one owner.
type firstLinkage struct {
	targets []string
	cut     bool // there are more
	// through are the inclusions that led here. What the first one cut is cut alike for the others, and the next link leads on for all of
	// them.
	through []*jsonapi.Inclusion
}

// cutArrows returns the first arrows of each owner. An owner that a path led to before has the same ones again.
func (in *includer) cutArrows(ctx context.Context, c *Collection, child *jsonapi.Inclusion, owners []string, most int) ([]pair, error) {
	name := child.Relationship.Name
	fresh := slices.DeleteFunc(slices.Clone(owners), func(owner string) bool { return in.linked[relationshipKey(c, owner, name)] != nil })
	found, err := in.firstArrows(ctx, c, name, fresh, most)
	if err != nil {
		return nil, err
	}
	for owner, l := range found {
		in.linked[relationshipKey(c, owner, name)] = l
	}
	var arrows []pair
	for _, owner := range owners {
		l := in.linked[relationshipKey(c, owner, name)]
		l.through = append(l.through, child)
		arrows = append(arrows, pairsOf(slices.Repeat([]string{owner}, len(l.targets)), func(i int) string { return l.targets[i] })...)
	}
	return arrows, nil
}

// firstArrows returns the first targets of each owner, in the order of the pages of the relationship, most of them together. Owners have
// equal shares, and what those with few leave goes to the others.
func (in *includer) firstArrows(ctx context.Context, c *Collection, name string, owners []string,
	most int) (map[string]*firstLinkage, error) {
	found := map[string]*firstLinkage{}
	for n := 1; len(owners) > 0; n++ {
		level := most / len(owners)
		byOwner, err := in.firsts(ctx, c, name, owners, level+1)
		if err != nil {
			return nil, err
		}
		longer := slices.DeleteFunc(slices.Clone(owners), func(owner string) bool { return len(byOwner[owner]) <= level })
		last := n == maxShares || len(longer) == len(owners)
		for _, owner := range owners {
			switch own := byOwner[owner]; {
			case len(own) <= level:
				most -= len(own)
				found[owner] = &firstLinkage{targets: own}
			case last:
				found[owner] = &firstLinkage{targets: own[:level], cut: true}
			}
		}
		if last {
			break
		}
		owners = longer // with a larger share
	}
	return found, nil
}

// ownersAtOnce bounds the parts of one statement; SQLite takes 500.
const ownersAtOnce = 200

// firsts returns the first targets of each owner, at most that many.
func (in *includer) firsts(ctx context.Context, c *Collection, name string, owners []string, most int) (map[string][]string, error) {
	byOwner := map[string][]string{}
	for some := range slices.Chunk(owners, ownersAtOnce) {
		parts, args := make([]string, len(some)), []any{}
		for i, owner := range some {
			related := c.Related(name, owner)
			order := related.orderBy(related.sortKeys(nil))
			part := statement{
				columns: "CAST(? AS text) AS owner, " + related.Table + ".id AS target, " +
					"ROW_NUMBER() OVER (ORDER BY " + strings.Join(order, ", ") + ") AS place",
				from: Condition(related.Table), conds: related.Present(in.scope), order: order, size: most,
			}.as("part", in.db.Dialect())
			parts[i], args = "SELECT * FROM "+part.SQL, append(append(args, owner), part.Args...)
		}
		var rows []pair
		err := in.db.Ask(ctx, pairsIn(Condition(strings.Join(parts, " UNION ALL ")+" ORDER BY place", args...), &rows))
		if err != nil {
			return nil, fmt.Errorf("select the first %s of %s: %w", name, c.Schema.Type, err)
		}
		for _, row := range rows {
			byOwner[row.Owner] = append(byOwner[row.Owner], row.Target)
		}
	}
	return byOwner, nil
}
