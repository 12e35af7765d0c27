package authzen

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"roster/auth"
	"roster/models"
	"roster/server"
)

// maxEvaluations bounds the questions of one request.
const maxEvaluations = 100

// decision is the answer to a question.
type decision struct {
	Decision bool     `json:"decision"`
	Context  *reasons `json:"context,omitempty"`
}

// reasons are what a decision comes from: an error of this question, or the memberships and roles that permit it.
type reasons struct {
	Error       *refused `json:"error,omitempty"`
	Memberships []string `json:"memberships,omitempty"`
	Roles       []string `json:"roles,omitempty"`
}

// asked is a question that was read, or why it is none.
type asked struct {
	question
	err error
}

// read returns a question that a caller may ask: about others than itself it needs a scope.
func read(rq *server.Request, body object, looked sought) (question, error) {
	q, err := questionIn(body, looked)
	if err != nil {
		return q, err
	}
	if members := auth.Read("memberships"); q.subject.id != rq.Caller().User() && !rq.Principal.Allows(members) {
		rq.Tried.Type, rq.Tried.ID = models.Organizations.Schema.Type, q.organization()
		return q, &server.Error{Reason: server.Forbidden, Message: rq.Principal.Missing(members), Permission: members.Scope}
	}
	return q, nil
}

// evaluation reads one question.
func evaluation(rq *server.Request, body object) (answering, error) {
	q, err := read(rq, body, nothingSought)
	if err != nil {
		return nil, err
	}
	return func() (any, error) {
		told, err := decide(rq, []asked{{question: q}})
		if err != nil {
			return nil, err
		}
		return told[0], nil
	}, nil
}

// evaluations reads up to a hundred questions, for which the members of the body are defaults. Without any the body is the one question.
// What is wrong with one of them is told in its place: it is denied.
func evaluations(rq *server.Request, body object) (answering, error) {
	var listed []map[string]json.RawMessage
	if body.has("evaluations") {
		if err := body.read("evaluations", "a list of objects", &listed); err != nil {
			return nil, err
		}
	}
	if len(listed) > maxEvaluations {
		return nil, badRequest("evaluations has %d questions; at most %d are answered at once.", len(listed), maxEvaluations)
	}
	ends, err := semanticIn(body)
	if err != nil {
		return nil, err
	}
	if len(listed) == 0 {
		return evaluation(rq, body)
	}
	questions := make([]asked, len(listed))
	for i, members := range listed {
		item := object{fmt.Sprintf("evaluations[%d]", i), maps.Clone(body.members)}
		maps.Copy(item.members, members)
		questions[i].question, questions[i].err = read(rq, item, nothingSought)
	}
	return func() (any, error) {
		told, err := decide(rq, questions)
		if err != nil {
			return nil, err
		}
		if last := slices.IndexFunc(told, func(d decision) bool { return ends(d.Decision) }); last >= 0 {
			told = told[:last+1]
		}
		return map[string][]decision{"evaluations": told}, nil
	}, nil
}

// semantics say which decision is the last that is told.
var semantics = map[string]func(permitted bool) bool{
	"execute_all":            func(bool) bool { return false },
	"deny_on_first_deny":     func(permitted bool) bool { return !permitted },
	"permit_on_first_permit": func(permitted bool) bool { return permitted },
}

// semanticIn returns the one that the options of a body name; all is told without one.
func semanticIn(body object) (func(bool) bool, error) {
	options, err := body.object("options")
	if err != nil {
		return nil, err
	}
	name, err := options.text("evaluations_semantic")
	if err != nil {
		return nil, err
	}
	ends, known := semantics[cmp.Or(name, "execute_all")]
	if !known {
		return nil, badRequest("%s must be execute_all, deny_on_first_deny or permit_on_first_permit.", options.at("evaluations_semantic"))
	}
	return ends, nil
}

// decide answers questions, all by what is true at one moment.
func decide(rq *server.Request, questions []asked) ([]decision, error) {
	checks := make([]models.Check, len(questions))
	for i, q := range questions {
		if q.err == nil {
			checks[i] = q.check()
		}
	}
	found, err := models.DecideFor(rq.Context(), rq.DB, rq.Caller(), checks)
	if err != nil {
		return nil, err
	}
	told := make([]decision, len(questions))
	for i, q := range questions {
		switch d := found[i]; {
		case q.err != nil:
			told[i].Context = &reasons{Error: refusedOf(q.err)}
		case d.Allowed:
			told[i] = decision{true, &reasons{Memberships: d.Memberships, Roles: d.Roles}}
		}
	}
	return told, nil
}
