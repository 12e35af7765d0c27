package jsonapi

import (
	"errors"
	"strconv"
	"strings"
)

// Paging is the way a collection is cut into pages.
type Paging int

// The ways to cut a collection.
const (
	ByNumber Paging = iota
	ByOffset
	ByCursor
)

// Page is the part of a collection that a query asks for.
type Page struct {
	Paging Paging
	Number int // from 1
	Size   int
	Offset int
	// After and Before are the cursors of a request under the cursor profile.
	After, Before string
	// Sized tells that the client gave the size.
	Sized bool
}

// Start returns the number of items before the page.
func (p Page) Start() int {
	if p.Paging == ByOffset {
		return p.Offset
	}
	return (p.Number - 1) * p.Size
}

func (p *queryParser) page(one pair, key string) {
	p.pageNames = append(p.pageNames, key)
	page := &p.q.Page
	switch key {
	case "number":
		page.Number = p.number(one, 1, maxOffset/MaxPageSize)
	case "size":
		page.Size, page.Sized = p.size(one), true
	case "offset":
		page.Paging, page.Offset = ByOffset, p.number(one, 0, maxOffset)
	case "limit":
		page.Paging, page.Size = ByOffset, p.size(one)
	case "after":
		page.Paging, page.After = ByCursor, p.cursor(one)
	case "before":
		page.Paging, page.Before = ByCursor, p.cursor(one)
	default:
		p.unknown(one.name)
	}
}

func (p *queryParser) cursor(one pair) string {
	if one.value == "" {
		p.errorf(InvalidParameter, one.name, "The cursor must not be empty.")
	}
	return one.value
}

func (p *queryParser) number(one pair, least, most int) int {
	for _, c := range one.value {
		if c < '0' || c > '9' {
			p.errorf(InvalidParameter, one.name, "It must be a whole number of at least %d.", least)
			return least
		}
	}
	n, err := strconv.Atoi(one.value)
	if err != nil || n < least || n > most {
		p.errorf(InvalidParameter, one.name, "It must be a whole number from %d to %d.", least, most)
		return least
	}
	return n
}

// size reads a page size. One above the maximum is refused, never cut (cursor pagination profile, § Max Page Size).
func (p *queryParser) size(one pair) int {
	n, err := strconv.Atoi(one.value)
	if digits := strings.Trim(one.value, "0123456789") == ""; digits && (n > MaxPageSize || errors.Is(err, strconv.ErrRange)) {
		e := NewError(InvalidParameter, "It must be at most %d.", MaxPageSize).InParameter(one.name).
			WithMeta("page", map[string]any{"maxSize": MaxPageSize})
		e.Links = &ErrorLinks{Type: CursorProfile + "/max-size-exceeded"}
		p.errs.Add(e)
		return DefaultPageSize
	}
	return p.number(one, 1, MaxPageSize)
}

// finish checks what only all parameters together tell.
func (p *queryParser) finish() {
	p.require()
	families := map[string]string{"number": "number", "offset": "offset", "limit": "offset", "after": "cursor", "before": "cursor"}
	first := ""
	for _, name := range p.pageNames {
		f := families[name]
		if name == "size" && p.q.Page.Paging == ByOffset {
			f = "number"
		}
		switch {
		case f == "":
		case first == "":
			first = f
		case f != first:
			p.errorf(InvalidParameter, "page["+name+"]",
				"page[number] with page[size], page[offset] with page[limit], and the cursors page[after] and page[before] "+
					"with page[size] cannot be mixed.")
			return
		}
	}
	if first == "" && p.accepts.Page && p.accepts.Cursors {
		p.q.Page.Paging = ByCursor
	}
	if p.q.Page.Paging == ByCursor {
		p.finishCursors()
	}
}

// finishCursors applies the rules of the cursor profile.
func (p *queryParser) finishCursors() {
	page := &p.q.Page
	if page.After != "" && page.Before != "" && !page.Sized {
		page.Size = MaxPageSize // (§ Range Pagination)
	}
	for _, e := range p.errs {
		if e.Source != nil && e.Source.Parameter == "sort" {
			e.Links = &ErrorLinks{Type: CursorProfile + "/unsupported-sort"}
		}
	}
}
