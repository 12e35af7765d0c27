package webhooks

import (
	"time"

	"roster/jsonapi"
	"roster/models"
)

// Example returns an event of that type, of which nothing is true: the example of its subject, in the envelope that is sent.
func Example(t models.EventType) (Envelope, error) {
	data, err := exampleOf(t)
	if err != nil {
		return Envelope{}, err
	}
	event := Envelope{
		Type: t.Name, OccurredAt: time.Date(2024, 8, 20, 10, 45, 7, 125e6, time.UTC), Sequence: 42, Data: data,
		Organization: &Organization{ID: models.Organizations.Schema.Example,
			Name: models.Organizations.Schema.Attribute("name").Example},
		Actor: models.Actor{Kind: models.ByOrganizationKey, ID: &models.APIKeys.Schema.Example,
			Name: &models.APIKeys.Schema.Attribute("name").Example},
		RequestID: &models.Events.Schema.Attribute("requestId").Example,
	}
	switch {
	case t.IsTest():
		event.Sequence, event.Test = 0, true
	case t.IsUpdate():
		event.Changes = exampleChanges(t.Subject.Schema)
	}
	return event, nil
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
