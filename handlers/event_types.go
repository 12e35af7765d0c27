package handlers

import (
	"net/http"
	"time"

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
	name := rq.Var("eventType")
	for _, t := range models.EventTypes() {
		if t.Name != name {
			continue
		}
		r, err := eventTypeResource(t)
		if err != nil {
			return err
		}
		return writeDocument(w, rq, http.StatusOK,
			&jsonapi.Document{Data: r, Meta: map[string]any{}, Links: &jsonapi.Links{Self: jsonapi.Href(r.URL())}})
	}
	return jsonapi.NewError(jsonapi.NotFound, "There is no type of event of that name.")
}

func eventTypeResource(t models.EventType) (*jsonapi.Resource, error) {
	example, err := exampleEvent(t)
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

// exampleEvent returns the body of an event of that type: the example of its subject, in the envelope that is sent.
func exampleEvent(t models.EventType) ([]byte, error) {
	data, err := exampleOf(t)
	if err != nil {
		return nil, err
	}
	event := webhooks.Envelope{
		Type: t.Name, OccurredAt: time.Date(2024, 8, 20, 10, 45, 7, 125e6, time.UTC), Sequence: 42, Data: data,
		Organization: &webhooks.Organization{ID: models.Organizations.Schema.Example,
			Name: models.Organizations.Schema.Attribute("name").Example},
		Actor: models.Actor{Kind: models.ByOrganizationKey, ID: &models.APIKeys.Schema.Example,
			Name: &models.APIKeys.Schema.Attribute("name").Example},
		RequestID: &models.Events.Schema.Attribute("requestId").Example,
	}
	switch {
	case t.IsTest():
		event.Sequence = 0
	case t.IsUpdate():
		event.Changes = exampleChanges(t.Subject.Schema)
	}
	return event.Render(webhooks.DefaultBodyLimit)
}

// exampleOf returns the resource of an example of an event of that type, as JSON.
func exampleOf(t models.EventType) ([]byte, error) {
	if t.IsDenial() {
		return jsonapi.Marshal(models.ExampleDenial())
	}
	subject, err := models.Example(t.Subject)
	if err != nil {
		return nil, err
	}
	return subject.Append(nil)
}

// exampleChanges returns a change of the first attribute that is a text somebody chose.
func exampleChanges(s *jsonapi.Schema) []byte {
	for _, attribute := range s.Attributes {
		if attribute.Kind == jsonapi.String && !attribute.ReadOnly && !attribute.CreateOnly && attribute.Enum == nil {
			changes, err := jsonapi.Marshal(map[string]any{attribute.Name: map[string]any{"before": "Before", "after": attribute.Example}})
			if err == nil {
				return changes
			}
		}
	}
	return []byte("{}")
}
