package openapi

import (
	"reflect"
	"strings"

	"roster/jsonapi"
)

// Event is a type of event that endpoints are told of.
type Event struct {
	// Type is its name: user.created.
	Type string
	// Subject is the type of the resource that it is about.
	Subject *jsonapi.Schema
	Doc     string
	// Meta is, where the event is about a resource of whatever type and names no more than that, the shape of the meta that it tells; nil
	// otherwise.
	Meta reflect.Type
	// Besides are names in its changes that are no fields of the subject.
	Besides []string
}

// webhooks returns what the service sends: one webhook for each type of event, whose body is what all events have around a resource of the
// API.
func (g *generator) webhooks(events []Event) members[*pathItem] {
	g.eventParts()
	var all members[*pathItem]
	for _, e := range events {
		subject := g.eventAbout(e)
		body := pascal(strings.ReplaceAll(e.Type, ".", "-")) + "Event"
		g.schema(body, &schema{AllOf: []*schema{refTo(subject)}, Properties: members[*schema]{{"type", textEnum(e.Type)}}})
		content := &requestBody{Description: e.Doc, Required: true}
		content.Content.set("application/json", &mediaObject{Schema: refTo(body)})
		op := &operation{
			OperationID: "on" + pascal(strings.ReplaceAll(e.Type, ".", "-")), Summary: strings.TrimSuffix(e.Doc, "."),
			Tags: []string{"webhooks"}, Security: &[]members[[]string]{}, RequestBody: content,
		}
		for _, name := range signatureHeaders {
			// In place: generators look for what is referred to from paths, and would leave out a component that webhooks alone use.
			op.Parameters = append(op.Parameters, &parameter{Name: name, In: "header", Required: true, Schema: &schema{Type: "string"}})
		}
		op.Responses.set("2XX", answerRef("Received"))
		op.Responses.set("default", answerRef("NotReceived"))
		all.set(e.Type, &pathItem{Post: op})
	}
	return all
}

// eventAbout adds the schema of the bodies of events about what one is about, and returns its name.
func (g *generator) eventAbout(e Event) string {
	name, data := nameOf(e.Subject)+"Event", (*schema)(nil)
	if e.Meta == nil {
		data = refTo(g.resource(e.Subject))
	} else {
		name, data = "AnythingEvent", eventMention(e.Meta)
	}
	g.schema(name, &schema{AllOf: []*schema{refTo("EventEnvelope")}, Properties: members[*schema]{{"data", data}}})
	return name
}

// signatureHeaders are those of Standard Webhooks. The introduction says what they hold.
var signatureHeaders = []string{"webhook-id", "webhook-timestamp", "webhook-signature"}

// eventParts adds the components that all webhooks share.
func (g *generator) eventParts() {
	text := func(description string) *schema { return &schema{Type: "string", Description: description} }
	maybe := func(description string) *schema {
		return &schema{Type: []string{"string", "null"}, Description: description}
	}
	organization := object("Whose event it is, under the name that it had then; null for none.", []string{"id", "name"}, members[*schema]{
		{"id", refTo("Id")}, {"name", text("Its name.")},
	})
	organization.Type = []string{"object", "null"}
	g.schema("EventOrganization", organization)
	g.schema("EventActor", object("Who made the change. Id and name are null if the organization of the endpoint does not see it.",
		[]string{"kind", "id", "name"}, members[*schema]{
			{"kind", text("What it is: a kind of credential, or the service itself.")}, {"id", maybe("Its id.")},
			{"name", maybe("Its name.")},
		}))
	g.schema("EventChange", object("A value before and after.", []string{"before", "after"}, members[*schema]{
		{"before", &schema{Description: "Any value."}}, {"after", &schema{Description: "Any value."}},
	}))
	g.schema("EventEnvelope", object("The body of a webhook. Members that are not named here may come.",
		[]string{"type", "timestamp", "sequence", "organization", "actor", "requestId", "data"}, members[*schema]{
			{"type", text("The type of event.")},
			{"timestamp", &schema{Type: "string", Format: "date-time", Description: "When it happened."}},
			{"sequence", &schema{
				Type: "integer", Format: "int64", Minimum: new(0),
				Description: "Counts the events of the organization, from 1, without a gap; 0 is that of a test.",
			}},
			{"organization", refTo("EventOrganization")},
			{"actor", refTo("EventActor")},
			{"requestId", maybe("The X-Request-Id of the request that made the change; null for none.")},
			{"test", &schema{Type: "boolean", Description: "Present, and true, when nothing happened: somebody tries the receiver."}},
			{"thin", &schema{Type: "boolean", Description: "Present, and true, when the event was too large: data then only identifies " +
				"the resource."}},
			{"changes", &schema{
				Type: "object", AdditionalProperties: refTo("EventChange"),
				Description: "Before and after of each attribute and relationship that changed; secrets without their values.",
			}},
			{"data", &schema{Type: "object", Description: "The resource right after the change, or right before it was deleted; without " +
				"secrets."}},
		}))
	g.components.Responses.set("Received", &response{Description: "The event was received."})
	g.components.Responses.set("NotReceived", &response{
		Description: "The event is sent again later; after 410 nothing is sent to the endpoint any more.",
	})
}
