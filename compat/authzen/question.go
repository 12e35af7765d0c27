package authzen

import (
	"strings"

	"roster/models"
)

// The types that are known. A subject of another type may do nothing.
const (
	userType         = "user"
	organizationType = "organization"
)

// question is what a request asks: may the subject do the action to the resource? A search leaves out what it looks for.
type question struct {
	subject, resource entity
	action            string
}

// entity is a subject or a resource.
type entity struct {
	kind, id string
	// organization is the one that the property organizationId names, "" for none.
	organization string
}

// The members of a question.
const (
	subjectMember, actionMember, resourceMember, contextMember = "subject", "action", "resource", "context"
)

// sought says what a search looks for: that member of the question need not be complete, and an action not be there.
type sought string

// nothingSought is for a question that is whole.
const nothingSought sought = ""

// questionIn reads a question. It fails with a refused for what the specification requires and is not there, or of another type.
func questionIn(body object, looked sought) (q question, err error) {
	if q.subject, err = entityIn(body, subjectMember, looked != subjectMember); err != nil {
		return q, err
	}
	if q.resource, err = entityIn(body, resourceMember, looked != resourceMember); err != nil {
		return q, err
	}
	if looked != actionMember {
		action, err := body.object(actionMember)
		if err != nil {
			return q, err
		}
		if q.action, err = action.needed("name"); err != nil {
			return q, err
		}
		if _, err := action.object("properties"); err != nil {
			return q, err
		}
	}
	_, err = body.object(contextMember)
	return q, err
}

// entityIn reads a subject or a resource, whose id may be needed.
func entityIn(body object, name string, withID bool) (e entity, err error) {
	member, err := body.object(name)
	if err != nil {
		return e, err
	}
	if e.kind, err = member.needed("type"); err != nil {
		return e, err
	}
	if withID {
		if e.id, err = member.needed("id"); err != nil {
			return e, err
		}
	}
	properties, err := member.object("properties")
	if err != nil {
		return e, err
	}
	e.organization, err = properties.text("organizationId")
	return e, err
}

// user returns the id of the user that the subject is, "" for another subject.
func (q question) user() string {
	if q.subject.kind != userType {
		return ""
	}
	return q.subject.id
}

// organization returns the id of the organization that the resource is, or is in; "" for none.
func (q question) organization() string {
	if q.resource.kind == organizationType {
		return q.resource.id
	}
	return q.resource.organization
}

// permission returns the word that the action needs: its name where that is about an organization or has a colon, otherwise that behind the
// type of the resource, so that approve on an invoice is invoice:approve.
func (q question) permission() string {
	if q.resource.kind == organizationType || strings.Contains(q.action, ":") {
		return q.action
	}
	return q.resource.kind + ":" + q.action
}

// check returns the question as package models answers it. For a subject or a resource of an unknown kind that is no.
func (q question) check() models.Check {
	if q.user() == "" { // which would be the caller
		return models.Check{}
	}
	return models.Check{User: q.user(), Permission: q.permission(), Organization: q.organization()}
}
