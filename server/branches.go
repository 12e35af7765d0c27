package server

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gorilla/mux"
)

// branches are routers by how the paths of their routes begin. A router looks at one route after the other, at each by a regular
// expression; so those that a path cannot lead to are in another one.
type branches []branch

// branch has the routes whose paths are its stem, or below it.
type branch struct {
	stem   string // has no variable; none is below another
	router *mux.Router
}

// newBranches returns the branches that the routes of all doors belong to, without the routes, and at last one for all other paths.
func newBranches(all doors) branches {
	var stems []string
	for _, d := range all {
		for _, rt := range d.Routes {
			stem, _, _ := strings.Cut(rt.Path, "/{")
			if stem != "/" { // everything is below that; its own route is among those of all other paths
				stems = append(stems, stem)
			}
		}
	}
	slices.SortFunc(stems, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	var bs branches
	add := func(stem string) {
		// Cleaning a path is done by redirecting, and clients repeat a redirected POST as GET.
		bs = append(bs, branch{stem, mux.NewRouter().SkipClean(true)})
	}
	for _, stem := range stems {
		if !slices.ContainsFunc(bs, func(b branch) bool { return isBelow(stem, b.stem) }) {
			add(stem)
		}
	}
	add("")
	return bs
}

// of returns the router of a path.
func (bs branches) of(path string) *mux.Router {
	for _, b := range bs {
		if isBelow(path, b.stem) {
			return b.router
		}
	}
	return bs[len(bs)-1].router // of what is no path, such as *
}
