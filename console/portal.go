package console

import (
	"fmt"
	"strings"

	"roster/models"
	"roster/server"
)

// portal is what the pages of portal links are below: /console/portal/{id}.
const portal = Path + "/portal/"

// terms are what is said of a page beside it.
type terms struct {
	// ancestors are the origins of pages that may embed it, none for nobody.
	ancestors []string
	// passing: they are those of a link, and end with it.
	passing bool
}

// termsOf returns those of a request. A link that is unknown, or has ended, has the terms of one that nobody may embed.
func termsOf(rq *server.Request) (terms, error) {
	rest, is := strings.CutPrefix(rq.URL.EscapedPath(), portal)
	if !is {
		return terms{}, nil
	}
	id, _, _ := strings.Cut(rest, "/")
	ancestors, err := models.FrameAncestors(rq.Context(), rq.DB, id)
	if err != nil {
		return terms{}, fmt.Errorf("find who may embed a page: %w", err)
	}
	return terms{ancestors, true}, nil
}

// policy returns the Content-Security-Policy of the page.
func (t terms) policy() string {
	if len(t.ancestors) == 0 {
		return policy
	}
	return strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors "+strings.Join(t.ancestors, " "), 1)
}
