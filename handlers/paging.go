package handlers

import (
	"strconv"

	"roster/jsonapi"
	"roster/models/collection"
)

// paged adds to a document of a list what it says of the page: links, meta and the profile that was applied.
func paged(doc *jsonapi.Document, rq *request, page *collection.Page) *jsonapi.Document {
	if rq.query.Page.Paging == jsonapi.ByCursor {
		doc.Profile = append(doc.Profile, jsonapi.CursorProfile)
		doc.Meta, doc.Links = cursorMeta(page), cursorLinks(rq.URL.Path, rq.query, page)
		doc.Links.Self.Type = jsonapi.ContentType(doc.Ext, doc.Profile) // a link object, since a profile was applied (§ Profiles)
		return doc
	}
	doc.Meta, doc.Links = pageMeta(rq.query.Page, page), pageLinks(rq.URL.Path, rq.query, page.Total)
	return doc
}

// markCursors gives each resource of a page that was cut by cursors its own.
func markCursors(resources []*jsonapi.Resource, page *collection.Page) {
	for i, cursor := range page.Cursors {
		resources[i].Cursor = cursor
	}
}

// cursorOf returns the meta of an identifier with that cursor.
func cursorOf(cursor string) map[string]any {
	return map[string]any{"page": map[string]any{"cursor": cursor}}
}

// cursorMeta has the members that the cursor profile defines, and no others. The total is told when it need not be counted.
func cursorMeta(page *collection.Page) map[string]any {
	members := map[string]any{}
	if page.Counted {
		members["total"] = page.Total
	}
	if page.Truncated {
		members["rangeTruncated"] = true
	}
	return map[string]any{"page": members}
}

// cursorLinks returns the links of a page that was cut by cursors. Each carries a cursor, so that following one stays in the profile
// whatever the client accepts.
func cursorLinks(path string, q *jsonapi.Query, page *collection.Page) *jsonapi.Links {
	link := func(turn *collection.Turn) *jsonapi.Link {
		if turn == nil {
			return &jsonapi.Link{Null: true}
		}
		return jsonapi.Href(path + q.Encode(turn.Parameter, turn.Cursor, "page[size]", strconv.Itoa(q.Page.Size)))
	}
	return &jsonapi.Links{
		Self:  jsonapi.Href(path + q.Encode()),
		First: link(&page.First), Prev: link(page.Prev), Next: link(page.Next), Last: link(&page.Last),
	}
}

// pageMeta says how large the collection is, and where in it the page stands.
func pageMeta(p jsonapi.Page, page *collection.Page) map[string]any {
	current := p.Start()/p.Size + 1
	last := int((page.Total + int64(p.Size) - 1) / int64(p.Size))
	return map[string]any{
		"total": page.Total, "totalUnfiltered": page.TotalUnfiltered,
		"currentSize": p.Size, "currentPage": current, "maxPage": max(1, last),
	}
}

// pageLinks returns the links of one page of a collection of that size. They carry every other parameter of the request.
func pageLinks(path string, q *jsonapi.Query, total int64) *jsonapi.Links {
	p := q.Page
	link := func(start int) *jsonapi.Link {
		if p.Paging == jsonapi.ByOffset {
			return jsonapi.Href(path + q.Encode("page[offset]", strconv.Itoa(start), "page[limit]", strconv.Itoa(p.Size)))
		}
		return jsonapi.Href(path + q.Encode("page[number]", strconv.Itoa(start/p.Size+1), "page[size]", strconv.Itoa(p.Size)))
	}
	links := &jsonapi.Links{Self: jsonapi.Href(path + q.Encode()), First: link(0), Prev: &jsonapi.Link{Null: true},
		Next: &jsonapi.Link{Null: true}}
	last := 0
	if total > 0 {
		last = int(total-1) / p.Size * p.Size
	}
	links.Last = link(last)
	if start := p.Start(); start > 0 {
		links.Prev = link(min(max(0, start-p.Size), last))
	}
	if next := p.Start() + p.Size; int64(next) < total {
		links.Next = link(next)
	}
	return links
}
