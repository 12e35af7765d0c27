package authzen

import (
	"net/http"
	"strings"

	"roster/jsonapi"
	"roster/models"
	"roster/server"
)

// How much a page of a search holds.
const (
	defaultLimit = 100
	maxLimit     = 200
)

// search is one of the three.
type search struct {
	sought sought
	// find returns names of what is looked for, from behind a place on, and the place to go on from: "" at the end.
	find func(rq *server.Request, q question, after string, most int) (names []string, next string, err error)
	// show returns a name as a result.
	show func(q question, name string) any
}

var subjectSearch = search{subjectMember, findSubjects, func(q question, name string) any { return found{q.subject.kind, name} }}

func findSubjects(rq *server.Request, q question, after string, most int) ([]string, string, error) {
	if q.subject.kind != userType {
		return nil, "", nil
	}
	return models.WhoMay(rq.Context(), rq.DB, rq.Caller(), q.permission(), q.organization(), after, most)
}

var resourceSearch = search{resourceMember, findResources, func(q question, name string) any { return found{q.resource.kind, name} }}

// findResources finds organizations. Resources of other types are known to who asks, and not here.
func findResources(rq *server.Request, q question, after string, most int) ([]string, string, error) {
	if q.resource.kind != organizationType {
		return nil, "", nil
	}
	return models.WhereMay(rq.Context(), rq.DB, rq.Caller(), q.user(), q.permission(), after, most)
}

var actionSearch = search{actionMember, findActions, func(_ question, name string) any { return foundAction{name} }}

func findActions(rq *server.Request, q question, after string, most int) ([]string, string, error) {
	if q.user() == "" {
		return nil, "", nil
	}
	words, next, err := models.WhatMay(rq.Context(), rq.DB, rq.Caller(), q.user(), q.organization(), after, most)
	var names []string
	for _, word := range words {
		if q.action = word; q.permission() == word { // as the name of an action on such a resource it means itself
			names = append(names, word)
		}
	}
	return names, next, err
}

// results is a page of what was found.
type results struct {
	Page    pageEnd `json:"page"`
	Results []any   `json:"results"`
}

type pageEnd struct {
	NextToken string `json:"next_token"`
	Count     int    `json:"count"`
}

type found struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type foundAction struct {
	Name string `json:"name"`
}

// searching returns what reads a search.
func searching(s search) func(*server.Request, object) (answering, error) {
	return func(rq *server.Request, body object) (answering, error) {
		q, err := s.read(rq, body)
		if err != nil {
			return nil, err
		}
		from, err := pageIn(rq, body)
		if err != nil {
			return nil, err
		}
		return func() (any, error) {
			names, next, err := s.find(rq, q, from.after, from.limit)
			if err != nil {
				return nil, err
			}
			page := results{pageEnd{Count: len(names)}, []any{}}
			for _, name := range names {
				page.Results = append(page.Results, s.show(q, name))
			}
			if next != "" {
				page.Page.NextToken = from.turn(next)
			}
			return page, nil
		}, nil
	}
}

// read reads the question of a search. To look for subjects is to ask about others, which its route has a scope for.
func (s search) read(rq *server.Request, body object) (question, error) {
	if s.sought == subjectMember {
		return questionIn(body, s.sought)
	}
	return read(rq, body, s.sought)
}

// page is where a page begins, and how much it holds.
type page struct {
	limit int
	after string
	// mac authenticates tokens of this search.
	mac func(payload []byte) []byte
}

// turn returns the token of the page behind a place, which is as large as this one.
func (p page) turn(after string) string {
	return jsonapi.Cursor{Values: []any{int64(p.limit), after}}.Encode(p.mac)
}

// pageIn reads which page of a search is wanted. The token of another search is refused, and another limit than it was made with.
func pageIn(rq *server.Request, body object) (page, error) {
	wanted, err := body.object("page")
	if err != nil {
		return page{}, err
	}
	binding := strings.TrimSuffix(rq.URL.Path, "/") + body.canonical(subjectMember, actionMember, resourceMember, contextMember)
	p := page{limit: defaultLimit, mac: rq.DB.Vault().Digester("authzen page", binding+"\x00")}
	var limit uint64
	if wanted.has("limit") {
		const must = "a whole number from 1"
		if err := wanted.read("limit", must, &limit); err != nil {
			return p, err
		}
		if limit == 0 {
			return p, badRequest("%s must be %s.", wanted.at("limit"), must)
		}
		p.limit = int(min(limit, maxLimit))
	}
	token, err := wanted.text("token")
	if err != nil || token == "" {
		return p, err
	}
	cursor, ok := jsonapi.DecodeCursor(token, p.mac)
	if !ok || limit != 0 && cursor.Values[0] != int64(p.limit) {
		return p, &refused{http.StatusBadRequest,
			wanted.at("token") + " is not of this search. Send everything else as it was when the token was given."}
	}
	p.limit, p.after = int(cursor.Values[0].(int64)), cursor.Values[1].(string)
	return p, nil
}
