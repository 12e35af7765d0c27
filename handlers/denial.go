package handlers

import (
	"roster/jsonapi"
	"roster/models"
)

// What a request asks for is known to the server by its path. What follows says it where that is in the body, for the record that is kept
// of what callers are denied.

// triedIn notes that a request is about the organization that a change begins in: what is made has no id yet.
func (rq *request) triedIn(change *models.Change) {
	for _, name := range []string{"organization", "parent", "organizations"} {
		if links := change.Links[name]; len(links) > 0 {
			rq.Tried.Type, rq.Tried.ID = models.Organizations.Schema.Type, links[0]
			return
		}
	}
}

// triedOperation notes that a request asks for an operation.
func (rq *request) triedOperation(op *jsonapi.Operation) {
	needs, _ := permissionOf(op)
	rq.Tried.Permission, rq.Tried.Type, rq.Tried.ID = needs.Words(), "", ""
	if op.Code == jsonapi.AddOperation && op.Relationship == nil {
		rq.triedIn(changeOf(op.Input, nil))
		return
	}
	rq.Tried.Type, rq.Tried.ID = op.Collection.Schema.Type, op.Target.ID
}
