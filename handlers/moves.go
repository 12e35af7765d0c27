package handlers

import (
	"encoding/json"
	"net/http"
	"reflect"

	"roster/auth"
	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/models/store"
)

const movesPath = "moves"

// move is a branch that gets another parent, or would get it, and what that does. Nothing of it is kept.
type move struct {
	ID               string      `jsonapi:"primary,moves" doc:"A branch that gets another parent, and what that does." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	Preview          bool        `jsonapi:"attr,preview" doc:"Whether nothing is to be done: the answer says what would be." example:"true"`
	Digest           *string     `jsonapi:"attr,digest" doc:"Stands for all that the move does. Who sends that of a preview has the move done if it does exactly what that said; otherwise it is 412." example:"6b1e7c0e0c1d4fb7a1f0a9d2f4b36c6c0a4d7c5e9f3b2a1d8e7f6c5b4a392817"`
	Organizations    int64       `jsonapi:"attr,organizations" rule:"readonly" doc:"How many organizations move." example:"3"`
	Loses            jsonapi.Raw `jsonapi:"attr,loses" rule:"readonly" doc:"The people who can do less somewhere in the branch."`
	Gains            jsonapi.Raw `jsonapi:"attr,gains" rule:"readonly" doc:"The people who can do more somewhere in the branch."`
	EndpointsLeaving jsonapi.Raw `jsonapi:"attr,endpointsLeaving" rule:"readonly" doc:"Webhooks from above, with subtree, that get no more events of the branch."`
	EndpointsJoining jsonapi.Raw `jsonapi:"attr,endpointsJoining" rule:"readonly" doc:"Those that begin to get them."`
	RolesLost        jsonapi.Raw `jsonapi:"attr,rolesLost" rule:"readonly" doc:"The roles of members that cannot be used at the new place, at most 100. The move needs a replacement for each."`
}

var moves = func() *jsonapi.Schema {
	s := jsonapi.ForModel(move{})
	s.Options = []string{models.RoleReplacements}
	s.Relate(&jsonapi.Relationship{Name: "organization", Target: models.Organizations.Schema, Required: true,
		Doc: "The head of the branch."})
	s.Relate(&jsonapi.Relationship{Name: "to", Target: models.Organizations.Schema,
		Doc: "The organization that it is to be right below; null makes it the head of a tree. It has to be said."})
	people, endpoints := reflect.TypeFor[models.AffectedPeople](), reflect.TypeFor[models.AffectedEndpoints]()
	for name, shape := range map[string]reflect.Type{
		"loses": people, "gains": people, "endpointsLeaving": endpoints, "endpointsJoining": endpoints,
		"rolesLost": reflect.TypeFor[[]models.LostRole](),
	} {
		s.Attribute(name).Shape = shape
	}
	return s
}()

// moveRoute is that of moves and of their previews.
func moveRoute() route {
	return route{
		method: "POST", path: movesPath, form: openapi.Perform, name: "moveOrganization", needs: auth.Write("organizations"),
		query: jsonapi.NoQuery, tag: resourceOf("organizations").tag(), shows: moves,
		decode: (*request).decodeMove, handle: (*API).move,
		doc: "Gives a branch another parent, as a change of parent does, or with preview says what that would do: nothing changes " +
			"then, and an Idempotency-Key means nothing. With the digest of a preview it is done only if it does what that said, and is " +
			"412 otherwise." + replacementsDoc + " The digest is that of a preview with the same replacements, or without any.",
	}
}

// decodeMove reads what is to be moved.
func (rq *request) decodeMove() (err error) {
	rq.sent.input, err = jsonapi.DecodeResource(rq.Content, moves, jsonapi.Create, "")
	if err != nil {
		return err
	}
	in := rq.sent.input
	rq.sent.change = changeOf(in, nil)
	rq.triedIn(rq.sent.change)
	rq.Asks = in.Attributes["preview"] == true
	var errs jsonapi.Errors
	if rq.sent.change.Links["organization"].One() == "" {
		errs.Add(jsonapi.NewError(jsonapi.Required, "A move needs the relationship organization.").At(in.PointerTo("organization")))
	}
	if _, said := in.Relationships["to"]; !said {
		errs.Add(jsonapi.NewError(jsonapi.Required, "A move needs the relationship to; null makes the organization a head.").
			At(in.PointerTo("to")))
	}
	if err := errs.Err(); err != nil {
		return err
	}
	return readReplacements(in.Meta, "/meta", rq.sent.change)
}

// move moves a branch, or tells what that would do.
func (a *API) move(w http.ResponseWriter, rq *request) error {
	if rq.sent.err != nil {
		return rq.sent.err
	}
	in, change, carryOut := rq.sent.input, rq.sent.change, models.MoveBranch
	if err := rq.permitID(in); err != nil {
		return err
	}
	m := models.Move{
		Organization: change.Links["organization"].One(), To: change.Links["to"].One(), Replacements: change.Replacements,
	}
	if value, given := in.Attributes["digest"]; given {
		digest, text := value.(string)
		if !text { // a client that lost its preview is not to move as if it had wanted none
			return located(&store.Error{Kind: store.Invalid, Field: "digest", Message: "It must be that of a preview, or be left out."}, in)
		}
		m.Digest = &digest
	}
	if rq.Asks {
		carryOut = models.PreviewMove
	}
	c, err := carryOut(rq.Context(), rq.DB, rq.Caller(), m)
	if err != nil {
		return located(err, in)
	}
	answer, err := answerOfMove(rq.Asks, c)
	if err != nil {
		return err
	}
	resource := moves.Form("").Resource(answer)
	for name, id := range map[string]string{"organization": m.Organization, "to": m.To} {
		if resource.Linked(name).SetNone(); id != "" {
			resource.Linked(name).SetOne(models.Organizations.Schema.Type, id)
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeDocument(w, rq, http.StatusOK, &jsonapi.Document{
		Data: resource, Meta: map[string]any{}, Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + movesPath)},
	})
}

// answerOfMove returns what is told of a move. It can be read nowhere else, so its id is a new one.
func answerOfMove(preview bool, c *models.Consequence) (*move, error) {
	answer := &move{ID: models.NewID(), Preview: preview, Digest: &c.Digest, Organizations: c.Organizations}
	for into, value := range map[*jsonapi.Raw]any{
		&answer.Loses: c.Loses, &answer.Gains: c.Gains, &answer.RolesLost: c.RolesLost,
		&answer.EndpointsLeaving: c.EndpointsLeaving, &answer.EndpointsJoining: c.EndpointsJoining,
	} {
		printed, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		*into = jsonapi.Raw(printed)
	}
	return answer, nil
}
