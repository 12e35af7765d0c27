package handlers

import (
	"net/http"

	"roster/handlers/openapi"
	"roster/jsonapi"
	"roster/models"
	"roster/webhooks"
)

// eventTypesPath is where the types of events are described.
const eventTypesPath = "event-types"

var eventTypesTag = openapi.Tag{Name: eventTypesPath, Doc: eventTypes.Doc}

// eventType is a type of events as it is described. They are part of the program, so there is no table of them.
type eventType struct {
	ID          string      `jsonapi:"primary,eventTypes" doc:"A type of event that webhooks tell about." example:"user.created"`
	Description string      `jsonapi:"attr,description" rule:"readonly" doc:"What happened." example:"A user was created."`
	Schema      jsonapi.Raw `jsonapi:"attr,schema" rule:"readonly" doc:"The JSON Schema (2020-12) of the body."`
	Example     jsonapi.Raw `jsonapi:"attr,example" rule:"readonly" doc:"A body."`
}

var eventTypes = jsonapi.ForModel(eventType{})

// listEventTypes answers with every type of event: what it tells, the JSON Schema of its body, and an example.
func (a *API) listEventTypes(w http.ResponseWriter, rq *request) error {
	doc := &jsonapi.Document{Meta: map[string]any{}, Links: &jsonapi.Links{Self: jsonapi.Href(jsonapi.Root + eventTypesPath)}}
	resources := []*jsonapi.Resource{}
	for _, t := range models.EventTypes() {
		r, err := eventTypeResource(t)
		if err != nil {
			return err
		}
		resources = append(resources, r)
	}
	doc.Data, doc.Meta["total"] = resources, len(resources)
	return writeDocument(w, rq, http.StatusOK, doc)
}

// readEventType answers with one type of event.
func (a *API) readEventType(w http.ResponseWriter, rq *request) error {
	t, known := models.FindEventType(rq.Var("eventType"))
	if !known {
		return jsonapi.NewError(jsonapi.NotFound, "There is no type of event of that name.")
	}
	r, err := eventTypeResource(t)
	if err != nil {
		return err
	}
	return writeDocument(w, rq, http.StatusOK,
		&jsonapi.Document{Data: r, Meta: map[string]any{}, Links: &jsonapi.Links{Self: jsonapi.Href(r.URL())}})
}

func eventTypeResource(t models.EventType) (*jsonapi.Resource, error) {
	event, err := webhooks.Example(t)
	if err != nil {
		return nil, err
	}
	example, err := event.Render(webhooks.DefaultBodyLimit)
	if err != nil {
		return nil, err
	}
	described, err := jsonapi.Marshal(openapi.EventSchema(eventOf(t)))
	if err != nil {
		return nil, err
	}
	form := eventTypes.Form(jsonapi.Root + eventTypesPath)
	return form.Resource(&eventType{ID: t.Name, Description: t.Doc, Schema: described, Example: example}), nil
}
