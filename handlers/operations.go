package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roster/auth"
	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/store"
	"roster/server"
)

// operationsPath is where atomic requests are sent, below jsonapi.Root.
const operationsPath = "operations"

// maxSlow bounds the values in one atomic request that take long to prepare: hashing a password takes as long as hundreds of other changes,
// by design.
const maxSlow = 10

// decodeOperations reads the operations of an atomic request and checks what can be known without the database.
func (rq *request) decodeOperations() (err error) {
	rq.sent.operations, err = jsonapi.DecodeOperations(rq.Content, rq.api())
	if err != nil {
		return err
	}
	if err := rq.permitOperations(rq.sent.operations); err != nil {
		return err
	}
	rq.sent.kept = map[*jsonapi.Operation]map[string]string{}
	for _, op := range rq.sent.operations {
		if prepare := resourceAt(op).prepare; prepare != nil && op.Input != nil {
			change := changeOf(op.Input, nil)
			if err := prepare(rq.Context(), rq.DB, change); err != nil {
				return err
			}
			rq.sent.kept[op] = change.Kept
		}
	}
	return nil
}

// operate carries out the operations of an atomic request, all or none (https://jsonapi.org/ext/atomic).
func (a *API) operate(w http.ResponseWriter, rq *request) error {
	if rq.sent.err != nil {
		return rq.sent.err
	}
	var results []jsonapi.Result
	err := store.Transaction(store.Alone(rq.Context()), rq.DB, func(tx *store.DB) (err error) {
		results, err = rq.carryOut(tx, rq.sent.operations)
		return err
	})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(results, func(r jsonapi.Result) bool { return r.Data != nil }) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{Results: results, Ext: rq.route.ext})
}

// api returns what the operations of the request can be about: the collections of the resource table. A type alone names the collection
// that its resources are read at.
func (rq *request) api() *jsonapi.API {
	api := &jsonapi.API{
		Base: &url.URL{Scheme: "http", Host: rq.Host, Path: jsonapi.Root + operationsPath},
		AreTags: func(list string) bool {
			_, ok := server.VersionsOf([]string{list})
			return ok
		},
	}
	var others []*jsonapi.Collection
	for _, res := range resources {
		collection := &jsonapi.Collection{Path: jsonapi.Root + res.path, Schema: res.Schema}
		if res.path == res.Schema.Type {
			api.Collections = append(api.Collections, collection)
		} else {
			others = append(others, collection)
		}
	}
	api.Collections = append(api.Collections, others...)
	return api
}

// resourceAt returns the line of the resource table that an operation is about.
func resourceAt(op *jsonapi.Operation) *resource {
	return resourceOf(strings.TrimPrefix(op.Collection.Path, jsonapi.Root))
}

// permitOperations makes sure that every operation is one that the caller could have as a request of its own, and that they are not too
// much work together.
func (rq *request) permitOperations(operations []*jsonapi.Operation) error {
	var errs jsonapi.Errors
	slow := 0
	for _, op := range operations {
		needs, possible := permissionOf(op)
		switch {
		case !possible:
			errs.Add(jsonapi.NewError(jsonapi.Forbidden, "Clients cannot %s resources of the type %s.", op.Code,
				op.Collection.Schema.Type).At(op.Pointer()))
		case !rq.Principal.Allows(needs):
			if len(errs) == 0 {
				rq.triedOperation(op)
			}
			errs.Add(forbidden(rq.Principal, needs).At(op.Pointer()))
		}
		if op.Input == nil {
			continue
		}
		if name := resourceAt(op).slow; op.Input.Attributes[name] != nil {
			if slow++; slow > maxSlow {
				e := jsonapi.NewError(jsonapi.InvalidDocument, "All operations together can set at most %d %ss.", maxSlow, name)
				errs.Add(e.At(op.Input.PointerTo(name)).WithMeta("limit", maxSlow))
			}
		}
	}
	return errs.Err()
}

// permissionOf returns the permission of the single request that an operation stands for, and whether there is one.
func permissionOf(op *jsonapi.Operation) (needs auth.Permission, possible bool) {
	res := resourceAt(op)
	switch {
	case res.alone:
		return needs, false
	case op.Relationship != nil:
		return res.linking(op.Relationship.Name), res.update != nil
	case op.Code == jsonapi.UpdateOperation:
		return res.writes, res.update != nil
	case op.Code == jsonapi.AddOperation:
		return res.creates, res.create != nil
	default:
		return res.deletes, res.remove != nil
	}
}

// carryOut runs the operations in order within a transaction. It keeps nothing between two runs: the database may ask for another.
func (rq *request) carryOut(tx *store.DB, operations []*jsonapi.Operation) ([]jsonapi.Result, error) {
	if err := planOf(operations).Reserve(rq.Context(), tx, rq.Scope()); err != nil {
		return nil, err
	}
	b := batch{rq: rq, tx: tx, ids: map[jsonapi.Ref]string{}}
	results := make([]jsonapi.Result, len(operations))
	for i, op := range operations {
		item, err := b.perform(op)
		if err != nil {
			rq.triedOperation(op)
			return nil, locatedInOperation(err, op)
		}
		if item == nil {
			continue
		}
		if results[i].Data, err = b.render(op, item); err != nil {
			return nil, err
		}
		if meta := metaOf(item); len(meta) > 0 {
			results[i].Meta = meta
		}
	}
	return results, nil
}

// planOf returns what the operations are going to change.
func planOf(operations []*jsonapi.Operation) *models.Plan {
	plan := &models.Plan{}
	for _, op := range operations {
		c := resourceAt(op).Collection
		switch {
		case op.Relationship != nil:
			plan.Relates(c, op.Target.ID, op.Relationship, linksOf(op.Linkage))
		case op.Code == jsonapi.AddOperation:
			plan.Creates(c, changeOf(op.Input, nil))
		case op.Input != nil:
			plan.Updates(c, op.Target.ID, changeOf(op.Input, nil))
		default:
			plan.Deletes(c, op.Target.ID)
		}
	}
	return plan
}

// batch is one run of the operations of a request.
type batch struct {
	rq *request
	tx *store.DB
	// ids holds the ids of the resources that were added under a lid.
	ids map[jsonapi.Ref]string
}

// perform carries out one operation, by the same functions as a single request. It returns the model that the result shows, nil for none.
func (b *batch) perform(op *jsonapi.Operation) (any, error) {
	res, id := resourceAt(op), op.Target.Resolve(b.ids).ID
	switch {
	case op.Relationship != nil:
		return nil, b.relate(res, id, op)
	case op.Code == jsonapi.AddOperation:
		in := op.Input.Resolve(b.ids)
		if err := b.rq.permitID(in); err != nil {
			return nil, err
		}
		item, err := res.create(b.rq, b.tx, b.change(op, in))
		if err == nil && in.LID != "" {
			b.ids[jsonapi.Ref{Type: in.Schema.Type, LID: in.LID}] = res.ID(item)
		}
		return item, err
	case op.Code == jsonapi.UpdateOperation:
		change := b.change(op, op.Input.Resolve(b.ids))
		if err := res.optionsOf(op.Meta, op.Pointer("meta"), change); err != nil {
			return nil, err
		}
		return res.update(b.rq, b.tx, id, change)
	default:
		return nil, res.remove(b.rq, b.tx, id, versionsFor(op))
	}
}

// change returns what an operation asks for.
func (b *batch) change(op *jsonapi.Operation, in *jsonapi.Input) *models.Change {
	change := changeOf(in, versionsFor(op))
	change.Kept = b.rq.sent.kept[op]
	return change
}

// relate carries out an operation on a relationship.
func (b *batch) relate(res *resource, id string, op *jsonapi.Operation) error {
	links, versions := linksOf(op.Linkage.Resolve(b.ids)), versionsFor(op)
	if !op.Relationship.Many {
		change := &models.Change{Links: map[string]models.Links{op.Relationship.Name: links}, Versions: versions}
		if err := res.optionsOf(op.Meta, op.Pointer("meta"), change); err != nil {
			return err
		}
		_, err := res.update(b.rq, b.tx, id, change)
		return err
	}
	if e := judgeable(op.Relationship, versions); e != nil {
		return e.At(op.Pointer("meta", "ifMatch"))
	}
	none := &models.Change{Versions: versions, Beside: map[string]models.Links{op.Relationship.Name: links}}
	if err := res.keep(b.rq, b.tx, id, none); err != nil {
		return err
	}
	how := changesOfMembers[op.Code]
	return models.ChangeMembers(b.rq.Context(), b.tx, b.rq.Caller(), res.Collection, id, op.Relationship.Name, how, links)
}

// changesOfMembers are what the operations on a to-many relationship do.
var changesOfMembers = map[jsonapi.OperationCode]models.MemberChange{
	jsonapi.AddOperation: models.AddMembers, jsonapi.RemoveOperation: models.RemoveMembers, jsonapi.UpdateOperation: models.ReplaceMembers,
}

// render returns the resource object of a result, as a single request would show it.
func (b *batch) render(op *jsonapi.Operation, item any) (*jsonapi.Resource, error) {
	resources, err := collection.Render(b.rq.Context(), b.tx, resourceAt(op).Collection, b.rq.Scope(), []any{item}, op.Collection.Path, nil)
	if err != nil {
		return nil, err
	}
	return resources[0], nil
}

// locatedInOperation is located for an operation: what has no place in its data is about its target.
func locatedInOperation(err error, op *jsonapi.Operation) error {
	causes := store.ErrorsOf(err)
	if causes == nil {
		return err
	}
	var errs jsonapi.Errors
	for _, cause := range causes {
		pointer := op.PointerToTarget()
		inOptions, aboutOptions := pointedAt(op.Pointer("meta"), cause)
		switch {
		case aboutOptions:
			pointer = inOptions
		case cause.Kind == store.PreconditionFailed:
			pointer = op.Pointer("meta", "ifMatch")
		case cause.Field != "" && op.Input != nil:
			pointer = pointerTo(op.Input, cause)
		case cause.Kind == store.RelatedNotFound:
			pointer = op.PointerToMember(cause.Index)
		case cause.Field != "" && op.Relationship != nil:
			pointer = op.Pointer("data")
		}
		errs.Add(errorOf(cause).At(pointer))
	}
	return errs
}
