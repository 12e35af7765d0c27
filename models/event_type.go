package models

import (
	"slices"
	"time"

	"roster/jsonapi"
	"roster/models/collection"
)

// EventType is a kind of event: what happens to which resources.
type EventType struct {
	Name    string
	Subject *collection.Collection
	Doc     string
	// Besides are names in its changes that are no fields of the subject.
	Besides []string

	verb verb
}

// IsDenial reports whether events of that type tell what a caller was not permitted. They are about resources of any type.
func (t EventType) IsDenial() bool { return t.verb == denied }

// ExampleDenial returns the resource of an [AccessDenied].
func ExampleDenial() any {
	tried := Denial{Attempt{"organizations:delete", "DELETE", jsonapi.Root + "organizations/{id}"}, "", Organizations.Schema.Example, ""}
	return tried.resource(Organizations)
}

// IsTest reports whether events of that type are tests.
func (t EventType) IsTest() bool { return t.verb == tested }

// IsUpdate reports whether events of that type tell what changed in something that was there before, and still is.
func (t EventType) IsUpdate() bool { return t.verb == updated }

// byName is what holds for the types that tell of endpoints.
const byName = " Sent to endpoints that ask for it by name, or for webhook.*: * does not include it."

// tested is what happens to an endpoint that is sent a test.
const tested verb = "test"

// EventTypes returns every type of event there is.
func EventTypes() []EventType {
	var types []EventType
	for _, c := range collections {
		for _, t := range declared(c).tells {
			typ := EventType{Name: c.Schema.Singular() + "." + string(t.verb), Subject: c, Doc: t.doc, verb: t.verb}
			switch {
			case t.verb == denied: // the one that is not about resources of the type that declares it
				typ.Name = AccessDenied
			case typ.IsUpdate():
				typ.Besides = declared(c).besides
			}
			types = append(types, typ)
		}
	}
	return types
}

// FindEventType returns the type of event of that name, and whether there is one.
func FindEventType(name string) (EventType, bool) {
	types := EventTypes()
	i := slices.IndexFunc(types, func(t EventType) bool { return t.Name == name })
	if i < 0 {
		return EventType{}, false
	}
	return types[i], true
}

// exampleTime is when everything in the examples happens: the time that the published API shows.
var exampleTime = time.Date(2024, 8, 20, 10, 45, 7, 0, time.UTC)

// Example returns a resource of a collection as it is printed, made of the examples of its fields. Secrets have no value, as in events.
func Example(c *collection.Collection) (*jsonapi.Resource, error) {
	model := c.New()
	values := map[string]any{}
	for _, a := range c.Schema.Attributes {
		if value := exampleOf(a); value != nil {
			values[a.Name] = value
		}
	}
	c.Schema.Apply(model, values)
	c.SetText(model, "id", c.Schema.Example)
	for _, rel := range c.Schema.Relationships {
		if r := c.Relation(rel.Name); r.Column != "" && r.Target != nil && rel.Required {
			c.SetText(model, r.Column, r.Target.Schema.Example)
		}
	}
	attributes, err := jsonapi.Attributes(model)
	if err != nil {
		return nil, err
	}
	told := toldOf(c, model, attributes)
	c.Link(told, model)
	return told, nil
}

// exampleOf returns the Go value of the example of an attribute, the first of its possible values without one, or nil.
func exampleOf(a *jsonapi.Attribute) any {
	text := a.Example
	if text == "" && len(a.Enum) > 0 {
		text = a.Enum[0]
	}
	switch {
	case a.Secret || a.WriteOnly:
		return nil
	case a.Kind == jsonapi.List && text != "":
		return jsonapi.Strings{text}
	case a.Kind == jsonapi.List:
		return jsonapi.Strings{}
	case a.Kind == jsonapi.TimeKind || a.Kind == jsonapi.StampKind:
		if text == "" && a.Nullable {
			return nil
		}
		if at, _, ok := jsonapi.ParseTime(text); ok {
			return jsonapi.Time{Time: at}
		}
		return jsonapi.Time{Time: exampleTime}
	case text == "" || a.Kind == jsonapi.Value:
		return nil
	}
	value, wrong := a.Parse(text)
	if wrong != "" {
		return nil
	}
	return value
}
