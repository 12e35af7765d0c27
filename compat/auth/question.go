package auth

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"roster/models"
)

// question is what the parameters of a request ask for.
type question struct {
	// organization is the one that is listed with those right below it, name a text that the name of each contains; "" for none.
	organization, name string
	// types are those that an organization may have, none for any.
	types    []string
	inactive bool
	page     int // from 1
}

// parameter reads the value of a parameter, which is not empty, into a question.
type parameter struct {
	read func(q *question, value string) error
	// list: it may be given several times, for one list. id: what cannot be read is one that names nothing.
	list, id bool
}

var types = parameter{read: readTypes, list: true}

// parameters are those that are known; others are passed over. The brackets are put there by libraries that send lists.
var parameters = map[string]parameter{
	"organizationId":   {read: func(q *question, value string) error { q.organization = value; return nil }, id: true},
	"organizationName": {read: func(q *question, value string) error { q.name = value; return nil }},
	"inactive":         {read: readInactive},
	"types":            types,
	"types[]":          types,
	"page":             {read: readPage},
}

func readInactive(q *question, value string) error {
	switch strings.ToLower(value) {
	case "true":
		q.inactive = true
	case "false":
	default:
		return badRequest("inactive must be true or false.")
	}
	return nil
}

// readTypes reads one type, or several with commas between them.
func readTypes(q *question, value string) error {
	known := models.Organizations.Schema.Attribute("kind").Enum
	for one := range strings.SplitSeq(value, ",") {
		one = strings.TrimSpace(one)
		switch {
		case one == "", slices.Contains(q.types, one):
		case slices.Contains(known, one):
			q.types = append(q.types, one)
		default:
			return badRequest("types must be some of " + strings.Join(known, ", ") + ".")
		}
	}
	return nil
}

func readPage(q *question, value string) error {
	page, err := strconv.ParseUint(value, 10, 31)
	if err != nil || page == 0 {
		return badRequest("page must be a whole number from 1.")
	}
	q.page = int(page)
	return nil
}

// readQuestion reads a query as it was sent. It fails with a badRequest.
func readQuestion(raw string) (*question, error) {
	q := &question{page: 1}
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(raw, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		p, known := parameters[name]
		if err != nil || !known {
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		unreadable := err != nil || !utf8.ValidString(value) || strings.ContainsRune(value, 0)
		if unreadable && p.id {
			value, unreadable = rawValue, false
		}
		switch {
		case unreadable:
			return nil, badRequest(name + " is not properly encoded text.")
		case value == "":
			continue
		case seen[name] && !p.list:
			return nil, badRequest(name + " is given more than once.")
		}
		seen[name] = true
		if err := p.read(q, value); err != nil {
			return nil, err
		}
	}
	return q, nil
}
